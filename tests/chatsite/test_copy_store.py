"""manage.py copy_store on the files of a real site, from one embedded site to another: what it
refuses, how it goes on, and what its comparison finds."""

import asyncio
import os
import resource
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from chatsite.copying import checkpoint
from testkit.cast import seeded
from testkit.running import ROOT, Site, new_site
from tests.strangers import strangers

pytestmark = pytest.mark.skipif(
    os.environ.get("DATABASE_URL", "").startswith("postgres"), reason="of the files of SQLite"
)
REFUSED, INTERRUPTED, DIFFERENT = 1, 2, 3
STRANGERS = 6  # pairs, each with a message
SMALL = 100_000  # bytes: less than the tables take
Done = subprocess.CompletedProcess[str]
Copy = Callable[..., Done]


@pytest.fixture(scope="module")
def prepared(django_db_blocker: Any) -> Iterator[Site]:
    site = new_site({"DATABASE_URL": ""})
    seeded(site, "alice", "bob", pairs=1)
    with django_db_blocker.unblock():
        asyncio.run(strangers(site.var, STRANGERS))
    yield site
    site.remove()


@pytest.fixture
def site(prepared: Site, tmp_path: Path) -> Iterator[Site]:
    """As it was before any copy."""
    (prepared.var / checkpoint.NAME).unlink(missing_ok=True)
    yield prepared
    prepared.stop()


@pytest.fixture
def copy(site: Site, tmp_path: Path) -> Copy:
    def run(to: str = "embedded", *words: str, preexec_fn=None, **env: str) -> Done:
        target = {"TO_CHAT_VAR": str(tmp_path / "new"), **env}
        return subprocess.run(
            [sys.executable, "-W", "ignore", "manage.py", "copy_store", "--to", to, *words],
            cwd=ROOT, env={**site._env(), **target}, capture_output=True, text=True,
            check=False, preexec_fn=preexec_fn,
        )  # fmt: skip

    return run


def change(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path)) as database, database:
        assert database.execute(statement).rowcount > 0


def test_a_copy_is_complete_and_a_repeat_only_compares(
    copy: Copy, site: Site, tmp_path: Path
) -> None:
    first = copy()
    assert (first.returncode, first.stderr) == (0, "")
    assert "The copy is complete and equal" in first.stdout
    assert "conversations: 7 of 7" in first.stdout
    again = copy()
    assert again.returncode == 0
    assert "conversations:" not in again.stdout
    assert "compared: 7 of 7" in again.stdout
    secrets = tmp_path / "new/secrets"
    assert {path.stat().st_mode & 0o777 for path in secrets.iterdir()} == {0o600}
    assert {path.name: path.read_bytes() for path in secrets.iterdir()} == {
        path.name: path.read_bytes() for path in (site.var / "secrets").iterdir()
    }


def test_a_dry_run_changes_nothing(copy: Copy, site: Site, tmp_path: Path) -> None:
    said = copy("embedded", "--dry-run").stdout
    assert said.startswith("7 conversations would be copied to ")
    assert not (tmp_path / "new").exists()
    assert not (site.var / checkpoint.NAME).exists()


@pytest.mark.parametrize(
    ("to", "env", "said"),
    [
        ("distributed", {}, "REDIS_URL is missing"),
        ("distributed", {"TO_REDIS_URL": "redis://localhost"}, "CASSANDRA_HOSTS is missing"),
        ("embedded", {"TO_REDIS_URL": "redis://localhost"}, "the embedded engine does not use it"),
        ("embedded", {"TO_DATABASE_URL": "mysql://x"}, "DATABASE_URL must look like postgres://"),
        ("embedded", {"TO_DATABASE_URL": "postgres://chat@127.0.0.1:1/chat"}, "by migrate: "),
    ],
)
def test_a_target_that_cannot_be_is_refused(
    copy: Copy, to: str, env: dict[str, str], said: str
) -> None:
    done = copy(to, **env)
    assert (done.returncode, said in done.stderr) == (REFUSED, True), done.stderr
    assert "Traceback" not in done.stderr


def test_the_place_of_the_site_itself_is_refused(copy: Copy, site: Site) -> None:
    done = copy(TO_CHAT_VAR=str(site.var))
    assert (done.returncode, "already; name another place" in done.stderr) == (REFUSED, True)


def test_a_site_that_runs_is_refused(copy: Copy, site: Site) -> None:
    site.start()
    done = copy()
    assert (done.returncode, "The site runs. Stop it first" in done.stderr) == (REFUSED, True)


def test_a_place_where_a_site_is_already_is_refused(copy: Copy, site: Site) -> None:
    assert copy().returncode == 0
    (site.var / checkpoint.NAME).unlink()
    done = copy()
    assert (done.returncode, "There is a site already" in done.stderr) == (REFUSED, True)


def test_the_secrets_of_another_site_are_refused(copy: Copy, site: Site, tmp_path: Path) -> None:
    shutil.copytree(site.var / "secrets", tmp_path / "new/secrets")
    (tmp_path / "new/secrets/django").write_text("another\n")
    done = copy()
    assert (done.returncode, "is a secret of another site" in done.stderr) == (REFUSED, True)
    assert (tmp_path / "new/secrets/django").read_text() == "another\n"


def test_a_copy_to_another_place_is_not_mixed_with_one_that_began(
    copy: Copy, tmp_path: Path
) -> None:
    assert copy().returncode == 0
    done = copy(TO_CHAT_VAR=str(tmp_path / "other"))
    assert (done.returncode, "Delete it to begin another" in done.stderr) == (REFUSED, True)


def test_a_checkpoint_that_is_none_is_refused(copy: Copy, site: Site) -> None:
    (site.var / checkpoint.NAME).write_text("this is no database, and long enough to be read")
    done = copy()
    assert (done.returncode, "cannot be used" in done.stderr) == (REFUSED, True)


def test_a_full_disk_is_said_and_a_repeat_goes_on(copy: Copy, tmp_path: Path) -> None:
    assert copy("embedded", "--dry-run").returncode == 0

    def narrow() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (SMALL, SMALL))

    done = copy(preexec_fn=narrow, COVERAGE_PROCESS_CONFIG="")  # whose file has no room either
    assert done.returncode in {REFUSED, INTERRUPTED}
    assert "Traceback" not in done.stderr
    assert copy().returncode == 0


def test_a_comparison_finds_what_is_different(copy: Copy, tmp_path: Path) -> None:
    """One thing in each conversation, and two tables."""
    assert copy().returncode == 0
    messages, site = tmp_path / "new/messages.sqlite3", tmp_path / "new/site.sqlite3"
    with closing(sqlite3.connect(messages)) as database:
        found = database.execute(
            "SELECT hex(conversation_id), hex(from_user) FROM unread ORDER BY conversation_id"
        ).fetchall()
    convs = [conv for conv, _ in found]
    sender = f"from_user = x'{found[3][1]}'"
    conversation, text = "conversation WHERE conversation_id = ", "text = x'00'"
    change(messages, f"DELETE FROM {conversation} x'{convs[0]}'")
    change(messages, f"UPDATE conversation SET {text} WHERE conversation_id = x'{convs[1]}'")
    change(messages, f"DELETE FROM unread WHERE conversation_id = x'{convs[2]}'")
    change(messages, f"DELETE FROM read WHERE {sender}")
    change(messages, f"UPDATE contact SET cleared_seq = 1 WHERE conversation_id = x'{convs[4]}'")
    change(messages, f"DELETE FROM connection WHERE connection_id = x'{convs[5]}'")
    change(messages, "UPDATE meta SET value = '00000000000000000000000000000000'")
    change(site, "UPDATE accounts_user SET display_name = 'x'")
    change(site, "DELETE FROM accounts_devicelistlink")
    done = copy()
    assert done.returncode == DIFFERENT
    assert "Do not serve it" in done.stderr
    wrong = [
        *("has 0 messages, and should have 1", "messages", "watermarks", "marks", "sides"),
        "is missing",
    ]
    told = done.stderr.splitlines()
    for conv, what in zip(convs, wrong, strict=True):
        [line] = [line for line in told if conv.lower() in line]
        assert line.endswith(f": {what}") or (what in line and "has 0" in what)
    for what in (
        "the name of the data",
        "table accounts_user: 2 rows",
        "table accounts_devicelistlink: 2",
    ):
        assert what in done.stderr
    assert len(told) == 1 + len(wrong) + 3
