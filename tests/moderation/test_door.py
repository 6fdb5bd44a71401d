"""Where the admin answers and to whom, and how staff sign in."""

import threading
import time
from http import HTTPStatus
from ipaddress import ip_network

import pytest
from django.contrib.admin import AdminSite
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django_otp.oath import totp

from accounts import tries
from accounts.models import Failure, User
from chatsite.hosts import AdminHost
from e2ee.records import FACTOR_PASSWORD
from moderation import factors, roles, signin
from moderation.models import Audit, Totp
from tests.accounts.people import Person
from tests.moderation.conftest import ADMIN, PASSWORD, Member

pytestmark = pytest.mark.django_db
TRIES, _ = tries.TRIES[FACTOR_PASSWORD]
ELSEWHERE = "127.0.0.9"


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Passwords that the slow hash was asked about."""
    asked: list[str] = []

    def verify(_self: object, password: str, _encoded: str) -> bool:
        asked.append(password)
        return password == PASSWORD

    monkeypatch.setattr(Argon2PasswordHasher, "verify", verify)
    monkeypatch.setattr(Argon2PasswordHasher, "must_update", lambda *_: False)
    return asked


@pytest.fixture
def operator(admin: None, hashed: list[str]) -> User:
    """With an app, a list of codes and a password."""
    user = User(username="operator", display_name="operator", is_staff=True)
    user.password = "argon2$argon2id$v=19$m=8,t=1,p=1$AAAA$AAAA"
    user.save()
    roles.give(user, "operator")
    app = factors.new_app(user)
    Totp.objects.filter(pk=app.pk).update(confirmed=True)
    return user


def code_of(user: User, steps: int = 0) -> str:
    """As their phone shows it, so many half minutes from now."""
    secret = factors._opened(Totp.objects.get(user=user))
    return f"{totp(secret, t0=-30 * steps):06}"


def sign_in(password: str, code: str, name: str = "operator", address: str = "127.0.0.1"):
    form = {"username": name, "password": password, "code": code, "next": "/"}
    return Client(SERVER_NAME=ADMIN).post("/login/", form, REMOTE_ADDR=address)


def test_there_is_no_admin_unless_a_setting_asks_for_it(db: None) -> None:
    for path in ("/admin/", "/admin/login/", "/login/", "/join/"):
        assert Client().get(path).status_code == 404
        assert Client().post(path, {"username": "operator"}).status_code == 404


def test_each_host_has_its_own_pages_alone(admin: None, member: Member, alice: Person) -> None:
    staff = member("operator")
    assert staff.get("/people/").status_code == 200
    for path in ("/login/", "/join/", "/audit/", "/tables/user/"):
        assert staff.get(path, SERVER_NAME="localhost").status_code == 404
    for path in ("/sign-in", "/chats", "/api/nonce", "/admin/", "/blobs/1/2", "/live"):
        assert staff.get(path).status_code == 404
        assert Client(SERVER_NAME=ADMIN).get(path).status_code == 302  # asked to sign in, as ever
    assert Client(SERVER_NAME="localhost").get("/sign-in").status_code == 200


@pytest.mark.parametrize("host", ["Admin.Localhost", "admin.localhost:8443", "admin.localhost.:1"])
def test_the_host_is_known_however_it_is_written(admin: None, host: str) -> None:
    assert Client(headers={"host": host}).get("/login/").status_code == 200


@pytest.mark.parametrize("allowed", [["10.1.0.0/16"], ["2001:db8::/32"]])
def test_strangers_to_the_networks_find_nothing(
    admin: None, member: Member, settings, allowed: list[str]
) -> None:
    settings.ADMIN_NETWORKS = [ip_network(each) for each in allowed]
    staff = member("operator")
    inside = "10.1.2.3" if "10" in allowed[0] else "2001:db8::7"
    for path in ("/", "/login/", "/join/", "/people/", "/static/css/admin.css"):
        for outside in ("127.0.0.1", "10.2.0.1", "2001:db9::1", "nonsense", ""):
            assert staff.get(path, REMOTE_ADDR=outside).status_code == 404, (path, outside)
    assert staff.get("/people/", REMOTE_ADDR=inside).status_code == 200
    assert Client(SERVER_NAME="localhost").get("/", REMOTE_ADDR="10.2.0.1").status_code == 200


def test_nobody_comes_in_by_a_proxy_that_names_no_client(admin: None, member: Member) -> None:
    staff = member("operator")
    for path in ("/", "/login/", "/join/", "/people/"):
        refused = staff.get(path, headers={"x-client-unnamed": "1"})
        assert refused.status_code == 403
        assert b"does not say in X-Forwarded-For whose request this is" in refused.content
    assert staff.get("/people/").status_code == 200
    people = Client(SERVER_NAME="localhost")
    assert people.get("/", headers={"x-client-unnamed": "1"}).status_code == 200


async def test_no_live_session_and_no_file_at_the_admins_host(admin: None) -> None:
    reached: list[str] = []

    async def site(*_):
        reached.append("site")

    async def django(*_):
        reached.append("django")

    async def send(event):
        reached.append(event["type"])

    async def receive():
        return {"type": "websocket.connect"}

    hosts = AdminHost(site, django)
    for host in (b"admin.localhost:1", b"ADMIN.localhost", b"localhost", b"admin.localhost.evil"):
        for kind in ("http", "websocket"):
            scope = {"type": kind, "headers": [(b"host", host)]}
            await hosts(scope, receive, send)
    await hosts({"type": "http", "headers": [(b"host", b"x"), (b"host", b"admin.localhost")]}, 0, 0)
    own = ["django", "websocket.close"]
    assert reached == [*own, *own, *["site"] * 4, "django"]


def test_staff_enter_with_both_factors_and_no_try_is_left(operator: User) -> None:
    for password, code in (("wrong", code_of(operator)), (PASSWORD, "000000"), (PASSWORD, "")):
        answer = sign_in(password, code)
        assert answer.status_code == 200
        assert b"do not fit together" in answer.content or not code
    before = Failure.objects.count()
    answer = sign_in(PASSWORD, code_of(operator))
    assert (answer.status_code, answer.headers["Location"]) == (302, "/")
    assert Failure.objects.count() == before
    assert answer.client.get("/people/").status_code == 200
    assert Audit.objects.get(action="signed_in").actor == "operator"
    session = answer.client.session
    session["touched"] = True  # does not make it last longer
    assert isinstance(session["_session_expiry"], str)
    assert 8 * 3600 - 60 < session.get_expiry_age() <= 8 * 3600


def test_a_code_is_good_once(operator: User) -> None:
    code = code_of(operator)
    assert sign_in(PASSWORD, code).status_code == 302
    assert sign_in(PASSWORD, code).status_code == 200
    [first, *others] = factors.new_codes(operator)
    assert len(others) == factors.CODES - 1
    assert sign_in(PASSWORD, f"{first[:5].upper()}-{first[5:]}").status_code == 302
    assert sign_in(PASSWORD, first).status_code == 200
    assert sign_in(PASSWORD, others[-1]).status_code == 302


def test_a_code_of_another_minute_or_person_is_none(operator: User, member: Member) -> None:
    member("auditor")
    other = User.objects.get(username="the-auditor")
    for code in (
        code_of(operator, -3),
        code_of(operator, 3),
        code_of(other),
        "１２３４５６",
        "x" * 20,
    ):
        assert factors.proved(operator, code) is None
    assert factors.proved(operator, code_of(operator, 1)) is not None  # a clock half a minute off


def test_nothing_of_a_factor_is_readable_in_the_database(operator: User) -> None:
    codes = factors.new_codes(operator)
    secret = factors._opened(Totp.objects.get(user=operator))
    with connection.cursor() as cursor:
        cursor.execute("SELECT sealed FROM moderation_totp")
        app = bytes(cursor.fetchone()[0])
        cursor.execute("SELECT * FROM moderation_codes")
        listed = repr(cursor.fetchall())
    assert secret not in app
    assert secret.hex() not in app.hex()
    assert not [code for code in codes if code in listed or code.encode().hex() in listed]


def test_the_hash_runs_for_nobody_who_shows_no_code(operator: User, hashed: list[str]) -> None:
    for code in ("", " ", "x" * (signin.CODE_MAX + 1)):
        assert sign_in(PASSWORD, code).status_code == 200
    assert hashed == []


def test_tries_are_counted_by_name_before_the_hash(operator: User, hashed: list[str]) -> None:
    for number in range(TRIES):
        assert sign_in("wrong", "000000", address=f"127.0.1.{number}").status_code == 200
    looked_at = len(hashed)
    refused = sign_in(PASSWORD, code_of(operator), address=ELSEWHERE)
    assert refused.status_code == 429
    assert 3_500 < int(refused.headers["Retry-After"]) <= 3_600
    assert len(hashed) == looked_at
    subject = signin._subject("m1:staff-address", ELSEWHERE)
    assert not Failure.objects.filter(subject=subject).exists()


def test_spaces_around_a_name_make_no_other_name(operator: User) -> None:
    for number, name in enumerate([" operator", "operator\u2003", "operator" + " " * 200] * TRIES):
        sign_in("wrong", "000000", name, address=f"127.0.1.{number}")
    assert sign_in(PASSWORD, code_of(operator), address=ELSEWHERE).status_code == 429


def change_password(client: Client, old: str, new: str) -> int:
    form = {"old_password": old, "new_password1": new, "new_password2": new}
    return client.post("/password_change/", form).status_code


def test_who_changes_a_password_is_counted_and_written_down(
    operator: User, hashed: list[str]
) -> None:
    inside = sign_in(PASSWORD, code_of(operator)).client
    for _ in range(TRIES - 1):
        assert change_password(inside, "wrong", PASSWORD) == 200
    assert change_password(inside, PASSWORD, "another long password") == 302
    assert Audit.objects.get(action="password_changed").actor == "operator"
    assert inside.get("/people/").status_code == 200
    assert change_password(inside, "wrong", PASSWORD) == 200
    looked_at = len(hashed)
    assert change_password(inside, PASSWORD, PASSWORD) == 429
    assert len(hashed) == looked_at


def test_tries_are_counted_by_address_whatever_names_they_name(
    operator: User, hashed: list[str]
) -> None:
    for number in range(TRIES):
        assert sign_in("wrong", "000000", f"nobody{number}").status_code == 200
    looked_at = len(hashed)
    assert sign_in(PASSWORD, code_of(operator)).status_code == 429
    assert len(hashed) == looked_at
    assert sign_in(PASSWORD, code_of(operator), address=ELSEWHERE).status_code == 302


@pytest.mark.django_db(transaction=True)
def test_one_hash_runs_and_few_wait_for_it(admin: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first is inside; as many as may wait do, and the next is told to come back."""
    inside, go_on = threading.Event(), threading.Event()
    running: list[int] = []

    def slow(*_: object) -> HttpResponse:
        running.append(1)
        assert len(running) == 1, "two hashes at a time"
        inside.set()
        assert go_on.wait(20)
        running.pop()
        return HttpResponse()

    monkeypatch.setattr(AdminSite, "login", slow)
    answers: list[int] = []

    def knock(number: int) -> None:
        try:
            came = sign_in("x", "000000", f"staff{number}", f"127.0.1.{number}")
            answers.append(came.status_code)
        finally:
            connection.close()

    knocking = [threading.Thread(target=knock, args=(n,)) for n in range(1 + signin.WAITING_MAX)]
    knocking[0].start()
    assert inside.wait(20)
    for each in knocking[1:]:
        each.start()
    while signin._places._value:  # until each has its place
        time.sleep(0)
    busy = sign_in(PASSWORD, "000000", address=ELSEWHERE)
    assert (busy.status_code, busy.headers["Retry-After"]) == (HTTPStatus.SERVICE_UNAVAILABLE, "2")
    subject = signin._subject("m1:staff-name", "operator")
    assert not Failure.objects.filter(subject=subject).exists()
    go_on.set()
    for each in knocking:
        each.join(20)
    assert answers == [200] * (1 + signin.WAITING_MAX)
