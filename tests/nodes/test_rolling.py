"""Two people behind a real HAProxy, while the nodes go one after the other."""

import asyncio
import http.client
import logging
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from websockets.exceptions import WebSocketException

from messaging import protocol
from testkit.client.api import ApiError
from testkit.client.comeback import Comeback
from testkit.client.device import Device
from testkit.client.live import Closed
from testkit.client.people import nobody_alarmed
from testkit.running import Site, free_port
from tests.nodes.balancer import balancer
from tests.nodes.conftest import Nodes, Pair

logger = logging.getLogger(__name__)
EVERY_SECONDS = 0.05  # a message
WEATHER = (OSError, EOFError, http.client.HTTPException, WebSocketException, ApiError)
# Of the latest message. Measured: 0.4 to 1.1; what the balancer does not notice costs its time
# limit of 30 s.
LATE_SECONDS = 20.0
LONG = 60.0
LAST = "that was all"


@pytest.fixture
def front(nodes: Nodes, tmp_path: Path) -> Iterator[int]:
    port = free_port()
    both = {"N1": nodes.first.port, "N2": nodes.second.port}
    with balancer(port, both, tmp_path / "haproxy.log"):
        yield port


@asynccontextmanager
async def staying(device: Device, port: int) -> AsyncIterator[None]:
    """The device is behind the balancer, and comes back as a page does that somebody looks at."""
    device.api.door = f"localhost:{port}"
    await device.line.close()
    await device.connect()
    task = asyncio.create_task(_stay(device, Comeback(focus=True)))
    yield
    task.cancel()


async def _stay(device: Device, comeback: Comeback) -> None:
    while True:
        code = await device.line.wait_closed()
        drains = [one for one in device.frames if isinstance(one, protocol.Drain)]
        comeback.drain = drains[-1].in_ms / 1000 if drains else 0.0
        device.frames.clear()
        while (pause := comeback.after(code)) is not None:
            await asyncio.sleep(pause)
            try:
                await device.connect()
                break
            except Closed as closed:
                code = closed.code
            except WEATHER:
                code = None
        comeback.live()


class Talk:
    """Bob writes to alice all the time. A message counts from when it was written."""

    def __init__(self, pair: Pair) -> None:
        self.pair = pair
        self.late = 0.0  # seconds, of the latest message
        self._wrote: dict[str, float] = {}
        self._over = False

    async def write(self) -> None:
        bob, text = self.pair.bob.device, ""
        conversation = bob.conversation(self.pair.alice)
        while text != LAST:
            text = LAST if self._over else f"message {len(self._wrote)}"
            self._wrote[text] = time.monotonic()
            try:
                await bob.send(self.pair.alice, text)
            except Closed:  # it waits, and goes with the next line
                await bob.until(lambda: conversation.pending is None, LONG)
            await asyncio.sleep(EVERY_SECONDS)

    async def during(self, *steps: Callable[[], object]) -> None:
        """While the nodes take these steps all messages come, each once and in order."""
        writing, reading = asyncio.create_task(self.write()), asyncio.create_task(self.read())
        for step in steps:
            await asyncio.to_thread(step)
        self._over = True
        await writing
        assert await asyncio.wait_for(reading, LONG) == list(self._wrote)
        logger.info("the latest message came after %.2f s", self.late)

    async def read(self) -> list[str]:
        came: list[str] = []
        while LAST not in came:
            text = await self.pair.alice.device.next_text(LONG)
            assert text is not None
            self.late = max(self.late, time.monotonic() - self._wrote[text])
            came.append(text)
        return came


async def test_a_rolling_restart_is_noticed_by_nobody(nodes: Nodes, pair: Pair, front: int) -> None:
    talk = Talk(pair)
    with nobody_alarmed(pair.alice, pair.bob):
        async with staying(pair.alice.device, front), staying(pair.bob.device, front):
            await talk.during(
                nodes.first.stop, nodes.first.start, lambda: ready(nodes.first),
                nodes.second.stop, nodes.second.start, lambda: ready(nodes.second),
            )  # fmt: skip
    assert talk.late < LATE_SECONDS


async def test_a_killed_node_costs_a_moment_and_no_message(
    nodes: Nodes, pair: Pair, front: int
) -> None:
    talk = Talk(pair)
    with nobody_alarmed(pair.alice, pair.bob):
        async with staying(pair.alice.device, front), staying(pair.bob.device, front):
            await talk.during(nodes.first.kill, nodes.first.start, lambda: ready(nodes.first))
    assert talk.late < LATE_SECONDS


def ready(site: Site) -> None:
    """A balancer leads people there."""
    until = time.monotonic() + LONG
    while True:
        link = http.client.HTTPConnection("127.0.0.1", site.port, timeout=LONG)
        link.request("GET", "/readyz")
        if link.getresponse().status == 200:
            break
        assert time.monotonic() < until
        time.sleep(0.1)  # in a thread of its own
    time.sleep(1.2)  # two checks
