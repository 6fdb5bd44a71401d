"""Lists of the admin go on to their last row, and a search finds what it is asked for."""

import re
from datetime import UTC, datetime

import pytest
from django.contrib.sessions.models import Session
from django.test import Client

from accounts.models import Device, SessionRecord, User
from e2ee.kem import PUBLIC_KEY_LEN
from media.models import Blob, State
from messaging.models import Invite
from moderation.figures import Name
from moderation.listing import PAGE
from moderation.models import Appeal, Decision, Figure, Measure, Report
from tests.moderation.conftest import Member

pytestmark = pytest.mark.django_db(databases=["default", "messages"])
ROWS = 2 * PAGE + 1  # one more than fills two pages
NEXT = re.compile(r'href="\?([^"]+)" rel="next"')
BODY = re.compile(r"<tbody>(.*?)</tbody>", re.S)


def person(number: int) -> User:
    return User(
        username=f"person{number:03}", skeleton=str(number), display_name="x", head_k=1
    )  # fmt: skip


def device(number: int, user: User) -> Device:
    return Device(
        user=user, device=number.to_bytes(16, "big"), signing_key=bytes(32), added=number,
        kem_key=bytes(PUBLIC_KEY_LEN), added_k=1, agent="Firefox on Linux",
    )  # fmt: skip


def session(number: int, user: User) -> SessionRecord:
    return SessionRecord(
        session_id=f"key{number}", hash=number.to_bytes(16, "big"), user=user, created=number,
        seen=number // 9, unlocked=0, agent=f"Browser {number}",
    )  # fmt: skip


def report(number: int, user: User) -> Report:
    return Report(
        report=number.to_bytes(16, "big"), reporter=bytes(16), peer=user.uid, reason=1, kid="x",
        mids=b"", made=number // 9, state=1 + number % 4,
    )  # fmt: skip


def invite(number: int, user: User) -> Invite:
    return Invite(
        user=user, ident=number.to_bytes(16, "big"), digest=number.to_bytes(32, "big"), created=1,
        expires=2,
    )  # fmt: skip


def blob(number: int, user: User) -> Blob:
    return Blob(
        blob=number.to_bytes(16, "big"), owner=user.uid, conv=bytes(16), size=number // 9, part=1,
        state=State.LINKED, changed=1,
    )  # fmt: skip


def decision(number: int, user: User) -> Decision:
    return Decision(
        decision=number.to_bytes(16, "big"), user=user, measure=Measure.WARN, reason=1, made=1,
        by="x",
    )  # fmt: skip


@pytest.fixture
def full(db: None) -> None:
    """Many of everything, many of them of the same time or size."""
    User.objects.bulk_create(map(person, range(ROWS)))
    users = list(enumerate(User.objects.order_by("username")))
    later = datetime(2100, 1, 1, tzinfo=UTC)
    Session.objects.bulk_create(
        Session(session_key=f"key{number}", session_data="", expire_date=later)
        for number in range(ROWS)
    )
    for make in (device, session, report, invite, blob, decision):
        made = [make(number, user) for number, user in users]
        type(made[0])._default_manager.bulk_create(made)  # type: ignore[arg-type]
    appealed = Decision.objects.filter(user__username__endswith="1")
    Appeal.objects.bulk_create(Appeal(decision=each, text="no", made=1) for each in appealed)
    Figure.objects.bulk_create(
        Figure(day=number // 9, name=Name.REFUSED, of=f"4{number:02}", n=1)
        for number in range(ROWS)
    )


def pages(client: Client, path: str, query: str = "") -> list[str]:
    """The rows of all pages, as they stand in them."""
    rows = []
    for _ in range(4):
        page = client.get(f"/{path}/?{query}").content.decode()
        rows += [row.strip() for row in BODY.findall(page)[-1].split("<tr>")[1:]]
        following = NEXT.search(page)
        if following is None:
            return rows
        query = following[1].replace("&amp;", "&")
    raise AssertionError(f"{path} has no end")


def test_every_row_is_on_one_page_and_a_search_finds_it(full: None, member: Member) -> None:
    moderator, operator, auditor = map(member, ("moderator", "operator", "auditor"))
    lists = {
        **dict.fromkeys(("people", "devices", "sessions", "invites", "storage"), operator),
        **dict.fromkeys(("reports", "decisions"), moderator), "refusals": auditor,
    }  # fmt: skip
    for path, client in lists.items():
        rows = pages(client, path)
        assert (path, len(rows), len(set(rows))) == (path, ROWS, ROWS)
    appealed = ["appealed" in row for row in pages(moderator, "decisions")]
    assert appealed == sorted(appealed, reverse=True)
    for path in ("people", "devices", "sessions", "invites", "storage"):
        rows = pages(operator, path, "q=person042")
        assert (path, len(rows)) == (path, 1)
        assert "person042" in rows[0]
    for path in ("reports", "decisions"):
        [row] = pages(moderator, path, "q=person042")
        assert "person042" in row
    [row] = pages(operator, "devices", f"q={(42).to_bytes(16, 'big').hex()}")
    assert "person042" in row
    [row] = pages(operator, "refusals", "q=442")
    assert "442" in row


@pytest.mark.parametrize(
    ("role", "path"),
    [("operator", "people"), ("operator", "devices"), ("operator", "sessions"),
     ("operator", "invites"), ("operator", "storage"), ("moderator", "reports"),
     ("moderator", "decisions")],
)  # fmt: skip
@pytest.mark.parametrize("after", ["x", "1.2.3.4", "-1", "9" * 40, "%00", "1." * 2000])
def test_a_page_that_nobody_gave_is_the_first(
    role: str, path: str, after: str, member: Member
) -> None:
    assert member(role).get(f"/{path}/?after={after}&q=%00").status_code == 200


def test_the_page_of_a_person_says_where_the_rest_is(member: Member) -> None:
    user = person(1)
    user.save()
    for number in range(21):
        device(number, user).save()
    page = member("operator").get(f"/people/{user.uid.hex()}/").content.decode()
    assert 'href="/devices/?q=person001"' in page
    assert 'href="/sessions/?q=person001"' not in page
    assert not Decision.objects.exists()
