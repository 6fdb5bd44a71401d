"""Frames to live sessions here and on another node: numbered, encoded once, losses noticed."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from channels.layers import channel_layers

from accounts.wire import Id
from chatsite.layers import InProcessLayer
from messaging import fanout, protocol
from messaging.fanout import Hub
from presence import registry

FRAME = protocol.Ping()


@dataclass(eq=False)
class Ear:
    """A live session, as the fan-out sees one: it writes down what it is told."""

    uid: bytes
    device: bytes = field(default_factory=lambda: secrets.token_bytes(16))
    session: bytes = b""
    conn: bytes = field(default_factory=lambda: secrets.token_bytes(8))
    heard: asyncio.Queue[tuple[Any, ...]] = field(default_factory=asyncio.Queue)

    def push(self, data: bytes, news: protocol.Frame | None) -> None:
        self.heard.put_nowait(("push", data, news))

    def forget(self, conv: bytes) -> None:
        self.heard.put_nowait(("forget", conv))

    def evict(self, device: bytes | None, session: bytes | None, reason: str) -> None:
        self.heard.put_nowait(("evict", device, session, reason))

    def recheck(self) -> None:
        self.heard.put_nowait(("recheck",))

    def show(self, frame: protocol.Frame) -> None: ...
    def close(self, code: int) -> None: ...
    def keep_alive(self, now: float) -> None: ...

    async def next(self) -> tuple[Any, ...]:
        return await asyncio.wait_for(self.heard.get(), 5)


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
    await registry.arrive(hub.node, uid, ear.device, ear.conn)
    await asyncio.sleep(0)  # the receiver of this node subscribes
    return ear


def event(frame: protocol.Frame, but: bytes | None = None) -> dict[str, Any]:
    return {"data": protocol.encode(frame), "news": isinstance(frame, fanout.NEWS), "but": but}


@pytest.fixture
def alice() -> bytes:
    return secrets.token_bytes(16)


async def test_a_frame_reaches_both_nodes(hubs: tuple[Hub, Hub], alice: bytes) -> None:
    here, there = [await listen(hub, alice) for hub in hubs]
    other = await listen(hubs[1], secrets.token_bytes(16))
    await hubs[0].spread([alice], event(FRAME), None)
    for ear in (here, there):
        assert await ear.next() == ("push", protocol.encode(FRAME), None)
    assert other.heard.empty()


async def test_the_sending_device_is_left_out_on_both_nodes(
    hubs: tuple[Hub, Hub], alice: bytes
) -> None:
    here, there = [await listen(hub, alice) for hub in hubs]
    await hubs[0].spread([alice], event(FRAME, but=here.device), None)
    await there.next()
    await hubs[0].spread([alice], event(FRAME, but=there.device), None)
    await here.next()
    await hubs[0].spread([alice], {"forget": b"c"}, None)  # comes after all that
    assert await there.next() == ("forget", b"c")
    assert await here.next() == ("forget", b"c")


async def test_news_are_read_by_the_sessions_of_the_other_node(
    hubs: tuple[Hub, Hub], alice: bytes
) -> None:
    there = await listen(hubs[1], alice)
    frame = protocol.Epoch(conv=Id(bytes(16)), n=3)
    await hubs[0].spread([alice], event(frame), frame)
    assert await there.next() == ("push", protocol.encode(frame), frame)


async def test_eviction_travels(hubs: tuple[Hub, Hub], alice: bytes) -> None:
    there = await listen(hubs[1], alice)
    await hubs[0].spread([alice], {"evict": [b"d", None, "device"]}, None)
    assert await there.next() == ("evict", b"d", None, "device")


async def test_a_lost_frame_is_noticed_by_the_next(
    hubs: tuple[Hub, Hub], layer: InProcessLayer, alice: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    there = await listen(hubs[1], alice)
    await hubs[0].spread([alice], event(FRAME), None)
    await there.next()
    sending, layer.group_send = layer.group_send, _nowhere  # type: ignore[method-assign]
    await hubs[0].spread([alice], event(FRAME), None)
    layer.group_send = sending  # type: ignore[method-assign]
    await hubs[0].spread([alice], event(FRAME), None)
    assert await there.next() == ("recheck",)
    assert (await there.next())[0] == "push"
    assert hubs[1].gaps == 1
    assert "1 frames of node" in caplog.text


async def _nowhere(group: str, message: dict[str, Any]) -> None:
    """A broker that lost it."""


async def test_a_restarted_node_counts_from_one_without_a_gap(
    hubs: tuple[Hub, Hub], alice: bytes
) -> None:
    there = await listen(hubs[1], alice)
    await hubs[0].spread([alice], event(FRAME), None)
    await there.next()
    hubs[0].node.incarnation = "another"
    hubs[0]._links.clear()
    await hubs[0].spread([alice], event(FRAME), None)
    assert (await there.next())[0] == "push"
    assert hubs[1].gaps == 0


async def test_a_layer_that_hangs_costs_a_fifth_of_a_second(
    hubs: tuple[Hub, Hub], layer: InProcessLayer, alice: bytes
) -> None:
    here, _ = await listen(hubs[0], alice), await listen(hubs[1], alice)

    async def hang(group: str, message: dict[str, Any]) -> None:
        await asyncio.sleep(3600)

    layer.group_send = hang  # type: ignore[method-assign]
    async with asyncio.timeout(2):
        await hubs[0].spread([alice], event(FRAME), None)
    assert (await here.next())[0] == "push"


async def test_a_bad_frame_does_not_deafen_the_node(
    hubs: tuple[Hub, Hub], layer: InProcessLayer, alice: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fanout, "DEAF_SECONDS", 0.01)
    there = await listen(hubs[1], alice)
    await layer.group_send(f"node.{hubs[1].node.name}", {"type": "node.frame", "src": "?"})
    assert await there.next() == ("recheck",)
    await hubs[0].spread([alice], event(FRAME), None)
    assert (await there.next())[0] == "push"


async def test_many_events_share_frames(
    hubs: tuple[Hub, Hub], layer: InProcessLayer, alice: bytes
) -> None:
    there = await listen(hubs[1], alice)
    count = 2 * fanout.FRAME_EVENTS
    await asyncio.gather(*(hubs[0].spread([alice], event(FRAME), None) for _ in range(count)))
    for _ in range(count):
        await there.next()
    assert hubs[0]._links[hubs[1].node.name].number == 2


async def test_who_parted_hears_nothing(hubs: tuple[Hub, Hub], alice: bytes) -> None:
    here = await listen(hubs[0], alice)
    hubs[0].part(here)
    hubs[0].part(here)
    await hubs[0].spread([alice], event(FRAME), None)
    assert here.heard.empty()
    assert not hubs[0].everyone()
