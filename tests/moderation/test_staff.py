"""From `staff_add` to the first sign-in, and what a lost phone asks for."""

import re
from html import unescape
from io import StringIO
from typing import NamedTuple

import pytest
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.test import Client
from django_otp.oath import totp

from accounts.models import User
from chatsite.running.clock import now_ms
from moderation import factors, roles, staff
from moderation.models import Audit, Codes, Passkey, StaffLink, Totp
from moderation.passwords import PASSWORD_MAX
from tests.accounts.people import Person
from tests.moderation.authenticator import Authenticator
from tests.moderation.conftest import ADMIN, PASSWORD, Member

pytestmark = pytest.mark.django_db


def said(*words: str) -> str:
    out = StringIO()
    call_command(*words, stdout=out)
    return out.getvalue()


class Way(NamedTuple):
    """What she was sent, and what she was told."""

    token: str
    told: str


def way_in(printed: str) -> Way:
    [told] = re.findall("than the link: (.+)", printed)
    return Way(printed.rpartition("#")[2].strip(), told)


@pytest.fixture
def erin(admin: None) -> Way:
    printed = said("staff_add", "erin", "--role", "auditor")
    assert f"http://{ADMIN}/join/#" in printed
    return way_in(printed)


@pytest.fixture
def browser(admin: None) -> Client:
    return Client(SERVER_NAME=ADMIN)


def shown_by_the_app() -> str:
    return f"{totp(factors._opened(Totp.objects.get())):06}"


def form(way: Way, **changed: str) -> dict[str, str]:
    whole = {"password": PASSWORD, "again": PASSWORD, "code": shown_by_the_app()}
    return way._asdict() | whole | changed


def opens(browser: Client, way: Way) -> str:
    return browser.post("/join/", way._asdict()).content.decode()


def test_a_link_leads_to_password_app_and_codes_and_then_in(erin: Way, browser: Client) -> None:
    assert "behind #" in browser.get("/join/").content.decode()
    opened = opens(browser, erin)
    secret = factors.secret_of(Totp.objects.get())
    assert secret in opened.replace(" ", "")
    assert f"secret={secret}" in unescape(opened)
    joined = browser.post("/join/", form(erin))
    assert joined.headers["Cache-Control"].startswith("max-age=0")
    user = User.objects.get(username="erin")
    code = factors_in(joined.content.decode())[0]
    assert StaffLink.objects.get().used
    entered = browser.post(
        "/login/", {"username": "erin", "password": PASSWORD, "code": code, "next": "/audit/"}
    )
    assert entered.headers["Location"] == "/audit/"
    page = browser.get("/audit/").content.decode()
    assert [each.action for each in Audit.objects.order_by("n")] == [
        "staff_add", "staff_link_opened", "staff_joined", "signed_in",
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
        ({"code": ""}, "Type the code of your app, or make a passkey"),
        ({"code": "", "passkey": "{}"}, "no passkey that can be read"),
        ({"password": "p" * 201, "again": "p" * 201}, "at most 200 characters"),
    ],
)
def test_what_is_wrong_is_said_and_the_link_stays(
    erin: Way, browser: Client, changed: dict[str, str], word: str
) -> None:
    opens(browser, erin)
    assert word in browser.post("/join/", form(erin, **changed)).content.decode()
    assert not User.objects.get(username="erin").has_usable_password()
    assert not Codes.objects.exists()
    assert "I have them" in browser.post("/join/", form(erin)).content.decode()


@pytest.mark.parametrize("token", ["", "x", "0" * 64, "0" * 1000, "\0", "é"])
def test_no_other_token_opens_anything(erin: Way, browser: Client, token: str) -> None:
    way = Way(token, erin.told)._asdict()
    for given in (way, way | {"password": PASSWORD, "again": PASSWORD}, way | {"options": "1"}):
        page = browser.post("/join/", given)
        assert page.status_code == 200
        assert "no such link, or it has expired" in page.content.decode()
    assert not Totp.objects.exists()


def test_tokens_are_not_tried_without_end(erin: Way, browser: Client) -> None:
    for _ in range(10):
        assert browser.post("/join/", {"token": "x"}).status_code == 200
    assert browser.post("/join/", erin._asdict()).status_code == 429


@pytest.mark.parametrize("told", ["", "x", "0" * 10, "0" * 10_000, "\0"])
def test_somebody_with_the_link_alone_sees_nothing(erin: Way, browser: Client, told: str) -> None:
    thief = erin._replace(told=told)
    for given in (thief._asdict(), form_of(thief), thief._asdict() | {"options": "1"}):
        page = browser.post("/join/", given).content.decode()
        assert "not the code that was told beside" in page
        assert "otpauth" not in page
        assert "challenge" not in page
    assert not Totp.objects.exists()
    refused = Audit.objects.filter(action="staff_link_refused", object="erin")
    assert [each.details for each in refused] == ['{"from":"127.0.0.1"}'] * 3


def form_of(way: Way) -> dict[str, str]:
    return way._asdict() | {"password": PASSWORD, "again": PASSWORD, "code": "000000"}


def test_after_five_wrong_codes_a_link_is_dead(erin: Way, browser: Client) -> None:
    for _ in range(staff.WRONG_CODES):
        assert "not the code" in opens(browser, erin._replace(told="x"))
    assert "the link is dead" in opens(browser, erin)
    assert not Totp.objects.exists()


def test_who_opened_a_link_before_is_said_and_knows_nothing(erin: Way, browser: Client) -> None:
    assert "opened before" not in opens(browser, erin)
    seen = factors.secret_of(Totp.objects.get())
    later = opens(browser, erin)
    assert "opened before" in later
    assert "from 127.0.0.1" in later
    assert seen not in later.replace(" ", "")
    assert seen != factors.secret_of(Totp.objects.get())
    assert "I have them" in browser.post("/join/", form(erin)).content.decode()
    assert "has been used" in opens(browser, erin)
    assert "from 127.0.0.1" in opens(browser, erin)
    assert Audit.objects.get(action="staff_joined").details == '{"factor":"app","from":"127.0.0.1"}'


def test_only_who_opens_a_link_sees_the_secret(erin: Way, browser: Client) -> None:
    opens(browser, erin)
    secret = factors.secret_of(Totp.objects.get())
    page = browser.post("/join/", form(erin, again="another", code="0")).content.decode()
    assert "You are <strong>erin</strong>" in page
    assert secret not in page.replace(" ", "")
    assert "open your link again" in page


def test_a_passkey_is_made_at_the_link(erin: Way, browser: Client) -> None:
    opens(browser, erin)
    key = Authenticator(f"http://{ADMIN}")
    options = browser.post("/join/", erin._asdict() | {"options": "1"}).content.decode()
    user = User.objects.get(username="erin")
    assert key.create(options)
    assert key.handle == user.uid
    made = key.create(options)
    foreign = Authenticator("http://evil").create(options)
    given = form(erin, code="")
    assert "can be read" in browser.post("/join/", given | {"passkey": foreign}).content.decode()
    options = browser.post("/join/", erin._asdict() | {"options": "1"}).content.decode()
    made = key.create(options)
    given |= {"passkey": made, "code": "000000"}  # typed before, for nothing
    joined = browser.post("/join/", given, headers={"user-agent": "Firefox/1"})
    assert "I have them" in joined.content.decode()
    passkey = Passkey.objects.get()
    assert (passkey.user, passkey.name) == (user, "Firefox")
    assert not Totp.objects.filter(confirmed=True).exists()
    assert '"factor":"passkey"' in Audit.objects.get(action="staff_joined").details


def test_a_password_is_no_longer_than_the_sign_in_takes(member: Member) -> None:
    member("operator")
    user = User.objects.get()
    longer = "p4ssword of staff " * 20
    for new in (longer[: PASSWORD_MAX + 1], longer):
        with pytest.raises(ValidationError, match=f"{PASSWORD_MAX} characters at most"):
            validate_password(new, user)
    validate_password(longer[:PASSWORD_MAX], user)


def test_a_link_is_good_once_and_two_hours(erin: Way, browser: Client) -> None:
    opens(browser, erin)
    whole = form(erin)
    StaffLink.objects.update(expires=now_ms())
    assert "it has expired" in browser.post("/join/", whole).content.decode()
    StaffLink.objects.update(expires=now_ms() + 1000)
    assert "I have them" in browser.post("/join/", whole).content.decode()
    assert "has been used" in browser.post("/join/", whole).content.decode()
    with pytest.raises(staff.Unusable):
        staff.join(staff.Shown(*erin, "", b""), PASSWORD, staff.Factor("000000", "", ""), now_ms())


def test_a_reset_ends_sessions_and_factors(member: Member) -> None:
    operator = member("operator")
    user = User.objects.get(username="the-operator")
    user.set_password(PASSWORD)
    user.save()
    operator.force_login(user)
    factors.new_codes(user)
    way = way_in(said("staff_reset_factor", "The-Operator"))
    assert operator.get("/people/").status_code == 302
    assert not Totp.objects.exists()
    assert not Codes.objects.exists()
    assert Audit.objects.get().details == '{"factors":2}'
    assert staff.opened(staff.Shown(*way, "", b""), now_ms()).app.user == user


def test_a_reset_leaves_nobody_every_right(member: Member) -> None:
    member("operator")
    User.objects.update(is_superuser=True)
    said("staff_reset_factor", "the-operator")
    assert User.objects.get().get_all_permissions() == roles.ROLES["operator"]


def test_a_code_is_typed_as_the_app_shows_it(erin: Way, browser: Client) -> None:
    opens(browser, erin)
    code = shown_by_the_app()
    joined = browser.post("/join/", form(erin, code=f"{code[:3]} {code[3:]}"))
    assert "I have them" in joined.content.decode()


def test_a_role_is_changed_without_a_link(erin: Way) -> None:
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


def test_staff_are_shut_out_until_it_is_undone(member: Member) -> None:
    operator = member("operator")
    for words in (["--for", "7d"], ["--requests"]):
        with pytest.raises(CommandError, match="shut until --undo"):
            said("suspend", "the-operator", *words)
    assert operator.get("/people/").status_code == 200
    assert "the-operator is suspended." in said("suspend", "the-operator")
    assert operator.get("/people/").status_code == 302
    said("suspend", "the-operator", "--undo")
    assert operator.get("/people/").status_code == 200
