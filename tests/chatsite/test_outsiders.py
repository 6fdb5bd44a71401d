"""Every address of the site as nobody, as staff of each role, and as people who may not: suspended,
without the proof of their device, without having typed the password. A new one must be named here;
those of the admin are in tests/moderation/test_views.py."""

import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from django.conf import settings
from django.test import Client
from django.urls import URLPattern, get_resolver

from accounts import suspending
from accounts.models import SessionRecord, User
from accounts.suspending import FOREVER, Kind, Reason
from chatsite.running.clock import now_ms
from moderation import roles
from tests.accounts.conftest import alice
from tests.accounts.people import Browser, Person
from tests.moderation.conftest import entered

pytestmark = pytest.mark.django_db(databases=["default", "messages"])
__all__ = ["alice"]
ID = "0" * 32

ANYBODY = (
    "POST api/start", "POST api/sign-up/start", "POST api/sign-up", "POST api/sign-in",
    "POST api/standing", "POST api/reset/start", "POST api/reset/open", "POST api/reset/finish",
    "POST api/deletion/step",
)  # fmt: skip
SESSION = ("GET api/nonce", "POST api/live-token", "DELETE api/sessions", "POST api/appeals")
PROOF = (
    "GET api/email", "DELETE api/email", "POST api/email/confirm", "POST api/unlock",
    "POST api/links/read", "GET api/notes", "PUT api/notes", "PUT api/profile", "GET api/privacy",
    "PUT api/privacy", "POST api/people", "GET api/connections", "POST api/connections",
    "POST api/connections/all", "GET api/invites", "POST api/invites", "POST api/invites/show",
    "POST api/invites/accept", "DELETE api/invites/<str:invite>", "POST api/epochs/read",
    "POST api/epochs/<str:conv>", "PUT api/boxes", "POST api/blobs", "GET api/blobs/<str:blob>",
    "DELETE api/blobs/<str:blob>", "POST api/blobs/<str:blob>/whole",
    "POST api/blobs/<str:blob>/urls", "GET api/storage", "GET api/moderation-key",
    "POST api/reports", "GET api/decisions",
)  # fmt: skip
PROOF_OR_GRANT = (
    "GET api/wraps", "GET api/links", "GET api/sessions", "DELETE api/sessions/<str:session>",
)  # fmt: skip
UNLOCKED = (
    "PUT api/password", "PUT api/code", "DELETE api/factors/<str:factor>", "PUT api/email",
    "POST api/export", "POST api/deletion",
)  # fmt: skip
UNLOCKED_OR_GRANT = ("POST api/links",)
GRANT = ("GET api/vault",)
PROVED = {*PROOF, *PROOF_OR_GRANT, *UNLOCKED, *UNLOCKED_OR_GRANT}
# Who is suspended hears why, goes, and takes along what is theirs.
WHILE_SUSPENDED = {
    "GET api/nonce", "DELETE api/sessions", "POST api/appeals", "POST api/unlock",
    "POST api/export", "POST api/deletion",
}  # fmt: skip
OPEN_PAGES = ("", "help", "invite", "reset", "sign-in", "sign-up", "site.webmanifest")
PRIVATE_PAGES = (
    "chats", r"^chats/(?P<conv>[0-9a-f]{32})\Z", "people", "settings", "decisions", "suspended",
)  # fmt: skip


@dataclass(frozen=True)
class Answered:
    status: int
    code: str


def endpoints() -> Iterator[str]:
    """Each with its method, as the resolver has it."""
    client = Client()
    for path in sorted(patterns(get_resolver())):
        if path.startswith("api/"):
            allowed = client.options(f"/{filled(path)}").headers["Allow"]
            yield from (f"{method} {path}" for method in allowed.split(", "))


def patterns(resolver: object, before: str = "") -> Iterator[str]:
    for each in resolver.url_patterns:  # type: ignore[attr-defined]
        path = before + str(each.pattern)
        if isinstance(each, URLPattern):
            yield path
        else:
            yield from patterns(each, path)


def filled(path: str) -> str:
    return "/".join(ID if "<" in part else part for part in path.split("/"))


def ask(browser: Browser, endpoint: str, *, prove: bool) -> Answered:
    method, path = endpoint.split()
    answer = browser.call(method, f"/{filled(path)}", prove=prove)
    return Answered(answer.status, answer.json.get("code", "") if answer.status >= 400 else "")


def suspend(who: Person) -> None:
    suspending.suspend(
        User.objects.get(uid=who.uid), Kind.ALL, until=FOREVER, reason=Reason.SPAM,
        decision=secrets.token_bytes(16), now_ms=now_ms(),
    )  # fmt: skip


def test_every_endpoint_is_named_here() -> None:
    named = [*ANYBODY, *SESSION, *PROVED, *GRANT]
    assert sorted(endpoints()) == sorted(named)


def test_nobody_is_asked_to_sign_in() -> None:
    for endpoint in (*SESSION, *PROVED, *GRANT):
        assert ask(Browser(), endpoint, prove=False) == Answered(401, "sign_in"), endpoint


@pytest.mark.parametrize("role", [*roles.ROLES, "roleless"])
def test_staff_are_nobody_in_the_chats(role: str) -> None:
    user = User.objects.create(username="erin", is_staff=True)
    if role != "roleless":
        roles.give(user, role)
    browser, name = Browser(), settings.SESSION_COOKIE_NAME
    browser.http.cookies[name] = entered(user).cookies[name].value
    for endpoint in (*SESSION, *PROVED, *GRANT):
        assert ask(browser, endpoint, prove=False) == Answered(401, "sign_in"), endpoint


def test_a_cookie_without_its_device_does_nothing(alice: Person) -> None:
    for endpoint in (*PROVED, *GRANT):
        refused = Answered(403, "grant" if endpoint in GRANT else "proof")
        assert ask(alice.browsers[0], endpoint, prove=False) == refused, endpoint


def test_a_device_without_the_password_changes_nothing_that_opens_the_account(
    alice: Person,
) -> None:
    SessionRecord.objects.update(unlocked=0)
    for endpoint in (*UNLOCKED, *UNLOCKED_OR_GRANT):
        assert ask(alice.browsers[0], endpoint, prove=True) == Answered(403, "unlock"), endpoint
    assert ask(alice.browsers[0], GRANT[0], prove=True) == Answered(403, "grant")


def test_who_is_suspended_hears_so_everywhere_else(alice: Person) -> None:
    browser = alice.browsers[0]
    suspend(alice)
    for endpoint in {*SESSION, *PROVED} - WHILE_SUSPENDED:
        assert ask(browser, endpoint, prove=True) == Answered(403, "suspended"), endpoint
    SessionRecord.objects.update(unlocked=0)  # nothing is deleted here
    for endpoint in sorted(WHILE_SUSPENDED - {"DELETE api/sessions"}):
        assert ask(browser, endpoint, prove=True).code != "suspended", endpoint


def pages() -> Iterator[tuple[str, str]]:
    """As the resolver has it, and an address of it."""
    for path in patterns(get_resolver()):
        if not path.startswith("api/"):
            yield path, "/" + re.sub(r"\(.*\)", ID, path.strip("^").removesuffix(r"\Z"))


def test_every_page_is_named_here() -> None:
    assert sorted(path for path, _ in pages()) == sorted({*OPEN_PAGES, *PRIVATE_PAGES})


@pytest.mark.parametrize("who", ["nobody", *roles.ROLES])
def test_pages_of_people_lead_others_to_the_sign_in(who: str) -> None:
    client = Client()
    if who != "nobody":
        user = User.objects.create(username="erin", is_staff=True)
        roles.give(user, who)
        name = settings.SESSION_COOKIE_NAME
        client.cookies[name] = entered(user).cookies[name].value
    for path, address in pages():
        answer = client.get(address)
        if path in PRIVATE_PAGES:
            assert answer.status_code == 302, path
            assert answer.headers["Location"].startswith("/sign-in"), path
        else:
            assert answer.status_code == 200, path


def test_who_is_suspended_sees_one_page(alice: Person) -> None:
    suspend(alice)
    for path, address in pages():
        if path in PRIVATE_PAGES:
            answer = alice.browsers[0].http.get(address)
            there = path == "suspended"
            assert answer.status_code == (200 if there else 302), path
            assert there or answer.headers["Location"].startswith("/suspended"), path
