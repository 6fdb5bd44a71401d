"""People in a database on disk, which the sockets' threads read too. Nothing is rolled back:
every test has people of its own."""

import secrets
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest
from django.core.cache import cache

from chatsite.running import threads
from messaging import internode, receipts
from messaging.internode import WAIT_SECONDS
from messaging.sessions import standing
from testkit import cast
from testkit.cast import Person
from tests.accounts import people
from tests.messaging import polled, socket
from tests.messaging.nodes import moment, nodes

__all__ = ["moment", "nodes"]

Enrol = Callable[..., Awaitable[Person]]


@pytest.fixture(autouse=True)
def database_access(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    with django_db_blocker.unblock():
        yield
        # A tick that was cut off may still write: blocked half-way, it would leave its connection
        # inside a transaction for every test that follows.
        threads.stop()


@pytest.fixture(autouse=True)
def nodes_wait_for_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """A site gives up on another node in time for a sender who waits. A busy machine may stand
    still for as long, and what is lost then is no fault."""
    monkeypatch.setattr(internode, "WAIT_SECONDS", 5.0)


@pytest.fixture
def hasty(nodes_wait_for_each_other: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nodes give up on each other as soon as those of a site."""
    monkeypatch.setattr(internode, "WAIT_SECONDS", WAIT_SECONDS)


@pytest.fixture(autouse=True)
def hellos_wait_for_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test's node has just started, and would gather hellos for a moment."""
    monkeypatch.setattr(standing, "TOGETHER_SECONDS", 0)


@pytest.fixture(autouse=True)
def fresh_limits() -> None:
    """Everybody comes from one address."""
    cache.clear()


@pytest.fixture
def enrol() -> Enrol:
    """A person under a name that nobody else has."""

    async def make(name: str, devices: int = 1) -> Person:
        unique = f"{name}-{secrets.token_hex(4)}"
        return await threads.run(cast.enrol, unique, devices)

    return make


@pytest.fixture
async def alice(enrol: Enrol) -> Person:
    return await enrol("alice", 2)


@pytest.fixture
async def bob(enrol: Enrol) -> Person:
    return await enrol("bob", 2)


@pytest.fixture
async def mallory(enrol: Enrol) -> Person:
    return await enrol("mallory")


@pytest.fixture
async def conv(alice: Person, bob: Person) -> bytes:
    """Alice and bob are connected."""
    return await cast.connect(alice, bob)


@pytest.fixture(params=["socket", "poll"])
def transport(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Everybody in this test comes over WebSocket, and in a second run by long poll."""
    if request.param == "poll":
        monkeypatch.setattr(socket, "dial", polled.dial)
    return str(request.param)


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Marks are stored as they come."""
    monkeypatch.setattr(receipts, "TOGETHER_SECONDS", 0.01)


def signed_up(name: str) -> people.Person:
    """Somebody with a browser, who signed up over HTTP."""
    person = people.Person(f"{name}-{secrets.token_hex(4)}")
    answer = person.sign_up()
    assert answer.status == 200, answer.raw
    return person


@pytest.fixture
def ann() -> people.Person:
    return signed_up("ann")


@pytest.fixture
def ben() -> people.Person:
    return signed_up("ben")


@pytest.fixture
def eve() -> people.Person:
    """Has an account like everybody, and no business with ann."""
    return signed_up("eve")
