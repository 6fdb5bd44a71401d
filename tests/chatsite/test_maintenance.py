"""manage.py check_store and stats on the files of a site: what they print, and how they end."""

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from chatsite import make_secrets
from testkit.cast import seeded
from testkit.running import ROOT, Site, new_site

pytestmark = pytest.mark.skipif(
    os.environ.get("DATABASE_URL", "").startswith("postgres"), reason="of the files of SQLite"
)
Done = subprocess.CompletedProcess[str]


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    made = new_site({"DATABASE_URL": ""})
    seeded(made, "alice", "bob", pairs=1)
    yield made
    made.remove()


def run(site: Site, *words: str) -> Done:
    return subprocess.run(
        [sys.executable, "-W", "ignore", "manage.py", *words],
        cwd=ROOT, env=site._env(), capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_a_site_in_numbers(site: Site) -> None:
    numbers = json.loads(run(site, "stats", "--json").stdout)
    assert (numbers["people"], numbers["browsers"], numbers["connected pairs"]) == (2, 2, 1)
    assert numbers["messages, with those that were deleted"] == numbers["files"] == 0
    lines = run(site, "stats").stdout
    assert "2  people" in lines
    assert "alice" not in lines


def test_a_site_of_another_release_is_not_read(tmp_path: Path, site: Site) -> None:
    empty = Site(tmp_path, site.port, site.env)
    make_secrets.main(tmp_path / "secrets")
    for command in ("stats", "check_store"):
        done = run(empty, command)
        assert "This site cannot be read" in done.stderr
        assert "manage.py migrate" in done.stderr
        assert "Traceback" not in done.stderr


def test_a_whole_store_and_a_damaged_one(site: Site) -> None:
    whole = run(site, "check_store")
    assert (whole.returncode, whole.stderr) == (0, "")
    assert "conversations: 1, messages: 0, faults: 0" in whole.stdout
    with closing(sqlite3.connect(site.var / "messages.sqlite3")) as database, database:
        database.execute("UPDATE conversation_head SET last_seq = 3")
    damaged = run(site, "check_store", "--no-files")
    assert damaged.returncode == 1
    assert "the log ends with message 0, and its head says 3" in damaged.stdout
    assert "alice" not in damaged.stdout + damaged.stderr


def test_what_can_be_put_right_is_by_its_name(site: Site) -> None:
    change(site, "UPDATE conversation_head SET last_seq = 0")
    change(site, "UPDATE contact SET state = 1")
    change(
        site,
        "INSERT INTO unread (from_user, to_user, conversation_id, last_seq, last_ord, time,"
        " shown_seq, shown_ord, shown_time) VALUES (x'01', x'02', x'03', 1, 1, 1, 0, 0, 0)",
    )
    found = run(site, "check_store")
    assert found.returncode == 1
    assert "check_store --repair sides: is for 2 of them" in found.stdout
    assert "check_store --repair orphans: is for 1 of them" in found.stdout
    dry = run(site, "check_store", "--repair", "sides", "--dry-run")
    assert (dry.returncode, "would be repaired: 2" in dry.stdout) == (1, True)
    left = run(site, "check_store", "--repair", "sides")
    assert (left.returncode, "faults: 1" in left.stdout) == (1, True)
    assert "belongs to no pair" in left.stdout
    whole = run(site, "check_store", "--repair", "orphans")
    assert (whole.returncode, whole.stderr, "faults: 0" in whole.stdout) == (0, "", True)
    again = run(site, "check_store", "--repair", "orphans")
    assert (again.returncode, "repairs" in again.stdout) == (0, False)


def test_no_other_repair_is_taken(site: Site) -> None:
    assert "invalid choice" in run(site, "check_store", "--repair", "all").stderr
    both = run(site, "check_store", "--repair", "files", "--no-files")
    assert "contradict each other" in both.stderr


def change(site: Site, statement: str) -> None:
    with closing(sqlite3.connect(site.var / "messages.sqlite3")) as database, database:
        database.execute(statement)
