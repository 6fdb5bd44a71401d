"""Frames to live sessions here and on another node: numbered, encoded once, losses noticed."""

import asyncio
import secrets
import threading
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from channels.layers import channel_layers

from chatsite.edge.wire import Id
from chatsite.layers import InProcessLayer
from messaging import events, hearing, internode, protocol
from messaging.events import Evict, Forget
from messaging.hub import Hub
from presence import registry
from presence.backends.memory import MemoryPresence
from presence.registry import Arrival
from tests.faulty import Faulty
from tests.messaging.socket import SOON

FRAME = protocol.Ping()


@dataclass(eq=False)
class Ear:
    """A live session, as the fan-out sees one: it writes down what it is told."""

    uid: bytes
    device: bytes = field(default_factory=lambda: secrets.token_bytes(16))
    session: bytes = b""
    conn: bytes = field(default_factory=lambda: secrets.token_bytes(8))
    heard: asyncio.Queue[tuple[Any, ...]] = field(default_factory=asyncio.Queue)

    def push(self, data: bytes, change: protocol.Frame | None) -> None:
        self.heard.put_nowait(("push", data, change))

    def forget(self, conv: bytes) -> None:
        self.heard.put_nowait(("forget", conv))

    def evict(self, device: bytes | None, session: bytes | None, reason: str) -> None:
        self.heard.put_nowait(("evict", device, session, reason))

    def recheck(self, within: float) -> None:
        self.heard.put_nowait(("recheck",))

    def show(self, frame: protocol.Frame) -> None: ...
    def close(self, code: int) -> None: ...
    def finish(self, code: int) -> None: ...
    def keep_alive(self, now: float) -> None: ...

    async def next(self) -> tuple[Any, ...]:
        return await asyncio.wait_for(self.heard.get(), SOON)


@pytest.fixture
def layer() -> InProcessLayer:
    layer = InProcessLayer()
    channel_layers.set("default", layer)
    return layer


@pytest.fixture
async def hubs(layer: InProcessLayer) -> AsyncIterator[tuple[Hub, Hub]]:
    """Two nodes on one layer."""
    pair = Hub(secrets.token_hex(4)), Hub(secrets.token_hex(4))
    for hub in pair:
        await registry.beat(hub.node)
    yield pair
    for hub in pair:
        await hub.close()


async def listen(hub: Hub, uid: bytes) -> Ear:
    ear = Ear(uid)
    hub.join(ear)
    await registry.arrive(hub.node, Arrival(uid, ear.device, ear.conn))
    await asyncio.sleep(0)  # the receiver of this node subscribes
    return ear


@pytest.fixture
def alice() -> bytes:
    return secrets.token_bytes(16)


async def test_a_frame_reaches_both_nodes(hubs: tuple[Hub, Hub], alice: bytes) -> None:
    here, there = [await listen(hub, alice) for hub in hubs]
    other = await listen(hubs[1], secrets.token_bytes(16))
    await hubs[0].deliver([alice], FRAME)
    for ear in (here, there):
        assert await ear.next() == ("push", protocol.encode(FRAME), None)
    assert other.heard.empty()


async def test_the_sending_device_is_left_out_on_both_nodes(
    hubs: tuple[Hub, Hub], alice: bytes
) -> None:
    here, there = [await listen(hub, alice) for hub in hubs]
    await hubs[0].deliver([alice], FRAME, but=here.device)
    await there.next()
    await hubs[0].deliver([alice], FRAME, but=there.device)
    await here.next()
    await hubs[0].tell(Forget([alice], b"c"))  # comes after all that
    assert await there.next() == ("forget", b"c")
    assert await here.next() == ("forget", b"c")


async def test_news_are_read_by_the_sessions_of_the_other_node(
    hubs: tuple[Hub, Hub], alice: bytes
) -> None:
    there = await listen(hubs[1], alice)
    frame = protocol.Epoch(conv=Id(bytes(16)), n=3)
    await hubs[0].deliver([alice], frame)
    assert await there.next() == ("push", protocol.encode(frame), frame)


async def test_eviction_travels(hubs: tuple[Hub, Hub], alice: bytes) -> None:
    there = await listen(hubs[1], alice)
    await hubs[0].tell(Evict([alice], b"d", None, "device"))
    assert await there.next() == ("evict", b"d", None, "device")


async def test_a_restarted_node_counts_from_one_without_a_gap(
    hubs: tuple[Hub, Hub], alice: bytes
) -> None:
    there = await listen(hubs[1], alice)
    await hubs[0].deliver([alice], FRAME)
    await there.next()
    hubs[0].node.incarnation = "another"
    hubs[0].streams._streams.clear()
    await hubs[0].deliver([alice], FRAME)
    assert (await there.next())[0] == "push"
    assert hubs[1].heard.gaps == 0


@pytest.mark.usefixtures("hasty")
async def test_a_layer_that_hangs_holds_nobody_up(
    hubs: tuple[Hub, Hub], layer: InProcessLayer, alice: bytes
) -> None:
    here, _ = await listen(hubs[0], alice), await listen(hubs[1], alice)

    async def hang(group: str, message: dict[str, Any]) -> None:
        await asyncio.Event().wait()

    layer.group_send = hang  # type: ignore[method-assign]
    async with asyncio.timeout(SOON):
        await hubs[0].deliver([alice], FRAME)
    assert (await here.next())[0] == "push"


async def test_a_bad_frame_does_not_deafen_the_node(
    hubs: tuple[Hub, Hub], layer: InProcessLayer, alice: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hearing, "DEAF_SECONDS", 0.01)
    there = await listen(hubs[1], alice)
    await layer.group_send(f"node.{hubs[1].node.name}", {"type": "node.frame", "src": "?"})
    assert await there.next() == ("recheck",)
    await hubs[0].deliver([alice], FRAME)
    assert (await there.next())[0] == "push"


async def test_many_events_share_frames(
    hubs: tuple[Hub, Hub], layer: InProcessLayer, alice: bytes
) -> None:
    there = await listen(hubs[1], alice)
    count = 2 * internode.FRAME_EVENTS
    await asyncio.gather(*(hubs[0].deliver([alice], FRAME) for _ in range(count)))
    for _ in range(count):
        await there.next()
    assert hubs[0].streams.to(hubs[1].node.name).number == 2


async def test_ids_as_the_wire_has_them_travel_too(hubs: tuple[Hub, Hub], alice: bytes) -> None:
    there = await listen(hubs[1], alice)
    await hubs[0].deliver([Id(alice)], FRAME)
    assert (await there.next())[0] == "push"


async def test_many_at_once_are_looked_for_together(
    layer: InProcessLayer, alice: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    presence = Faulty(MemoryPresence())
    hub = Hub("here", presence=presence, layer=layer)  # type: ignore[arg-type]
    with presence.holding("where") as go:
        first = asyncio.ensure_future(hub.deliver([alice], FRAME))
        await asyncio.sleep(0)
        others = [hub.deliver([secrets.token_bytes(16)], FRAME) for _ in range(100)]
        asked = asyncio.gather(first, *others)
        asyncio.get_running_loop().call_later(0.05, go.set)
        await asked
        assert presence.struck == 2
    await hub.close()


async def test_who_parted_hears_nothing(hubs: tuple[Hub, Hub], alice: bytes) -> None:
    here = await listen(hubs[0], alice)
    hubs[0].part(here)
    hubs[0].part(here)
    await hubs[0].deliver([alice], FRAME)
    assert here.heard.empty()
    assert not hubs[0].everyone()


async def test_a_frame_is_bounded_in_bytes(
    hubs: tuple[Hub, Hub], alice: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = await listen(hubs[1], alice)
    monkeypatch.setattr(internode, "FRAME_BYTES", 1)
    await asyncio.gather(*(hubs[0].deliver([alice], FRAME) for _ in range(3)))
    for _ in range(3):
        assert (await there.next())[0] == "push"
    assert hubs[0].streams.to(hubs[1].node.name).number == 3  # one event each, and never none


async def test_what_waits_for_a_node_is_bounded_in_bytes_and_the_rest_shows_as_a_gap(
    hubs: tuple[Hub, Hub], alice: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = await listen(hubs[1], alice)
    size = len(events.encode(events.Push([alice], protocol.encode(FRAME), False, None)))
    monkeypatch.setattr(internode, "BACKLOG_BYTES", 2 * size)
    await asyncio.gather(*(hubs[0].deliver([alice], FRAME) for _ in range(5)))
    assert await there.next() == ("recheck",)
    assert [(await there.next())[0] for _ in range(2)] == ["push", "push"]
    assert hubs[1].heard.gaps == 3
    await hubs[0].deliver([alice], FRAME)  # there is room again
    assert (await there.next())[0] == "push"
    assert there.heard.empty()


async def test_nodes_that_are_silent_for_long_are_forgotten_without_a_false_gap(
    hubs: tuple[Hub, Hub], alice: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = await listen(hubs[1], alice)
    for _ in range(2):
        await hubs[0].deliver([alice], FRAME)
        await there.next()
    hubs[0].tidy()
    hubs[1].tidy()
    assert (len(hubs[0].streams), len(hubs[1].heard)) == (1, 1)
    monkeypatch.setattr(internode, "IDLE_SECONDS", -1)
    hubs[0].tidy()
    assert len(hubs[0].streams) == 0
    await hubs[0].deliver([alice], FRAME)
    assert (await there.next())[0] == "push"
    assert hubs[1].heard.gaps == 0
    monkeypatch.setattr(internode, "HEARD_SECONDS", -1)
    hubs[1].tidy()
    assert len(hubs[1].heard) == 0


def test_numbers_are_kept_for_longer_than_a_stream_may_be_idle() -> None:
    assert internode.HEARD_SECONDS > 2 * internode.IDLE_SECONDS


async def test_a_fault_of_one_session_is_none_of_the_others(
    hubs: tuple[Hub, Hub], alice: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad, good = await listen(hubs[0], alice), await listen(hubs[0], alice)

    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(bad, "push", broken)
    await hubs[0].deliver([alice], FRAME)
    assert (await good.next())[0] == "push"


@pytest.mark.usefixtures("hasty")
async def test_a_thread_with_a_loop_of_its_own_waits_no_longer_than_others(
    hubs: tuple[Hub, Hub], alice: bytes
) -> None:
    """Of a request, while the loop of the sockets is busy."""
    here = await listen(hubs[0], alice)
    thread = threading.Thread(target=lambda: asyncio.run(hubs[0].deliver([alice], FRAME)))
    thread.start()
    thread.join(timeout=SOON)  # this loop stands still meanwhile
    assert not thread.is_alive()
    assert (await here.next())[0] == "push"
