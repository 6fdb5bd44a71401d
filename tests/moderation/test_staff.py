"""From `staff_add` to the first sign-in, and what a lost phone asks for."""

from html import unescape
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django_otp.oath import totp

from accounts.models import User
from chatsite.running.clock import now_ms
from moderation import factors, roles, staff
from moderation.models import Audit, Codes, StaffLink, Totp
from tests.accounts.people import Person
from tests.moderation.conftest import ADMIN, PASSWORD, Member

pytestmark = pytest.mark.django_db


def said(*words: str) -> str:
    out = StringIO()
    call_command(*words, stdout=out)
    return out.getvalue()


def token_of(printed: str) -> str:
    return printed.rpartition("#")[2].strip()


@pytest.fixture
def erin(admin: None) -> str:
    """The token of her link."""
    printed = said("staff_add", "erin", "--role", "auditor")
    assert f"http://{ADMIN}/join/#" in printed
    return token_of(printed)


@pytest.fixture
def browser(admin: None) -> Client:
    return Client(SERVER_NAME=ADMIN)


def shown_by_the_app() -> str:
    return f"{totp(factors._opened(Totp.objects.get())):06}"


def form(token: str, **changed: str) -> dict[str, str]:
    whole = {"token": token, "password": PASSWORD, "again": PASSWORD, "code": shown_by_the_app()}
    return whole | changed


def test_a_link_leads_to_password_app_and_codes_and_then_in(erin: str, browser: Client) -> None:
    assert "behind #" in browser.get("/join/").content.decode()
    opened = browser.post("/join/", {"token": erin}).content.decode()
    secret = factors.secret_of(Totp.objects.get())
    assert secret in opened.replace(" ", "")
    assert f"secret={secret}" in unescape(opened)
    joined = browser.post("/join/", form(erin))
    assert joined.headers["Cache-Control"].startswith("max-age=0")
    user = User.objects.get(username="erin")
    code = factors_in(joined.content.decode())[0]
    assert not StaffLink.objects.exists()
    entered = browser.post(
        "/login/", {"username": "erin", "password": PASSWORD, "code": code, "next": "/audit/"}
    )
    assert entered.headers["Location"] == "/audit/"
    page = browser.get("/audit/").content.decode()
    assert [each.action for each in Audit.objects.order_by("n")] == [
        "staff_add", "staff_joined", "signed_in",
    ]  # fmt: skip
    assert all(word in page for word in ("staff_add", "manage.py", "staff_joined", "signed_in"))
    assert PASSWORD not in page
    assert len(Codes.objects.get(user=user).left) == (factors.CODES - 1) * factors.MAC_LEN


def factors_in(page: str) -> list[str]:
    return [part.partition("<")[0] for part in page.split("<code>")[1:]]


@pytest.mark.parametrize(
    ("changed", "word"),
    [
        ({"password": "short", "again": "short"}, "too short"),
        ({"password": "password1234", "again": "password1234"}, "too common"),
        ({"again": "another password"}, "The two passwords differ"),
        ({"code": "000000"}, "The app shows another code"),
        ({"code": "x"}, "The app shows another code"),
        ({"code": ""}, "This field is required"),
        ({"password": "p" * 201, "again": "p" * 201}, "at most 200 characters"),
    ],
)
def test_what_is_wrong_is_said_and_the_link_stays(
    erin: str, browser: Client, changed: dict[str, str], word: str
) -> None:
    browser.post("/join/", {"token": erin})
    assert word in browser.post("/join/", form(erin, **changed)).content.decode()
    assert not User.objects.get(username="erin").has_usable_password()
    assert not Codes.objects.exists()
    assert "I have them" in browser.post("/join/", form(erin)).content.decode()


@pytest.mark.parametrize("token", ["", "x", "0" * 64, "0" * 1000, "\0", "é"])
def test_no_other_token_opens_anything(erin: str, browser: Client, token: str) -> None:
    for given in ({"token": token}, {"token": token, "password": PASSWORD, "again": PASSWORD}):
        page = browser.post("/join/", given)
        assert page.status_code == 200
        assert "has been used or has expired" in page.content.decode()
    assert not Totp.objects.exists()


def test_tokens_are_not_tried_without_end(erin: str, browser: Client) -> None:
    for _ in range(10):
        assert browser.post("/join/", {"token": "x"}).status_code == 200
    assert browser.post("/join/", {"token": erin}).status_code == 429


def test_a_link_is_good_once_and_a_day(erin: str, browser: Client) -> None:
    browser.post("/join/", {"token": erin})
    whole = form(erin)
    StaffLink.objects.update(expires=now_ms())
    assert "has expired" in browser.post("/join/", whole).content.decode()
    StaffLink.objects.update(expires=now_ms() + 1000)
    assert "I have them" in browser.post("/join/", whole).content.decode()
    assert "has been used" in browser.post("/join/", whole).content.decode()
    with pytest.raises(staff.Unusable):
        staff.join(erin, PASSWORD, "000000", now_ms())


def test_a_reset_ends_sessions_and_factors(member: Member) -> None:
    operator = member("operator")
    user = User.objects.get(username="the-operator")
    user.set_password(PASSWORD)
    user.save()
    operator.force_login(user)
    factors.new_codes(user)
    token = token_of(said("staff_reset_factor", "The-Operator"))
    assert operator.get("/people/").status_code == 302
    assert not Totp.objects.exists()
    assert not Codes.objects.exists()
    assert Audit.objects.get().details == '{"factors":2}'
    assert staff.opened(token, now_ms()) is not None


def test_a_reset_leaves_nobody_every_right(member: Member) -> None:
    member("operator")
    User.objects.update(is_superuser=True)
    said("staff_reset_factor", "the-operator")
    assert User.objects.get().get_all_permissions() == roles.ROLES["operator"]


def test_a_code_is_typed_as_the_app_shows_it(erin: str, browser: Client) -> None:
    browser.post("/join/", {"token": erin})
    code = shown_by_the_app()
    joined = browser.post("/join/", form(erin, code=f"{code[:3]} {code[3:]}"))
    assert "I have them" in joined.content.decode()


def test_a_role_is_changed_without_a_link(erin: str) -> None:
    before = StaffLink.objects.get().digest
    assert "#" not in said("staff_add", "erin", "--role", "operator")
    assert StaffLink.objects.get().digest == before
    user = User.objects.get(username="erin")
    assert [group.name for group in user.groups.all()] == ["operator"]


@pytest.mark.parametrize("command", ["staff_add", "staff_reset_factor"])
def test_people_of_the_chats_do_not_become_staff(admin: None, alice: Person, command: str) -> None:
    role = ["--role", "operator"] if command == "staff_add" else []
    with pytest.raises(CommandError):
        said(command, "alice", *role)
    assert not User.objects.get(username="alice").is_staff
    assert not Audit.objects.exists()


def test_commands_say_what_they_lack(db: None, settings) -> None:
    with pytest.raises(CommandError, match="set ADMIN_URL first"):
        said("staff_add", "erin", "--role", "auditor")
    with pytest.raises(CommandError, match="set ADMIN_URL first"):
        said("staff_reset_factor", "erin")
    with pytest.raises(CommandError, match="staff_add NAME --role"):
        said("createsuperuser")
    settings.ADMIN_URL = "http://admin.localhost/"
    with pytest.raises(CommandError, match="A name has"):
        said("staff_add", "no name", "--role", "auditor")
    with pytest.raises(CommandError, match="no such member of staff"):
        said("staff_reset_factor", "erin")
