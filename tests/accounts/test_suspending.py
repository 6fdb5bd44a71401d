"""An operator suspends an account; it is told once it is so."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from accounts.signals import account_suspended, session_ended
from tests.accounts.people import Browser, Person

pytestmark = pytest.mark.django_db


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
