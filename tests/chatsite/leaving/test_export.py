"""What the server has of a person, taken along by them alone."""

import io
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from asgiref.sync import async_to_sync
from django.core.management import CommandError, call_command

from accounts import protocol, suspending
from accounts.models import Credentials, SessionRecord, User
from accounts.suspending import FOREVER, Kind, Reason
from chatsite.leaving import views
from chatsite.running.clock import now_ms
from messaging.backends import connection_store, log
from moderation.models import Appeal, Audit, Decision, Measure
from presence.models import LastSeen
from tests.accounts.people import Answer, Person
from tests.contracts.adapters import Chat
from tests.messaging.test_views import befriend, call

LINES = 120  # messages: several pages of the log


def talked(ann: Person, ben: Person, lines: int = LINES) -> Chat:
    conv = bytes.fromhex(befriend(ann, ben))
    chat = Chat(log(), ann.uid, ben.uid, conv)

    async def talk() -> None:
        for line in range(lines):
            await chat.send((ann, ben)[line % 2].uid)

    async_to_sync(talk)()
    return chat


def asked(who: Person, **more: Any) -> Answer:
    return call(who, "POST", "/api/export", **more)


def opened(raw: bytes) -> dict[str, Any]:
    with ZipFile(io.BytesIO(raw)) as archive:
        assert archive.testzip() is None
        read = {name: archive.read(name).decode() for name in archive.namelist()}
    return {
        name: json.loads(text) if name.endswith(".json") else text for name, text in read.items()
    }


def lock(who: Person) -> None:
    SessionRecord.objects.filter(user__uid=who.uid).update(unlocked=0)


def test_all_that_there_is_and_no_secret(ann: Person, ben: Person) -> None:
    chat = talked(ann, ben)
    answer = asked(ann)
    assert (answer.status, answer.headers["Content-Type"]) == (200, "application/zip")
    files = opened(answer.raw)
    assert ann.name in files["account.json"][0]["username"]
    assert "What the server" not in files["README.txt"][:2]
    [contact] = files["contacts.json"]
    assert (contact["username"], contact["state"]) == (ben.name, "connected")
    rows = files[f"messages/{chat.conv.hex()}.json"]
    assert [row["number"] for row in rows] == [*range(1, LINES + 1)]
    assert [row["from"] for row in rows[:2]] == ["you", "them"]
    assert len(files["devices.json"]) == len(files["sessions.json"]) == 1
    assert files["invites.json"] == files["notes.json"] == []
    said = b"".join(json.dumps(file).encode() for file in files.values())
    row = Credentials.objects.get(user__uid=ann.uid)
    session = SessionRecord.objects.get(user__uid=ann.uid)
    for secret in (row.verifier, row.code_verifier, row.pepper.hex(), ann.pepper.hex(),
                   session.session_id, session.hash.hex(), b"text 1".hex()):  # fmt: skip
        assert secret.encode() not in said


def test_it_asks_for_the_password_and_tries_are_few(ann: Person, ben: Person) -> None:
    lock(ann)
    assert asked(ann).code == "unlock"
    wrong = protocol.Unlock(auth=ben.auth)
    codes = [call(ann, "POST", "/api/unlock", wrong).code for _ in range(11)]
    assert codes == ["wrong"] * 10 + ["rate"]
    assert asked(ann).code == "unlock"


def test_nobody_else_gets_it(ann: Person, ben: Person) -> None:
    """There is no way to name another account: what comes is one's own."""
    talked(ann, ben, lines=2)
    files = opened(asked(ben).raw)
    assert files["account.json"][0]["username"] == ben.name
    assert ann.uid.hex() not in json.dumps(files["devices.json"])
    stolen = ben.browsers[0]
    stolen.http.cookies = ann.browsers[0].http.cookies  # a cookie without the keys
    assert asked(ben).code == "proof"
    assert asked(ann, prove=False).code == "proof"
    assert asked(ann, **{"X-CSRFToken": "b" * 32}).status == 403
    assert asked(ann, Origin="https://elsewhere.example").status == 403


def test_somebody_who_is_suspended_gets_it(ann: Person) -> None:
    user = User.objects.get(uid=ann.uid)
    suspending.suspend(
        user, Kind.ALL, until=FOREVER, reason=Reason.SPAM, decision=ann.uid, now_ms=now_ms()
    )
    lock(ann)
    assert call(ann, "GET", "/api/notes").code == "suspended"
    assert call(ann, "POST", "/api/unlock", protocol.Unlock(auth=ann.auth)).status == 200
    assert opened(asked(ann).raw)["account.json"][0]["id"] == ann.uid.hex()


def test_what_they_said_and_when_they_were_here_is_in_it(ann: Person) -> None:
    user, seen = User.objects.get(uid=ann.uid), now_ms()
    LastSeen.objects.update_or_create(user=ann.uid, defaults={"seen": seen})
    decision = Decision.objects.create(
        decision=ann.uid, user=user, measure=Measure.WARN, reason=Reason.SPAM, made=seen, by="erin"
    )
    Appeal.objects.create(decision=decision, text="It was not me.", made=seen)
    files = opened(asked(ann).raw)
    when = datetime.fromtimestamp(seen / 1000, UTC).isoformat(timespec="seconds")
    assert files["account.json"][0]["last_here"] == when
    [told] = files["decisions.json"]
    assert (told["appealed"], told["appeal"]) == (True, "It was not me.")
    assert "erin" not in json.dumps(files)


def test_some_a_day(ann: Person) -> None:
    answers = [asked(ann).status for _ in range(views.EXPORTS.count + 1)]
    assert answers == [200] * views.EXPORTS.count + [429]


def test_what_the_other_does_not_let_them_see_is_not_in_it(ann: Person, ben: Person) -> None:
    """Ann is blocked, and the archives of neither show what the other may not know."""
    chat = talked(ann, ben, lines=1)
    call(ben, "POST", "/api/connections", _blocked(ann))
    async_to_sync(chat.send)(ann.uid, withheld=True)
    name = f"messages/{chat.conv.hex()}.json"
    mine, theirs = opened(asked(ann).raw), opened(asked(ben).raw)
    assert mine["contacts.json"][0]["state"] == "connected"
    assert mine[name][1]["from"] == "you"
    assert theirs[name][1] == {"number": 2, "gone": "withheld"}


@pytest.mark.usefixtures("audited")
def test_by_the_operator(ann: Person, ben: Person, tmp_path: Path) -> None:
    chat, file = talked(ann, ben, lines=3), tmp_path / "ann.zip"
    call_command("export_account", ann.name, str(file), "--dry-run")
    assert not list(tmp_path.iterdir())
    call_command("export_account", ann.name.upper(), str(file))
    assert [*tmp_path.iterdir()] == [file]
    assert file.stat().st_mode & 0o777 == 0o600
    assert len(opened(file.read_bytes())[f"messages/{chat.conv.hex()}.json"]) == 3
    assert Audit.objects.get().object == f"person {ann.uid.hex()}"
    for words in ((ann.name, str(file)), ("nobody-at-all", str(tmp_path / "x.zip"))):
        with pytest.raises(CommandError):
            call_command("export_account", *words)
    assert async_to_sync(connection_store().contacts)(ann.uid)


def _blocked(who: Person) -> Any:
    from chatsite.edge.wire import Id
    from messaging import http

    return http.Act(peer=Id(who.uid), action="block", seen=3)
