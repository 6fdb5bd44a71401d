"""InProcessLayer against the rest of the channel-layer specification: channels that are read by
name, capacity, expiry; and what it adds, losses that can be seen. What every layer does for us is
in tests/contracts/test_channel_layer.py."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from channels.exceptions import ChannelFull

from chatsite.layers import InProcessLayer


@pytest.fixture
def layer() -> InProcessLayer:
    return InProcessLayer(capacity=3)


async def test_a_channel_is_first_in_first_out(layer: InProcessLayer) -> None:
    for number in range(3):
        await layer.send("news", {"type": "test", "number": number})
    got = [(await layer.receive("news"))["number"] for _ in range(3)]
    assert got == [0, 1, 2]


async def test_each_message_goes_to_one_receiver(layer: InProcessLayer) -> None:
    receivers = [asyncio.ensure_future(layer.receive("news")) for _ in range(2)]
    await asyncio.sleep(0)
    await layer.send("news", {"type": "one"})
    await layer.send("news", {"type": "two"})
    got = await asyncio.gather(*receivers)
    assert sorted(message["type"] for message in got) == ["one", "two"]


async def test_new_channels_are_distinct_and_the_processs_own(layer: InProcessLayer) -> None:
    names = {await layer.new_channel() for _ in range(20)}
    assert len(names) == 20
    assert all("!" in name and layer.require_valid_channel_name(name) for name in names)
    name = names.pop()
    await layer.send(name, {"type": "test"})
    assert await layer.receive(name) == {"type": "test"}


async def test_a_full_channel_refuses_aloud(layer: InProcessLayer) -> None:
    for _ in range(3):
        await layer.send("news", {"type": "test"})
    with pytest.raises(ChannelFull):
        await layer.send("news", {"type": "test"})
    await layer.receive("news")
    await layer.send("news", {"type": "test"})


async def test_a_channel_is_bounded_in_bytes_as_well() -> None:
    layer = InProcessLayer(capacity=100, capacity_bytes=1000)
    large = {"type": "test", "events": [b"x" * 300], "n": 1}
    for _ in range(3):
        await layer.send("news", large)
    with pytest.raises(ChannelFull):
        await layer.send("news", large)
    await layer.send("news", {"type": "small"})
    for _ in range(4):
        await layer.receive("news")
    for _ in range(3):  # what was taken makes room again
        await layer.send("news", large)
    with pytest.raises(ChannelFull):
        await layer.send("other", {"type": "test", "events": [b"x" * 1001]})  # it never fits


async def test_what_is_too_old_makes_room_in_bytes_too() -> None:
    now = 0.0
    layer = InProcessLayer(expiry=60, capacity_bytes=1000, clock=lambda: now)
    for _ in range(9):
        await layer.send("news", {"type": "old", "events": [b"x" * 80]})
    now = 61.0
    await layer.send("news", {"type": "new", "events": [b"x" * 900]})
    assert (await layer.receive("news"))["type"] == "new"


async def test_capacity_can_differ_by_name() -> None:
    layer = InProcessLayer(capacity=1, channel_capacity={"roomy.*": 2})
    await layer.send("roomy.one", {"type": "test"})
    await layer.send("roomy.one", {"type": "test"})
    await layer.send("narrow", {"type": "test"})
    with pytest.raises(ChannelFull):
        await layer.send("narrow", {"type": "test"})


async def test_a_full_member_is_counted_and_the_others_are_reached(
    layer: InProcessLayer, caplog: pytest.LogCaptureFixture
) -> None:
    full, roomy = await layer.new_channel(), await layer.new_channel()
    for channel in (full, roomy):
        await layer.group_add("node.1", channel)
    for _ in range(3):
        await layer.send(full, {"type": "old"})
    await layer.group_send("node.1", {"type": "new"})  # the specification: it never raises
    assert await layer.receive(roomy) == {"type": "new"}
    assert layer.dropped == 1
    assert "is full" in caplog.text


async def test_old_messages_are_not_received_and_make_room() -> None:
    now = 0.0
    layer = InProcessLayer(expiry=60, capacity=2, clock=lambda: now)
    await layer.send("news", {"type": "old"})
    await layer.send("news", {"type": "old"})
    now = 61.0
    await layer.send("news", {"type": "new"})
    assert await layer.receive("news") == {"type": "new"}


@pytest.mark.parametrize("name", ["no spaces", "umläut", "", "x" * 101, 7])
async def test_bad_names_are_refused(layer: InProcessLayer, name: Any) -> None:
    calls: list[Callable[[], Any]] = [
        lambda: layer.send(name, {"type": "test"}),
        lambda: layer.receive(name),
        lambda: layer.group_add(name, "fine"),
        lambda: layer.group_add("fine", name),
        lambda: layer.group_send(name, {"type": "test"}),
    ]
    for call in calls:
        with pytest.raises(TypeError):
            await call()


async def test_a_message_is_a_dict(layer: InProcessLayer) -> None:
    with pytest.raises(TypeError):
        await layer.send("news", "text")  # type: ignore[arg-type]
