import pytest

from accounts import profile, protocol
from accounts.models import User
from tests.accounts.people import Browser, Person

pytestmark = pytest.mark.django_db


def test_people_are_found_by_exact_name(alice: Person):
    assert profile.find("Alice") == profile.Person(alice.uid, "alice", "Alice")
    for text in ("alic", "alice2", "", "a b", "%"):
        assert profile.find(text) is None


def test_names_of_several_people_in_one_query(
    alice: Person, bob: Person, django_assert_num_queries
):
    with django_assert_num_queries(1):
        people = profile.people([alice.uid, bob.uid, b"n" * 16])
    assert {person.username for person in people.values()} == {"alice", "bob"}


def test_staff_and_switched_off_accounts_are_nobody(alice: Person):
    User.objects.create(username="operator", display_name="operator", is_staff=True)
    assert profile.find("operator") is None
    User.objects.filter(uid=alice.uid).update(is_active=False)
    assert profile.find("alice") is None
    assert profile.people([alice.uid]) == {}


def test_changing_the_display_name(alice: Person, browser: Browser):
    body = protocol.DisplayName(display_name="  Alice   L. ")
    assert browser.call("PUT", "/api/profile", body, prove=False).code == "proof"
    assert browser.call("PUT", "/api/profile", body).status == 200
    assert profile.people([alice.uid])[alice.uid].display_name == "Alice L."
    hidden = protocol.DisplayName(display_name="\u202eecila")
    assert browser.call("PUT", "/api/profile", hidden).code == "bad_name"
