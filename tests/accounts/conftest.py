from functools import partial

import pytest
from asgiref.sync import SyncToAsync
from django.core.cache import cache
from django.db import connections

from chatsite.running import threads
from tests.accounts.people import Browser, Person


@pytest.fixture(autouse=True)
def _fresh_limits():
    """Rate limits and used nonces are kept in the cache, which outlives a test."""
    cache.clear()


@pytest.fixture(scope="session", autouse=True)
def _threads_end(django_db_setup: None):
    """Their connections would keep the test database from being removed."""
    yield
    threads.stop()
    SyncToAsync.single_thread_executor.submit(connections.close_all).result()


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


@pytest.fixture
def committed(django_capture_on_commit_callbacks):
    """What happens in `with committed():` is committed at its end: then it is told."""
    return partial(django_capture_on_commit_callbacks, execute=True)
