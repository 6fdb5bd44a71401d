"""Every address of the admin, as each role, as an ordinary person, as staff with one factor, and as
nobody. A new one must be named here."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import URLPattern, get_resolver, reverse

from accounts.models import Credentials, Failure, User
from moderation import roles
from moderation.models import Audit, Totp
from tests.accounts.people import Person
from tests.moderation.conftest import ADMIN, Member, entered

pytestmark = pytest.mark.django_db(databases=["default", "messages"])
URLS = "moderation.urls"
EVERYBODY = frozenset({"moderator", "investigator", "operator", "auditor"})
STAFF = EVERYBODY | {"roleless"}
TABLES = ("user", "encryption-key", "conversation", "unread", "read", "heartbeat")
# Who may see it. The sign-in and the page of a link are for those who are not signed in yet.
NAMES = ("people", "person", "devices", "sessions")  # pages with the name of somebody
OPEN = {"login", "join", "logout"}
REPORT_ACTS = ("report_take", "report_note", "report_decide")
DECISION_ACTS = ("decision_undo", "decision_keep")
MANY = ("many_suspend", "many_close", "many_undo", "many_approve", "many_decline", "many_sign_out")
MODERATOR = frozenset({"moderator", "investigator"})
OPERATOR, AUDITOR = frozenset({"operator"}), frozenset({"auditor"})
PEOPLE = MODERATOR | OPERATOR
MAY = {
    **dict.fromkeys(
        ("index", "factors", "password_change", "password_change_done", "jsi18n"), STAFF
    ),
    **dict.fromkeys(("people", "person"), PEOPLE),
    **dict.fromkeys(("devices", "sessions", "invites", "storage", "table_row"), OPERATOR),
    **dict.fromkeys((f"table_{name}" for name in TABLES), OPERATOR),
    **dict.fromkeys(("reports", "report", "report_blob", *REPORT_ACTS), MODERATOR),
    **dict.fromkeys(("decisions", "decision", *DECISION_ACTS, "waiting", *MANY[:-1]), MODERATOR),
    "many_sign_out": OPERATOR,
    "audit": AUDITOR,
    "refusals": EVERYBODY,
}

FOUND = {  # what is not there is missing for those who may look for it; the rest asks for a POST
    **dict.fromkeys(("table_row", "report", "report_blob", "decision"), 404),
    **dict.fromkeys((*REPORT_ACTS, *DECISION_ACTS, *MANY), 405),
}


def patterns(resolver: Any) -> Iterator[URLPattern]:
    for each in resolver.url_patterns:
        if isinstance(each, URLPattern):
            yield each
        else:
            yield from patterns(each)


def address(name: str, person: bytes) -> str:
    report = {"report": "0" * 32}
    known = {"person": {"uid": person.hex()}, "table_row": {"name": "user"}}
    known |= dict.fromkeys(("report", *REPORT_ACTS), report)
    known["report_blob"] = report | {"blob": "0" * 32, "n": "0"}
    known |= {each: {"decision": "0" * 32} for each in ("decision", *DECISION_ACTS)}
    words = known.get(name, {})
    return reverse(name if name == "join" else f"admin:{name}", URLS, kwargs=words)


def test_every_address_is_named_here() -> None:
    names = {each.name for each in patterns(get_resolver(URLS))}
    # The last one answers everything else: nobody learns which pages there are.
    assert names == {*MAY, *OPEN, None}


@pytest.fixture
def browsers(member: Member, alice: Person) -> dict[str, Client]:
    roleless = User.objects.create(username="roleless", display_name="x", is_staff=True)
    lone = User.objects.create(username="one-factor", display_name="x", is_staff=True)
    roles.give(lone, "operator")
    gone = User.objects.create(username="gone", display_name="x", is_staff=True)
    roles.give(gone, "operator")
    suspended = entered(gone)
    User.objects.filter(pk=gone.pk).update(is_active=False)
    person = Client(SERVER_NAME=ADMIN)
    name = settings.SESSION_COOKIE_NAME
    person.cookies[name] = alice.browsers[0].http.cookies[name].value
    return {
        **{role: member(role) for role in EVERYBODY}, "roleless": entered(roleless),
        "one factor": entered(lone, verified=False), "suspended": suspended, "person": person,
        "nobody": Client(SERVER_NAME=ADMIN),
    }  # fmt: skip


@pytest.mark.parametrize("name", MAY)
def test_a_page_is_for_its_roles_alone(
    name: str, browsers: dict[str, Client], alice: Person
) -> None:
    page = address(name, alice.uid)
    for who, client in browsers.items():
        answer = client.get(page)
        if who in STAFF:
            may = who in MAY[name]
            missing = dict.fromkeys(("table_row", "report", "report_blob", "decision"), 404)
            found = (missing | dict.fromkeys((*REPORT_ACTS, *DECISION_ACTS, *MANY), 405)).get(
                name, 200
            )
            assert answer.status_code == (found if may else 403), who
        else:
            assert answer.status_code == 302, who
            assert answer.headers["Location"].startswith("/login/?next="), who
        assert "alice" not in answer.content.decode() or name in NAMES, who


@pytest.mark.parametrize("name", MANY)
def test_nobody_else_does_anything_to_many(
    name: str, browsers: dict[str, Client], alice: Person
) -> None:
    User.objects.filter(uid=alice.uid).update(approved=False)
    sure = {"chosen": alice.uid.hex(), "sure": "1", "reason": "6", "days": "7"}
    for who in browsers.keys() - MAY[name]:
        answer = browsers[who].post(address(name, alice.uid), sure)
        assert answer.status_code == (403 if who in STAFF else 302), who
    assert not Audit.objects.exists()
    assert not User.objects.get(uid=alice.uid).approved


def test_nobody_posts_to_a_page_of_others(browsers: dict[str, Client], alice: Person) -> None:
    """With all that any form of the admin asks for."""
    form = {
        "act": "codes", "options": "1", "number": "1", "version": "0", "sure": "1", "measure": "5",
        "reason": "6", "days": "7", "text": "x", "chosen": alice.uid.hex(), "old_password": "x",
    }  # fmt: skip
    factors = list(Totp.objects.order_by("pk").values())
    for name in MAY:
        for who in browsers.keys() - MAY[name]:
            answer = browsers[who].post(address(name, alice.uid), form)
            assert answer.status_code == (403 if who in STAFF else 302), (name, who)
    assert not Audit.objects.exists()
    assert not Failure.objects.exists()
    assert list(Totp.objects.order_by("pk").values()) == factors


@pytest.mark.parametrize("path", ["/nothing", "/people/x/y", "/tables/salt/", "/accounts/user/1/"])
def test_what_is_not_there_looks_like_the_rest(path: str, browsers: dict[str, Client]) -> None:
    for who, client in browsers.items():
        there = who in STAFF
        assert client.get(path).status_code == (404 if there else 302), who


def test_roles_have_just_what_stands_here(db: None) -> None:
    for role, rights in roles.ROLES.items():
        user = User.objects.create(username=role, display_name=role, is_staff=True)
        roles.give(user, role)
        assert user.get_all_permissions() == rights


@pytest.mark.parametrize(
    "asked",
    ["user/?after=zz", "user/?after=6162", "user/?after=" + "%0b" * 2000, "user/?after=+",
     "read/?after=" + "0" * 5000, "user/row/?key=x", "salt/row/", "heartbeat/?after=" + "0" * 5000],
)  # fmt: skip
def test_a_cursor_that_nobody_gave_finds_nothing(asked: str, member: Member) -> None:
    assert member("operator").get(f"/tables/{asked}").status_code == 404


@pytest.mark.parametrize(
    "asked", ["people/?q=%00&after=%00", "people/?q=alice", "invites/?after=9"]
)
def test_what_somebody_types_is_looked_for(asked: str, member: Member, alice: Person) -> None:
    page = member("operator").get(f"/{asked}")
    assert page.status_code == 200
    assert ("Alice" in page.content.decode()) == ("people" in asked)


def test_looks_that_matter_are_written_down(member: Member, alice: Person) -> None:
    operator = member("operator")
    for path in (f"/people/{alice.uid.hex()}/", "/tables/user/", "/tables/heartbeat/"):
        assert operator.get(path).status_code == 200
    written = Audit.objects.order_by("n").values_list("actor", "action", "object")
    assert list(written) == [
        ("the-operator", "see_person", f"person {alice.uid.hex()}"),
        ("the-operator", "see_table", "table user"),
        ("the-operator", "see_table", "table heartbeat"),
    ]


def test_a_persons_page_has_no_key_of_a_session(member: Member, alice: Person) -> None:
    page = member("operator").get(f"/people/{alice.uid.hex()}/").content.decode()
    assert "Sessions" in page
    row, session = (
        Credentials.objects.get(),
        Session.objects.filter(sessionrecord__user__uid=alice.uid).get(),
    )
    hidden = [row.verifier.split("$")[-1], row.code_verifier.split("$")[-1], session.session_key]
    assert not [each for each in hidden if each in page]
    modest = member("moderator").get(f"/people/{alice.uid.hex()}/").content.decode()
    assert "Sessions" not in modest
    assert "Files" not in modest


@pytest.mark.parametrize("role", sorted(EVERYBODY))
def test_nothing_is_changed_by_looking(role: str, member: Member, alice: Person) -> None:
    """No page of these takes a POST that does something."""
    client = member(role)
    before = list(User.objects.order_by("pk").values())
    for name in sorted(set(MAY) - {"password_change"}):
        client.post(address(name, alice.uid), {"is_active": "", "is_superuser": "on"})
    assert list(User.objects.order_by("pk").values()) == before
