"""The log of what staff did: appended to, never changed, and a change shows."""

import logging
import os
import subprocess
import sys
from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, transaction
from django.db.models import F

from moderation import audit
from moderation.models import ACTOR_MAX, DETAILS_MAX, Audit
from testkit.running import ROOT, new_site
from tests.moderation.appending import EACH, THREADS
from tests.moderation.conftest import changeable
from tests.services import own_postgres

APPENDING = "from tests.moderation.appending import appended; print(appended())"
pytestmark = pytest.mark.django_db


@pytest.fixture
def three(db: None) -> list[Audit]:
    return [
        audit.write("erin", "see person", f"person {number}", {"tab": "devices"})
        for number in (1, 2, 3)
    ]


def test_entries_follow_each_other(three: list[Audit]) -> None:
    assert [entry.n for entry in three] == [1, 2, 3]
    assert [entry.prev for entry in three] == [bytes(32), three[0].tag, three[1].tag]
    assert three[0].details == '{"tab":"devices"}'
    assert audit.verify() == audit.Chain(3, three[-1].tag)
    assert audit.verify(three[0].tag).entries == 3


def test_what_is_undone_leaves_no_entry(three: list[Audit]) -> None:
    with transaction.atomic():
        audit.write("erin", "suspend", "person 4", {})
        transaction.set_rollback(True)
    assert audit.verify().entries == 3
    assert audit.write("erin", "suspend", "person 5", {}).n == 4


def test_an_empty_log_holds() -> None:
    assert audit.verify() == audit.Chain(0, bytes(32))
    with pytest.raises(audit.Broken, match="no entry has that head"):
        audit.verify(b"x" * 32)


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"actor": "a" * (ACTOR_MAX + 1)}, "actor"),
        ({"details": {"x": "y" * DETAILS_MAX}}, "details"),
    ],
)
def test_what_is_too_long_is_refused_by_name(given: dict, named: str) -> None:
    with pytest.raises(ValueError, match=f"{named} of an audit entry has"):
        audit.write(**{"actor": "erin", "action": "look", "object": "", "details": {}} | given)
    assert not Audit.objects.exists()


@pytest.mark.parametrize(
    "change",
    [
        lambda: Audit.objects.update(actor="mallory"),
        lambda: Audit.objects.all().delete(),
        lambda: Audit.objects.get(n=2).delete(),
    ],
)
def test_the_database_refuses_to_change_it(three: list[Audit], change: Callable[[], None]) -> None:
    with pytest.raises(DatabaseError, match="never changed"), transaction.atomic():
        change()
    assert audit.verify().entries == 3


COLUMNS = {
    "actor": "mallory",
    "action": "nothing",
    "object": "nobody",
    "details": "{}",
    "digest": bytes(32),
    "ms": F("ms") + 1,
    "prev": b"p" * 32,
    "tag": b"t" * 32,
    "kid": "k9",
}


def test_every_column_is_changed_below() -> None:
    assert {*COLUMNS, "n"} == {field.name for field in Audit._meta.fields}


@pytest.mark.parametrize("column", COLUMNS)
def test_a_change_shows(three: list[Audit], column: str) -> None:
    """By somebody who has the database and not the secret."""
    changeable()
    Audit.objects.filter(n=2).update(**{column: COLUMNS[column]})
    with pytest.raises(audit.Broken, match="entry 2"):
        audit.verify()


def test_an_entry_left_out_shows(three: list[Audit]) -> None:
    changeable()
    Audit.objects.filter(n=2).delete()
    with pytest.raises(audit.Broken, match="entry 2 is missing"):
        audit.verify()


def test_a_log_that_was_cut_shows_by_its_head(three: list[Audit]) -> None:
    changeable()
    Audit.objects.filter(n=3).delete()
    with pytest.raises(audit.Broken, match="no entry has that head"):
        audit.verify(three[2].tag)
    with pytest.raises(audit.Broken, match="no trigger audit_is_not_changed"):
        audit.verify()


def test_a_new_key_goes_on_with_the_chain(three: list[Audit], settings) -> None:
    settings.SECRETS = settings.SECRETS | {"audit": [("k2", b"2" * 32), *settings.SECRETS["audit"]]}
    assert audit.write("erin", "look", "", {}).kid == "k2"
    assert audit.verify().entries == 4
    settings.SECRETS = settings.SECRETS | {"audit": [("k2", b"2" * 32)]}
    with pytest.raises(audit.Broken, match="entry 1 was made with the key 'k1', which is not"):
        audit.verify()


def verified(*words: str) -> str:
    out = StringIO()
    call_command("verify_audit", *words, stdout=out)
    return out.getvalue()


def test_the_command_says_what_it_found(three: list[Audit]) -> None:
    head = three[2].tag.hex()
    assert verified() == verified("--head", head) == f"3 entries hold. Head {head}\n"
    for wrong in ("x", "", "ab"):
        with pytest.raises(CommandError, match="64 hex digits"):
            verified("--head", wrong)
    changeable()
    with pytest.raises(CommandError, match="does not hold: the database has no trigger"):
        verified()


def test_the_head_goes_into_the_servers_log(
    three: list[Audit], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        audit.tell_head()
    assert f"audit log: 3 entries, head {three[2].tag.hex()}" in caplog.text


def test_several_write_at_once_on_postgresql(tmp_path: Path) -> None:
    with own_postgres() as url:
        assert appended(tmp_path, url) == f"postgresql {THREADS * EACH} 2\n"


def test_several_write_at_once_on_sqlite(tmp_path: Path) -> None:
    assert appended(tmp_path, "") == f"sqlite {THREADS * EACH} 2\n"


def appended(var: Path, url: str) -> str:
    site = new_site({"DATABASE_URL": url}, var)
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "manage.py", "shell", "--no-imports", "-c", APPENDING],
        cwd=ROOT, env={**os.environ, **site._env()}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout
