"""Three real nodes of Cassandra, which a test may freeze and kill: `bin/test long` has them."""

import os
import subprocess
from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

import pytest

from messaging.backends.base import Busy
from messaging.backends.cassandra.store import Store
from testkit.running import ROOT
from tests.contracts.adapters import Adapters, Chat, cassandra_adapters, connected
from tests.services import lacking

NODES = ("cassandra-1", "cassandra-2", "cassandra-3")
PEOPLE = 24  # pairs: each node has the first copy of some of their conversations

T = TypeVar("T")


def services(verb: str, *names: str) -> str:
    """`bin/services` of this clone."""
    done = subprocess.run(
        [ROOT / "bin/services", verb, *names], check=True, capture_output=True, text=True
    )
    return done.stdout


@dataclass
class Ring:
    tables: Store

    def freeze(self, *numbers: int) -> None:
        """Connections stay open, and nothing answers."""
        services("pause", *self._names(numbers))

    def thaw(self, *numbers: int) -> None:
        services("resume", *self._names(numbers))

    def kill(self, *numbers: int) -> None:
        services("kill", *self._names(numbers))

    def whole(self) -> None:
        """All run, and each knows it of the others."""
        services("start", *NODES)

    def nodetool(self, number: int, *words: str) -> str:
        return services("nodetool", *self._names([number]), *words)

    def _names(self, numbers: Iterable[int]) -> list[str]:
        return [NODES[number - 1] for number in numbers]


@pytest.fixture(scope="session")
def nodes() -> None:
    hosts = os.environ.get("CHAT_TEST_CASSANDRA_HOSTS", "").split(",")
    if len(hosts) != len(NODES):
        lacking("three nodes of Cassandra: `bin/test long` starts them")
    if services("url", *NODES).split() != hosts:
        lacking("CHAT_TEST_CASSANDRA_HOSTS that are nodes of bin/services in this clone")


@pytest.fixture
def ring(nodes: None, request: pytest.FixtureRequest) -> Iterator[Ring]:
    ring = Ring(request.getfixturevalue("tables"))
    yield ring
    for number, name in enumerate(NODES, 1):
        if "stopped" not in services("status", name):
            ring.thaw(number)
    ring.whole()


@pytest.fixture
async def chats(adapters: Adapters) -> list[Chat]:
    return [await connected(adapters) for _ in range(PEOPLE)]


@pytest.fixture
def adapters(ring: Ring) -> Adapters:
    return cassandra_adapters(ring.tables)


async def insisting(call: Callable[[], Awaitable[T]]) -> T:
    """As clients do: once more, as long as it is busy."""
    while True:
        try:
            return await call()
        except Busy:
            continue
