"""An account rests until a time: it is out everywhere, keeps all that it has, and hears why."""

import base64
from collections.abc import Iterator
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from accounts import sessions, suspending
from accounts.models import Device, SessionRecord, User
from accounts.sessions import Bound
from accounts.signals import account_suspended, session_ended
from accounts.suspending import FOREVER, Kind, Reason, Suspension
from chatsite.running.clock import now_ms
from tests.accounts.people import Browser, Person
from tests.accounts.test_reset import token_for
from tests.accounts.test_sessions import hash_of

pytestmark = pytest.mark.django_db
HOUR_MS = 3_600_000


@pytest.fixture
def told() -> Iterator[list[tuple]]:
    """What the message side hears."""
    heard: list[tuple] = []

    def suspended(uid: bytes, until: int | None, **_: object) -> None:
        heard.append(("pardoned" if until is None else "suspended", uid))

    def ended(uid: bytes, **_: object) -> None:
        heard.append(("ended", uid))

    account_suspended.connect(suspended)
    session_ended.connect(ended)
    yield heard
    account_suspended.disconnect(suspended)
    session_ended.disconnect(ended)


def suspend(person: Person, until: int = FOREVER, kind: Kind = Kind.ALL, n: int = 1) -> None:
    suspending.suspend(
        User.objects.get(uid=person.uid), kind, until=until, reason=Reason.SPAM,
        decision=bytes([n]) * 16, now_ms=now_ms(),
    )  # fmt: skip


def said(*words: str) -> str:
    out = StringIO()
    call_command("suspend", *words, stdout=out)
    return out.getvalue()


def test_a_suspended_person_is_out_until_it_is_taken_back(
    alice: Person, browser: Browser, told: list, committed
):
    assert browser.call("GET", "/api/notes").status == 200
    with committed():
        assert said("Alice") == "alice is suspended.\n"
        assert told == []
    assert told == [("suspended", alice.uid)]
    assert browser.call("GET", "/api/notes").code == "suspended"
    with committed():
        assert said("alice", "--undo") == "alice is active.\n"
    assert set(told[1:]) == {("pardoned", alice.uid)}
    assert browser.call("GET", "/api/notes").status == 200


def test_nothing_of_the_account_changes_and_its_end_needs_nobody(alice: Person, browser: Browser):
    def kept() -> list:
        return [list(model.objects.values()) for model in (User, Device, SessionRecord)]

    before, now = kept(), now_ms()
    suspend(alice, now + HOUR_MS)
    assert kept() == before
    bound = Bound(hash_of(browser), alice.uid, browser.keys.id)
    for time, why in ((now, {bound: "suspended"}), (now + HOUR_MS, {})):
        assert sessions.ended([bound], time) == why
        assert sessions.stands(bound.session, time) == (not why)


def test_a_refusal_says_why_and_until_when(alice: Person, browser: Browser):
    until = now_ms() + HOUR_MS
    suspend(alice, until)
    for method, path, prove in (
        ("GET", "/api/notes", True), ("GET", "/api/sessions", True),
        ("POST", "/api/live-token", False),
    ):  # fmt: skip
        answer = browser.call(method, path, prove=prove)
        assert answer.status == 403
        assert answer.json.items() >= {
            "code": "suspended", "until": until, "reason": Reason.SPAM,
            "decision": base64.b64encode(b"\1" * 16).decode(),
        }.items()  # fmt: skip
    suspend(alice, FOREVER, n=2)
    assert "until" not in browser.call("GET", "/api/notes").json


def test_no_page_carries_a_token_and_all_lead_to_the_reason(alice: Person, browser: Browser):
    suspend(alice, now_ms() + HOUR_MS)
    for path in ("/chats", "/settings", "/people", "/sign-in"):
        answer = browser.http.get(path)
        assert (answer.status_code, answer.headers["Location"].split("?")[0]) == (302, "/suspended")
    for path in ("/help", "/invite", "/suspended"):
        assert '"token"' not in browser.http.get(path).content.decode()
    page = browser.http.get("/suspended").content.decode()
    assert "spam or fraud" in page
    german = browser.http.get("/suspended", headers={"Accept-Language": "de"}).content.decode()
    assert "Spam oder Betrug" in german
    Suspension.objects.all().delete()
    assert browser.http.get("/suspended?next=/people").headers["Location"] == "/people"
    for foreign in ("https://evil.example/", "//evil.example", "/\\evil.example", "people"):
        answer = browser.http.get("/suspended", {"next": foreign})
        assert answer.headers["Location"] == "/chats"


def test_nobody_comes_in_by_another_way(alice: Person, browser: Browser):
    token = token_for(alice)
    suspend(alice)
    assert alice.sign_in(auth=bytes(32))[1].code == "wrong"
    assert alice.start_over(token).code == "suspended"


def test_who_signs_in_meanwhile_gets_to_the_reason_and_no_further(alice: Person, browser: Browser):
    suspend(alice)
    for half, answer in (alice.sign_in(), alice.sign_in(code_auth=alice.code_auth)):
        assert (answer.status, answer.code) == (403, "suspended")
        assert "grant" not in answer.json
        assert "spam or fraud" in half.http.get("/suspended").content.decode()
        for method, path in (("GET", "/api/vault"), ("GET", "/api/wraps"), ("GET", "/api/links")):
            assert half.call(method, path, prove=False).status == 403
        assert half.call("POST", "/api/live-token", prove=False).code == "suspended"
        Suspension.objects.all().delete()
        assert half.call("POST", "/api/live-token", prove=False).code == "enrol"
        suspend(alice)
    assert half.call("DELETE", "/api/sessions", prove=False).status == 200
    wrong, _ = alice.sign_in(auth=bytes(32))
    assert wrong.http.get("/suspended").headers["Location"] == "/sign-in"
    assert browser.call("GET", "/api/notes").code == "suspended"  # theirs stays as it was


def test_they_may_still_leave(alice: Person, browser: Browser):
    suspend(alice)
    assert browser.call("DELETE", "/api/sessions").status == 200
    assert not SessionRecord.objects.exists()


def test_the_one_that_ends_last_counts(alice: Person, browser: Browser, told: list, committed):
    now = now_ms()
    with committed():
        suspend(alice, now + HOUR_MS, n=1)
        suspend(alice, now + 2 * HOUR_MS, n=2)
    del told[:]
    with committed():
        assert suspending.lift(b"\2" * 16, now)
    assert told == [("suspended", alice.uid)]
    assert browser.call("GET", "/api/notes").json["until"] == now + HOUR_MS
    assert suspending.lift(b"\1" * 16, now)
    assert not suspending.lift(b"\1" * 16, now)
    assert browser.call("GET", "/api/notes").status == 200


def test_who_may_not_ask_does_all_else(alice: Person, browser: Browser):
    assert said("alice", "--requests", "--for", "7d").startswith("alice may not ask new people un")
    assert Suspension.objects.get().kind == Kind.REQUESTS
    assert browser.call("GET", "/api/notes").status == 200


def test_who_was_suspended_by_an_earlier_version_stays_so(alice: Person, browser: Browser):
    User.objects.filter(uid=alice.uid).update(is_active=False)
    assert browser.call("GET", "/api/nonce", prove=False).code == "sign_in"
    said("alice", "--undo")
    assert browser.call("GET", "/api/notes").status == 200


@pytest.mark.parametrize("time", ["0d", "7", "d", "-1d", "1001w", "²d", "7 d", ""])
def test_a_time_is_a_number_and_a_unit(alice: Person, time: str):
    with pytest.raises(CommandError, match="no time"):
        said("alice", f"--for={time}")


def test_trying_changes_nothing(alice: Person):
    assert said("alice", "--dry-run") == "alice is suspended.\n"
    assert not Suspension.objects.exists()


def test_nobody_is_no_account():
    with pytest.raises(CommandError, match="no such account"):
        said("nobody-here")
