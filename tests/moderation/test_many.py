"""What is done to many at once: it is asked first, it is done to all or to none, and each of them
has an entry of the audit log."""

from typing import Any

import pytest
from django.test import Client

from accounts import closing, suspending
from accounts.models import SessionRecord, User
from accounts.suspending import FOREVER, Kind
from chatsite.running.clock import now_ms
from moderation import figures
from moderation.many import MANY_MAX
from moderation.models import Audit, Decision, Measure, Report, State
from tests.accounts.people import Person
from tests.moderation.conftest import Member

pytestmark = pytest.mark.django_db


def people(count: int, **columns: Any) -> list[User]:
    return [
        User.objects.create(username=f"person{n}", display_name="x", head_k=1, **columns)
        for n in range(count)
    ]


def report(about: User, number: int) -> Report:
    return Report.objects.create(
        report=number.to_bytes(16, "big"), reporter=bytes(16), peer=about.uid, reason=1, kid="x",
        mids=b"", made=1,
    )  # fmt: skip


def uids(users: list[User]) -> list[str]:
    return [user.uid.hex() for user in users]


def values(rows: list[Report]) -> list[str]:
    return [f"{row.report.hex()}.{row.version}" for row in rows]


def until(user: User) -> int | None:
    row = suspending.of(user, Kind.ALL, now_ms())
    return row.until if row else None


def sure(client: Client, act: str, chosen: list[str], **words: str) -> Any:
    return client.post(f"/many/many_{act}/", {"chosen": chosen, "sure": "1", **words})


def actions() -> list[str]:
    return list(Audit.objects.order_by("n").values_list("action", flat=True))


def test_it_says_how_many_and_asks_before_anything_is_done(member: Member) -> None:
    moderator, users = member("moderator"), people(3)
    asked = moderator.post("/many/many_suspend/", {"chosen": uids(users[:2])})
    page = asked.content.decode()
    assert "Suspend 2 people?" in page
    assert ("person1" in page, "person2" in page) == (True, False)
    everybody = {"all": "1", "shown": uids(users), "chosen": uids(users[:1])}
    assert "Suspend 3 people?" in moderator.post("/many/many_suspend/", everybody).content.decode()
    one = {"chosen": uids(users[:1]) * 2}
    assert "Suspend 1 person?" in moderator.post("/many/many_suspend/", one).content.decode()
    assert [until(user) for user in users] == [None] * 3
    assert not Audit.objects.exists()


def test_many_are_suspended_and_it_is_undone(member: Member) -> None:
    moderator, users = member("moderator"), people(3)
    answer = sure(moderator, "suspend", uids(users[:2]), reason="6", days="7")
    assert answer.headers["Location"] == "/people/"
    assert "2 people suspended." in moderator.get("/people/").content.decode()
    assert [until(user) is not None for user in users] == [True, True, False]
    decisions = list(Decision.objects.all())
    chosen = [f"{one.decision.hex()}.{one.version}" for one in decisions]
    assert sure(moderator, "undo", chosen).status_code == 302
    assert [until(user) for user in users] == [None] * 3
    assert actions() == ["decided"] * 2 + ["decision_undone"] * 2


@pytest.mark.parametrize(
    ("words", "why"),
    [({"days": "7"}, "choose one"), ({"reason": "99", "days": "7"}, "choose one"),
     ({"reason": "6", "days": "0"}, "1 to 365 days"), ({"reason": "6", "days": "x"}, "1 to 365")],
)  # fmt: skip
def test_what_was_typed_wrong_is_done_to_nobody(
    words: dict[str, str], why: str, member: Member
) -> None:
    users = people(2)
    answer = sure(member("moderator"), "suspend", uids(users), **words)
    assert answer.status_code == 400
    assert why in answer.content.decode()
    assert [until(user) for user in users] == [None] * 2


@pytest.mark.parametrize("count", [0, MANY_MAX + 1])
def test_nobody_and_too_many_are_refused(count: int, member: Member) -> None:
    chosen = [f"{n:032x}" for n in range(count)]
    answer = sure(member("moderator"), "suspend", chosen, reason="6", days="7")
    assert answer.status_code == 400
    assert f"1 to {MANY_MAX}" in answer.content.decode()


@pytest.mark.parametrize("value", ["x", "0" * 32, "", "é" * 1000, "\0"])
@pytest.mark.parametrize("act", ["suspend", "close", "undo", "decline"])
def test_who_is_not_there_keeps_all_as_they_are(act: str, value: str, member: Member) -> None:
    moderator, [user] = member("moderator"), people(1, approved=False)
    first = user.uid.hex() if act in ("suspend", "decline") else "0" * 32 + ".0"
    assert sure(moderator, act, [first, value], reason="6", days="7").status_code == 409
    assert moderator.post(f"/many/many_{act}/", {"chosen": [value]}).status_code == 409
    assert until(user) is None
    assert not Audit.objects.exists()


def test_reports_are_closed_all_or_none(member: Member) -> None:
    moderator, [user] = member("moderator"), people(1)
    rows = [report(user, number) for number in range(3)]
    looked_at = values(rows)
    Report.objects.filter(pk=rows[2].pk).update(version=1)
    answer = sure(moderator, "close", looked_at)
    assert answer.status_code == 409
    assert "Nothing was done to any of them" in answer.content.decode()
    assert {row.state for row in Report.objects.all()} == {State.NEW}
    assert not Audit.objects.exists()
    assert sure(moderator, "close", looked_at[:2]).status_code == 302
    assert [row.state for row in Report.objects.order_by("pk")] == [4, 4, State.NEW]
    assert {each.measure for each in Decision.objects.all()} == {Measure.DISMISS}
    assert actions() == ["decided"] * 2


def test_people_are_signed_out_everywhere(member: Member, alice: Person, bob: Person) -> None:
    users = [User.objects.get(uid=one.uid) for one in (alice, bob)]
    assert SessionRecord.objects.count() == 2
    assert sure(member("operator"), "sign_out", uids(users)).status_code == 302
    assert not SessionRecord.objects.exists()
    assert alice.browsers[0].call("GET", "/api/nonce").status == 401
    assert actions() == ["signed_out"] * 2
    assert Audit.objects.first().details == '{"sessions":1}'  # type: ignore[union-attr]


def test_new_accounts_are_let_in_or_turned_down(member: Member) -> None:
    moderator, users = member("moderator"), people(4, approved=False)
    page = moderator.get("/waiting/").content.decode()
    assert [user.username in page for user in users] == [True] * 4
    assert sure(moderator, "approve", uids(users[:2])).status_code == 302
    assert sure(moderator, "decline", uids(users[2:3]), reason="8").status_code == 302
    assert list(figures.unapproved(now_ms())) == users[3:]
    assert until(users[2]) == FOREVER
    for act in ("approve", "decline"):
        assert sure(moderator, act, uids(users[:1]), reason="8").status_code == 409
        assert sure(moderator, act, uids(users[2:3]), reason="8").status_code == 409
    closing.begin(users[3], erase=False, now_ms=now_ms())
    for act in ("approve", "decline"):
        assert sure(moderator, act, uids(users[3:]), reason="8").status_code == 409
    assert actions() == ["approved", "approved", "decided"]


def test_a_list_offers_what_its_reader_may_do(member: Member) -> None:
    people(1)
    pages = {role: member(role).get("/people/").content.decode() for role in ROLES}
    offered = {role: [label in page for label in LABELS] for role, page in pages.items()}
    assert offered == {"moderator": [True, False], "operator": [False, True]}


ROLES, LABELS = ("moderator", "operator"), ("Suspend…", "Sign out everywhere…")
