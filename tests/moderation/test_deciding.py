"""From a report to a decision, what both people hear, an appeal, and how it is undone."""

import re
import secrets
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from accounts import suspending
from accounts.models import User
from accounts.suspending import FOREVER, Kind, Reason, Suspension
from chatsite import stats
from chatsite.edge.wire import Id
from chatsite.running import metrics
from chatsite.running.clock import now_ms
from moderation import appeals, deciding, erasing, protocol
from moderation.deciding import DAY_MS, Changed, Unfit, Verdict
from moderation.models import Appeal, Audit, Decision, Measure, Note, Report, State
from tests.accounts.people import Answer, Browser, Person
from tests.moderation.conftest import Member

pytestmark = pytest.mark.django_db
SPAM = Reason.SPAM.value
NEWS = re.compile(r'id="rail-news"\s+hidden')


def report(by: Person, about: Person) -> Report:
    return Report.objects.create(
        report=secrets.token_bytes(16), reporter=by.uid, peer=about.uid, reason=2, kid="m",
        mids=b"", made=now_ms(),
    )  # fmt: skip


def act(client: Client, row: Report, what: str, **words: Any) -> int:
    seen = {"version": row.version} | words
    return client.post(f"/reports/{row.report.hex()}/{what}/", seen).status_code


def decide(by: Person, about: Person, measure: Measure, days: int = 7) -> Decision:
    verdict = Verdict(measure, Reason.SPAM, days)
    return deciding.decide(report(by, about), 0, verdict, "erin", now_ms())


def appeal(who: Person, decision: Decision, text: str = "It was not me") -> Answer:
    body = protocol.SendAppeal(decision=Id(decision.decision), text=text)
    return who.browsers[0].call("POST", "/api/appeals", body)


def page(who: Person, path: str = "/decisions", **headers: str) -> str:
    return who.browsers[0].http.get(path, headers=headers).content.decode()


def heard(who: Person) -> bytes:
    return who.browsers[0].call("GET", "/api/decisions").raw


def user(who: Person) -> User:
    return User.objects.get(uid=who.uid)


def test_a_moderator_takes_notes_and_decides(member: Member, alice: Person, bob: Person) -> None:
    row, client = report(alice, bob), member("moderator")
    assert act(client, row, "take") == 302
    assert act(client, row, "note", text="the third of this week") == 302
    row.refresh_from_db()
    assert (row.state, row.assigned.username) == (State.OPEN, "the-moderator")
    assert act(client, row, "decide", measure=4, reason=SPAM, days=7) == 302
    row.refresh_from_db()
    assert row.state == State.DECIDED
    [rest] = Suspension.objects.all()
    assert (rest.kind, rest.reason) == (Kind.ALL, Reason.SPAM)
    assert abs(rest.until - now_ms() - 7 * DAY_MS) < DAY_MS
    written = Audit.objects.order_by("n").values_list("action", flat=True)
    assert list(written) == ["report_taken", "report_noted", "decided"]
    assert "third of this week" not in "".join(Audit.objects.values_list("details", flat=True))


@pytest.mark.parametrize(
    ("measure", "kind"),
    [(Measure.WARN, None), (Measure.RESTRICT, Kind.REQUESTS), (Measure.BAN, Kind.ALL)],
)
def test_what_a_measure_takes_away(
    alice: Person, bob: Person, measure: Measure, kind: Kind | None
) -> None:
    decision = decide(alice, bob, measure)
    assert list(Suspension.objects.values_list("kind", flat=True)) == ([kind] if kind else [])
    assert (decision.until == FOREVER) == (measure is Measure.BAN)
    assert bob.browsers[0].call("GET", "/api/notes").status == (403 if kind == Kind.ALL else 200)


def test_the_second_of_two_moderators_changes_nothing(
    member: Member, alice: Person, bob: Person
) -> None:
    row, client = report(alice, bob), member("moderator")
    assert act(client, row, "decide", measure=1) == 302
    for what, words in (("take", {}), ("decide", {"measure": 5, "reason": SPAM})):
        assert act(client, row, what, **words) == 409
        row.refresh_from_db()  # not with the newest version either: it is decided
        assert act(client, row, what, **words) == 409
    assert Decision.objects.get().measure == Measure.DISMISS
    assert not Suspension.objects.exists()
    decision = decide(alice, bob, Measure.SUSPEND)
    path = f"/decisions/{decision.decision.hex()}/undo/"
    answers = [client.post(path, {"version": n}).status_code for n in (7, 0, 0, 1)]
    assert answers == [409, 302, 409, 409]


@pytest.mark.parametrize(
    "words",
    [{}, {"measure": 9}, {"measure": 2}, {"measure": 2, "reason": 99}, {"measure": "²"},
     {"measure": 4, "reason": 1}, {"measure": 4, "reason": 1, "days": 0},
     {"measure": 3, "reason": 1, "days": 366}, {"measure": 4, "reason": 1, "days": "9" * 5000}],
)  # fmt: skip
def test_half_a_decision_is_none(
    member: Member, alice: Person, bob: Person, words: dict[str, Any]
) -> None:
    assert act(member("moderator"), report(alice, bob), "decide", **words) == 400
    assert not Decision.objects.exists()


@pytest.mark.parametrize("text", ["", " ", "x" * 2001, "a\0b"])
def test_a_note_has_a_length(alice: Person, bob: Person, text: str) -> None:
    with pytest.raises(Unfit):
        deciding.note(report(alice, bob), text, "erin", now_ms())
    assert not Note.objects.exists()


def test_a_line_of_a_note_is_a_character_as_in_the_form(alice: Person, bob: Person) -> None:
    deciding.note(report(alice, bob), "x\r\n" * 999 + "xx", "erin", now_ms())
    assert Note.objects.get().text == "x\n" * 999 + "xx"


@pytest.mark.parametrize("role", ["operator", "auditor", "nobody", "person"])
def test_others_decide_nothing(member: Member, alice: Person, bob: Person, role: str) -> None:
    row, decision = report(alice, bob), decide(alice, bob, Measure.WARN)
    client = (
        member(role) if role in ("operator", "auditor") else Client(SERVER_NAME="admin.localhost")
    )
    if role == "person":
        client.force_login(user(alice))
    for what in ("take", "note", "decide"):
        assert act(client, row, what, measure=1, text="x") in (302, 403)
    for what in ("undo", "keep"):
        client.post(f"/decisions/{decision.decision.hex()}/{what}/", {"version": 0})
    row.refresh_from_db()
    decision.refresh_from_db()
    assert (row.version, decision.version, Note.objects.count()) == (0, 0, 0)


def test_each_hears_what_is_theirs_and_no_more(alice: Person, bob: Person) -> None:
    assert "Nothing was decided" in page(bob)
    decide(alice, bob, Measure.WARN)
    assert not NEWS.search(page(alice, "/settings"))
    assert heard(alice) == heard(bob) == b'{"unseen":true}'
    assert "looked at, measures taken" in page(alice)
    assert heard(alice) == b'{"unseen":false}'
    assert "spam or fraud" not in page(alice)
    hers = page(bob)
    assert "You were warned" in hers
    assert "spam or fraud" in hers
    assert "alice" not in hers.lower()
    assert "Du wurdest verwarnt" in page(bob, **{"accept-language": "de"})
    assert NEWS.search(page(bob, "/settings"))  # they have seen it
    deciding.decide(report(alice, bob), 0, Verdict(Measure.DISMISS), "erin", now_ms())
    assert "looked at, no measures" in page(alice)
    assert page(bob).count("<h2") == 1


def test_somebody_suspended_appeals_once_and_comes_back(
    member: Member, alice: Person, bob: Person, admin: None
) -> None:
    decision = decide(alice, bob, Measure.SUSPEND)
    assert "data-appeal" in page(bob, "/suspended")
    assert appeal(bob, decision).status == 200
    assert appeal(bob, decision).status == 200  # the answer was lost on the way
    assert appeal(bob, decision, "And another thing").code == "appealed"
    assert "waits to be looked at" in page(bob, "/suspended")
    assert Report.objects.get().state == State.APPEALED
    client, path = member("moderator"), f"/decisions/{decision.decision.hex()}/"
    assert "It was not me" in client.get(path).content.decode()
    assert "appealed: waits" in client.get("/decisions/").content.decode()
    assert client.post(f"{path}undo/", {"version": 0}).status_code == 409  # it was appealed since
    assert client.post(f"{path}undo/", {"version": 1}).status_code == 302
    assert bob.browsers[0].call("GET", "/api/notes").status == 200
    assert "This was taken back" in page(bob)
    assert appeal(bob, decision, "And another thing").code == "unknown"
    row = Report.objects.get()
    assert (row.state, row.closed) == (State.OPEN, None)
    assert act(client, row, "decide", measure=1) == 302


def test_who_signs_in_while_suspended_appeals_too(
    alice: Person, bob: Person, mallory: Person, admin: None
) -> None:
    decision = decide(alice, bob, Measure.SUSPEND)
    half, _ = bob.sign_in()
    body = protocol.SendAppeal(decision=Id(decision.decision), text="Let me in")
    stranger, _ = mallory.sign_in()
    for other, code in ((Browser(), "sign_in"), (stranger, "unknown")):
        assert other.call("POST", "/api/appeals", body, prove=False).code == code
    assert half.call("POST", "/api/appeals", body, prove=False).status == 200
    assert half.call("POST", "/api/appeals", body, prove=False).status == 200
    assert Appeal.objects.get().text == "Let me in"
    assert "waits to be looked at" in half.http.get("/suspended").content.decode()


def test_an_appeal_may_change_nothing(member: Member, alice: Person, bob: Person) -> None:
    decision = decide(alice, bob, Measure.RESTRICT)
    client, path = member("moderator"), f"/decisions/{decision.decision.hex()}/keep/"
    assert client.post(path, {"version": 0}).status_code == 409  # there is none
    assert appeal(bob, decision).status == 200
    assert client.post(path, {"version": 1}).status_code == 302
    assert client.post(path, {"version": 2}).status_code == 409
    assert "The decision stays" in page(bob)
    assert Report.objects.get().state == State.DECIDED
    assert suspending.of(user(bob), Kind.REQUESTS, now_ms())


def test_nobody_appeals_for_another_or_in_vain(
    alice: Person, bob: Person, mallory: Person, settings: Any
) -> None:
    settings.ADMIN_URL = "http://admin.localhost/"
    decision = decide(alice, bob, Measure.WARN)
    dismissed = deciding.decide(report(alice, bob), 0, Verdict(Measure.DISMISS), "e", now_ms())
    assert [appeal(one, decision).code for one in (alice, mallory)] == ["unknown"] * 2
    assert appeal(bob, dismissed).code == "unknown"
    for text in ("", "x" * 2001):
        assert appeal(bob, decision, text).code == "bad_body"
    body = protocol.SendAppeal(decision=Id(decision.decision), text="x")
    call = bob.browsers[0].call
    assert call("POST", "/api/appeals", body, prove=False).code == "proof"
    settings.ADMIN_URL = ""
    assert appeal(bob, decision).code == "no_appeals"
    assert "data-appeal" not in page(bob)
    assert not Appeal.objects.exists()


def test_a_command_decides_too_and_can_be_appealed(alice: Person, admin: None) -> None:
    call_command("suspend", "alice", "--for", "2h", "--reason", "hatred", stdout=StringIO())
    decision = Decision.objects.get()
    assert (decision.measure, decision.reason) == (Measure.SUSPEND, Reason.HATRED)
    assert appeal(alice, decision).status == 200
    call_command("suspend", "alice", "--undo", stdout=StringIO())
    assert Decision.objects.get().undone_by == "manage.py suspend"
    assert not Suspension.objects.exists()


def test_what_a_report_said_goes_long_after_it_was_decided(
    alice: Person, bob: Person, admin: None
) -> None:
    for measure in (Measure.WARN, Measure.RESTRICT, Measure.DISMISS):
        decide(alice, bob, measure)
    Report.objects.update(sealed=bytes(1136))
    deciding.undo(Decision.objects.get(measure=Measure.RESTRICT), 0, "erin", now_ms())
    assert appeal(bob, Decision.objects.get(measure=Measure.WARN)).status == 200
    assert erasing.erase(now_ms()) == 0
    assert erasing.erase(now_ms() + 181 * DAY_MS) == 1
    assert Decision.objects.get(report__sealed=None).measure == Measure.DISMISS


def test_what_waits_counts_and_what_is_decided_does_not(alice: Person, bob: Person) -> None:
    rows = [report(alice, bob) for _ in range(2)]
    deciding.take(rows[0], 0, user(alice))
    with pytest.raises(Changed):
        deciding.decide(rows[0], 0, Verdict(Measure.DISMISS), "erin", now_ms())
    deciding.decide(rows[1], 0, Verdict(Measure.DISMISS), "erin", now_ms())
    assert [one.looked_at for one in appeals.outcomes(user(alice))] == [True, False]


def test_who_was_reported_in_vain_is_not_told_at_that_moment(
    alice: Person, bob: Person, django_capture_on_commit_callbacks: Any
) -> None:
    told = []
    for measure in (Measure.DISMISS, Measure.WARN):
        with django_capture_on_commit_callbacks() as calls:
            decide(alice, bob, measure)
        told.append(len(calls) - 1)  # one counts the decision, and tells nobody
    assert told == [1, 2]  # who reported; then both
    with django_capture_on_commit_callbacks() as calls:
        deciding.undo(Decision.objects.get(measure=Measure.DISMISS), 0, "erin", now_ms())
    assert calls == [metrics.UNDONE.add]


def test_the_numbers_of_the_site_know_who_rests_and_what_waits(alice: Person, bob: Person) -> None:
    decide(alice, bob, Measure.SUSPEND)
    report(alice, bob)
    numbers = dict([*stats._accounts(now_ms()), *stats._files_and_reports()])
    assert numbers["of them suspended"] == 1
    assert numbers["reports that wait, or are appealed against"] == 1
