"""An operator suspends an account, by command or in the admin; it is told once it is so."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from accounts.models import SessionRecord, User
from accounts.signals import account_suspended, session_ended
from tests.accounts.people import Browser, Person

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.accounts.admin_urls")]


@pytest.fixture
def told():
    """What the message side hears."""
    heard: list[tuple] = []

    def suspended(uid: bytes, suspended: bool, **_):
        heard.append(("suspended" if suspended else "pardoned", uid))

    def ended(uid: bytes, **_):
        heard.append(("ended", uid))

    account_suspended.connect(suspended)
    session_ended.connect(ended)
    yield heard
    account_suspended.disconnect(suspended)
    session_ended.disconnect(ended)


@pytest.fixture
def staff() -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("operator", "a long password of staff"))
    return client


def test_a_suspended_person_is_out_until_it_is_taken_back(
    alice: Person, browser: Browser, told: list, committed
):
    assert browser.call("GET", "/api/notes").status == 200
    out = StringIO()
    with committed():
        call_command("suspend", "Alice", stdout=out)
        assert told == []
    assert told == [("suspended", alice.uid)]
    assert out.getvalue() == "alice is suspended.\n"
    assert browser.call("GET", "/api/nonce", prove=False).code == "sign_in"
    with committed():
        call_command("suspend", "alice", "--undo", stdout=out)
    assert told[1:] == [("pardoned", alice.uid)]
    assert browser.call("GET", "/api/notes").status == 200


def test_nobody_is_no_account():
    with pytest.raises(CommandError, match="no such account"):
        call_command("suspend", "nobody-here")


def test_the_admin_tells_it_too(alice: Person, staff: Client, told: list, committed):
    user = User.objects.get(uid=alice.uid)
    form = {"username": "alice", "display_name": "Alice"}  # is_active is not ticked
    with committed():
        path = f"/admin/accounts/user/{user.pk}/change/"
        assert staff.post(path, form).status_code == 302
    assert told == [("suspended", alice.uid)]
    with committed():
        assert staff.post(path, {**form, "is_active": "on"}).status_code == 302
        assert staff.post(path, {**form, "is_active": "on"}).status_code == 302  # nothing new
    assert told[1:] == [("pardoned", alice.uid)]


def test_who_is_deleted_in_the_admin_is_signed_out_first(
    alice: Person, browser: Browser, staff: Client, told: list, committed
):
    user = User.objects.get(uid=alice.uid)
    count = SessionRecord.objects.filter(user=user).count()
    with committed():
        path = f"/admin/accounts/user/{user.pk}/delete/"
        assert staff.post(path, {"post": "yes"}).status_code == 302
    assert not User.objects.filter(uid=alice.uid).exists()
    assert told == [("ended", alice.uid)] * count
