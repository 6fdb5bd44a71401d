import pytest
from django.core.cache import cache

from tests.accounts.people import Browser, Person


@pytest.fixture(autouse=True)
def _fresh_limits():
    """Rate limits and used nonces are kept in the cache, which outlives a test."""
    cache.clear()


def signed_up(name: str) -> Person:
    person = Person(name)
    answer = person.sign_up()
    assert answer.status == 200, answer.raw
    return person


@pytest.fixture
def alice(db: None) -> Person:
    return signed_up("alice")


@pytest.fixture
def bob(db: None) -> Person:
    return signed_up("bob")


@pytest.fixture
def mallory(db: None) -> Person:
    """Has an account like everybody, and no business with alice."""
    return signed_up("mallory")


@pytest.fixture
def browser(alice: Person) -> Browser:
    """The one in which alice signed up."""
    return alice.browsers[0]
