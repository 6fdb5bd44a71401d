"""What staff do at once: who waits for the audit log has locked nothing that others wait for."""

import ast
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.db.transaction import atomic

from accounts.models import User
from accounts.suspending import FOREVER, Reason
from chatsite.running.clock import now_ms
from moderation import audit, deciding, ownfactors, staff
from moderation.deciding import Verdict
from moderation.models import Decision, Measure, StaffLink, Totp
from testkit.running import ROOT
from tests.moderation.conftest import PASSWORD

ONLY_POSTGRES = pytest.mark.skipif(
    connection.vendor == "sqlite", reason="SQLite has one writer at a time"
)
Act = Callable[[User, staff.Shown, Decision], object]


def _join(_user: User, shown: staff.Shown, _decision: Decision) -> object:
    return staff.join(shown, PASSWORD, staff.Factor("000000", "", ""), now_ms())


ACTS: dict[str, Act] = {
    "opened": lambda _u, shown, _d: staff.opened(shown, now_ms()),
    "join": _join,
    "reset": lambda user, _s, _d: staff.reset(user.username, "by", now_ms()),
    "codes": lambda user, _s, _d: ownfactors.new_codes(user),
    "undo": lambda _u, _s, decision: deciding.undo(decision, 0, "by", now_ms()),
}


@ONLY_POSTGRES
@pytest.mark.postgres
@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS)
def test_who_waits_for_the_log_holds_nothing(act: Act, admin: None, emptied_audit: None) -> None:
    way = staff.add("erin", "auditor", "by", now_ms())
    assert way
    shown = staff.Shown(way.link.partition("#")[2], way.code, "", b"")
    erin = staff.opened(shown, now_ms()).app.user
    bob = User.objects.create(username="bob", display_name="Bob", head_k=1)
    verdict = Verdict(Measure.BAN, Reason.SPAM)
    decision = deciding.command(bob, verdict, FOREVER, "by", now_ms())
    with ThreadPoolExecutor(1) as pool:
        with audit.turn():
            done = pool.submit(_closing, lambda: act(erin, shown, decision))
            while not _somebody_waits():
                assert not done.done() or done.result()
            for model in (User, StaffLink, Totp, Decision):
                with atomic():
                    list(model.objects.select_for_update(nowait=True))  # type: ignore[attr-defined]
        done.result()


def _closing(work: Callable[[], object]) -> object:
    try:
        return work()
    finally:
        connection.close()


def _somebody_waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT 1 FROM pg_locks JOIN pg_database d ON d.oid = database"
            " WHERE datname = current_database() AND locktype = 'advisory' AND NOT granted"
        )
        return cursor.fetchone() is not None


def _calls(tree: ast.AST) -> Iterator[ast.Call]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def _sources() -> list[tuple[Path, ast.AST]]:
    files = (path for app in ("accounts", "chatsite", "media", "moderation")
             for path in (ROOT / app).rglob("*.py") if "migrations" not in path.parts)  # fmt: skip
    return [(path, ast.parse(path.read_text())) for path in files]


def test_what_writes_the_log_has_it_first_and_rows_are_locked_without_their_keys() -> None:
    """A lock of the key would wait for somebody who adds a row that names it."""
    wrong: list[Any] = []
    for path, tree in _sources():
        for node in ast.walk(tree):
            if isinstance(node, ast.With) and "atomic" in ast.unparse(node.items[0]):
                said = [ast.unparse(one.func) for one in _calls(node)]
                wrong += [(path.name, node.lineno)] * ("audit.write" in said)
        for one in _calls(tree):
            if ast.unparse(one.func).endswith(".select_for_update"):
                wrong += [(path.name, one.lineno)] * ("no_key=True" not in ast.unparse(one))
    assert not wrong
