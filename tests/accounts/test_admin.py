import threading
from http import HTTPStatus

import pytest
from django.contrib import admin
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.db import connection
from django.http import HttpResponse
from django.test import Client

from accounts import staff as door
from accounts import tries
from accounts.models import Credentials, Failure, User
from e2ee.records import FACTOR_PASSWORD
from tests.accounts.people import Person

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.accounts.admin_urls")]


@pytest.fixture
def staff(db: None) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("operator", "a long password of staff"))
    return client


def test_an_operator_sees_names_and_sizes_and_nothing_sealed(
    staff: Client, alice: Person, settings
):
    settings.STORAGES = settings.STORAGES | {
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    }
    user = User.objects.get(uid=alice.uid)
    shown = ""
    for path in ("/admin/accounts/user/", f"/admin/accounts/user/{user.pk}/change/"):
        page = staff.get(path)
        assert page.status_code == 200
        shown += page.content.decode()
    assert "alice" in shown
    row = Credentials.objects.get()
    hidden = [row.verifier, row.code_verifier, row.code_verifier.split("$")[-1], user.password]
    assert not [each for each in hidden if each in shown]


def test_people_do_not_enter_the_admin(alice: Person):
    page = alice.browsers[0].http.get("/admin/accounts/user/")
    assert page.status_code == 302


TRIES, _ = tries.TRIES[FACTOR_PASSWORD]
PASSWORD = "a long password of staff"
ELSEWHERE = "198.51.100.7"


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


def sign_in(password: str, name: str = "operator", address: str = "127.0.0.1"):
    form = {"username": name, "password": password, "next": "/admin/"}
    return Client().post("/admin/login/", form, REMOTE_ADDR=address)


@pytest.mark.urls("chatsite.urls")
def test_there_is_no_admin_unless_a_setting_asks_for_it(staff: Client):
    for path in ("/admin/", "/admin/login/", "/admin/accounts/user/"):
        assert staff.get(path).status_code == 404
    assert staff.post("/admin/login/", {"username": "operator"}).status_code == 404


def test_staff_enter_with_their_password_and_no_try_is_left(staff: Client, hashed: list[str]):
    assert sign_in("wrong").status_code == 200
    assert Failure.objects.count() == 2
    answer = sign_in(PASSWORD)
    assert (answer.status_code, answer.headers["Location"]) == (302, "/admin/")
    assert Failure.objects.count() == 2


def test_tries_are_counted_by_name_before_the_hash(staff: Client, hashed: list[str]):
    for number in range(TRIES):
        assert sign_in("wrong", address=f"192.0.2.{number}").status_code == 200
    looked_at = len(hashed)
    refused = sign_in(PASSWORD, address=ELSEWHERE)
    assert refused.status_code == 429
    assert 3_500 < int(refused.headers["Retry-After"]) <= 3_600
    assert len(hashed) == looked_at
    assert not Failure.objects.filter(subject=door._subject("m1:staff-address", ELSEWHERE)).exists()


def test_tries_are_counted_by_address_whatever_names_they_name(
    staff: Client, hashed: list[str], monkeypatch: pytest.MonkeyPatch
):
    for number in range(TRIES):
        assert sign_in("wrong", f"nobody{number}").status_code == 200
    looked_at = len(hashed)
    assert sign_in(PASSWORD).status_code == 429
    assert len(hashed) == looked_at
    assert sign_in(PASSWORD, address=ELSEWHERE).status_code == 302  # the name was not used up


@pytest.mark.django_db(transaction=True)
def test_one_hash_runs_and_few_wait_for_it(monkeypatch: pytest.MonkeyPatch):
    """The first is inside; as many as may wait do, and the next is told to come back."""
    inside, go_on = threading.Event(), threading.Event()
    running: list[int] = []

    def slow(_request: object) -> HttpResponse:
        running.append(1)
        assert len(running) == 1, "two hashes at a time"
        inside.set()
        assert go_on.wait(20)
        running.pop()
        return HttpResponse()

    monkeypatch.setattr(admin.site, "login", slow)
    answers: list[int] = []

    def knock(number: int) -> None:
        try:
            answers.append(sign_in("x", f"staff{number}", f"192.0.2.{number}").status_code)
        finally:
            connection.close()

    knocking = [threading.Thread(target=knock, args=(n,)) for n in range(1 + door.WAITING_MAX)]
    knocking[0].start()
    assert inside.wait(20)
    for each in knocking[1:]:
        each.start()
    while door._places._value:  # until each has its place
        pass
    busy = sign_in(PASSWORD, address=ELSEWHERE)
    assert (busy.status_code, busy.headers["Retry-After"]) == (HTTPStatus.SERVICE_UNAVAILABLE, "2")
    assert not Failure.objects.filter(subject=door._subject("m1:staff-name", "operator")).exists()
    go_on.set()
    for each in knocking:
        each.join(20)
    assert answers == [200] * (1 + door.WAITING_MAX)
