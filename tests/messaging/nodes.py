"""Two nodes of one site in this process, on the real adapters: they share presence, the layer and
the databases, and nothing else."""

from collections.abc import AsyncIterator
from typing import Any, NamedTuple

import pytest
from channels.routing import URLRouter
from django.urls import path

from chatsite.layers import InProcessLayer
from messaging import fanout
from messaging.consumers import ChatConsumer
from messaging.hub import Hub
from messaging.sessions.node import LiveNode, here
from presence.backends.memory import MemoryPresence
from testkit.cast import Person
from tests.faulty import Faulty
from tests.messaging.socket import Socket


class Moment:
    """A clock that stands still, so that no bucket fills meanwhile."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
async def moment(monkeypatch: pytest.MonkeyPatch) -> Moment:
    """The clock of this process's node."""
    moment = Moment()
    monkeypatch.setattr(here(), "ticks", moment)
    return moment


class Nodes(NamedTuple):
    """`a` is the node that requests of this process come to."""

    a: LiveNode
    b: LiveNode
    presence: Faulty
    layer: Faulty


@pytest.fixture
async def nodes(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Nodes]:
    presence, layer = Faulty(MemoryPresence()), Faulty(InProcessLayer())
    ways: Any = {"presence": presence, "layer": layer}
    a, b = [LiveNode(Hub(name, **ways)) for name in ("host-a:8000", "host-b:8000")]
    for node in (a, b):
        node.hub.listen()
        await node.beat()
    monkeypatch.setattr(fanout, "_hub", a.hub)
    yield Nodes(a, b, presence, layer)
    for node in (a, b):
        await node.hub.close()


async def dialled(node: LiveNode) -> Socket:
    live: Any = ChatConsumer.as_asgi(node=lambda: node)
    return await Socket(app=URLRouter([path("live", live)])).open()


async def arrived_at(node: LiveNode, who: Person, device: int = 0) -> Socket:
    """A socket that is live on this node."""
    socket = await dialled(node)
    await socket.hello(who, device=device)
    return socket
