import pytest

from accounts import hooks, privacy, protocol
from accounts.models import User
from accounts.privacy import Shown
from tests.accounts.people import Browser, Person

pytestmark = pytest.mark.django_db(transaction=True)  # the news goes out after the commit

QUIET = protocol.Privacy(receipts=False, typing=True, presence="nobody")


@pytest.fixture
def news(monkeypatch: pytest.MonkeyPatch) -> list[tuple[object, ...]]:
    """What the message side hears."""
    heard: list[tuple[object, ...]] = []
    monkeypatch.setattr(hooks, "_call", lambda _, *told: heard.append(told))
    return heard


def test_at_first_contacts_see_everything(browser: Browser):
    answer = browser.call("GET", "/api/privacy")
    assert answer.json == {
        "receipts": True, "typing": True, "presence": "contacts", "requests": "anybody",
    }  # fmt: skip


def test_what_is_switched_off_stays_off_for_its_owner_alone(
    alice: Person, bob: Person, browser: Browser, news: list[tuple[object, ...]]
):
    assert browser.call("PUT", "/api/privacy", QUIET).status == 200
    assert browser.call("GET", "/api/privacy").json == {
        "receipts": False, "typing": True, "presence": "nobody", "requests": "anybody",
    }  # fmt: skip
    assert privacy.of(alice.uid) == Shown(receipts=False, typing=True, presence=False)
    assert privacy.of(bob.uid) == Shown()
    assert privacy.hiding([alice.uid, bob.uid, b"x" * 16]) == {alice.uid}
    assert browser.call("PUT", "/api/privacy", QUIET).status == 200
    assert news == [(alice.uid, 1), (alice.uid, 2)]


@pytest.mark.usefixtures("news")
def test_a_page_that_does_not_know_who_may_ask_leaves_it_as_it_is(alice: Person, browser: Browser):
    closed = protocol.Privacy(receipts=True, typing=True, presence="contacts", requests="nobody")
    browser.call("PUT", "/api/privacy", closed)
    browser.call("PUT", "/api/privacy", QUIET)
    assert browser.call("GET", "/api/privacy").json["requests"] == "nobody"
    assert privacy.askers(alice.uid) == "nobody"
    assert privacy.askers(b"x" * 16) == "anybody"


@pytest.mark.usefixtures("news")
def test_it_is_kept_when_receipts_were_switched_on_again(alice: Person):
    aloud = protocol.Privacy(receipts=True, typing=True, presence="contacts")
    changes = [(aloud, 1), (QUIET, 2), (QUIET, 3), (aloud, 4), (aloud, 5), (QUIET, 6)]
    user, since = User.objects.get(uid=alice.uid), []
    for wanted, now in changes:
        privacy.change(user, wanted, now)
        since.append(privacy.of(alice.uid).receipts_since)
    assert since == [0, 0, 0, 4, 4, 4]


def test_a_browser_without_its_keys_changes_nothing(alice: Person, browser: Browser):
    assert browser.call("PUT", "/api/privacy", QUIET, prove=False).status == 403
    assert browser.call("GET", "/api/privacy", prove=False).status == 403
    assert privacy.of(alice.uid) == Shown()


def test_a_visitor_is_asked_to_sign_in():
    assert Browser().call("PUT", "/api/privacy", QUIET).status == 401
