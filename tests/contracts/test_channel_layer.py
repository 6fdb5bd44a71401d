"""What every channel layer does for the frames between nodes, whatever else it can.

At most once: what nobody takes in time may be lost, and that is seen by the numbers of the frames.
A layer reads only channels that it made itself. Nothing here waits for an absence: a last message
shows what came before it.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from channels.layers import BaseChannelLayer

from chatsite.layers import InProcessLayer
from chatsite.redis_layer import RedisLayer
from tests.contracts import factories
from tests.services import shared_redis

Make = factories.Make[BaseChannelLayer]

GROUP = "node.host_8000"
FULL = 3000  # frames: more than any layer keeps for who does not read


@asynccontextmanager
async def in_process(count: int) -> AsyncIterator[list[BaseChannelLayer]]:
    """In the memory of one process, which has one for all."""
    layer = InProcessLayer()
    yield [layer] * count
    await layer.close()


@asynccontextmanager
async def redis(count: int) -> AsyncIterator[list[BaseChannelLayer]]:
    url, site = shared_redis(), factories.new_site()
    layers = [RedisLayer(url, site) for _ in range(count)]
    yield list(layers)
    for layer in layers:
        await layer.close()


make = factories.factory(in_process, redis)


def frame(number: int, *events: bytes) -> dict[str, Any]:
    return {"type": "node.frame", "src": "a", "stream": "s", "n": number, "events": list(events)}


async def member(layer: BaseChannelLayer, group: str = GROUP) -> str:
    """A channel of this layer that is in the group."""
    channel = await layer.new_channel()
    await layer.group_add(group, channel)
    return channel


async def numbers(layer: BaseChannelLayer, channel: str, upto: int) -> list[int]:
    """Of the frames that come, with the one that ends the test."""
    got = [0]
    while got[-1] != upto:
        got.append((await layer.receive(channel))["n"])
    return got[1:]


async def test_a_frame_reaches_every_member_as_it_was_sent(make: Make) -> None:
    here, there, elsewhere = await make(3)
    readers = [(layer, await member(layer)) for layer in (here, there, elsewhere)]
    sent = frame(2**53 - 1, b"", bytes(range(256)), b"x" * 100_000)
    await here.group_send(GROUP, sent)
    for layer, channel in readers:
        assert await layer.receive(channel) == sent


async def test_the_frames_of_one_sender_come_in_order(make: Make) -> None:
    here, there = await make(2)
    channel = await member(there)
    for number in range(1, 101):
        await here.group_send(GROUP, frame(number))
    assert await numbers(there, channel, upto=100) == list(range(1, 101))


async def test_nobody_else_hears(make: Make) -> None:
    here, there = await make(2)
    inside, left, outside = [await member(there) for _ in range(3)]
    await there.group_discard(GROUP, left)
    await there.group_discard(GROUP, outside)
    await there.group_discard(GROUP, outside)  # is not in it any more
    for channel in (left, outside):
        await there.group_add("node.other_8000", channel)
    await here.group_send(GROUP, frame(1))
    await here.group_send("node.nobody_8000", frame(1))
    await here.group_send("node.other_8000", frame(2))
    assert await numbers(there, inside, upto=1) == [1]
    for channel in (left, outside):
        assert await numbers(there, channel, upto=2) == [2]


async def test_a_member_twice_hears_once(make: Make) -> None:
    here, there = await make(2)
    channel = await member(there)
    await there.group_add(GROUP, channel)
    for number in (1, 2):
        await here.group_send(GROUP, frame(number))
    assert await numbers(there, channel, upto=2) == [1, 2]


async def test_a_receiver_that_was_cancelled_loses_nothing(make: Make) -> None:
    here, there = await make(2)
    channel = await member(there)
    waiting = asyncio.ensure_future(there.receive(channel))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    await here.group_send(GROUP, frame(1))
    assert await numbers(there, channel, upto=1) == [1]


async def test_who_does_not_read_keeps_no_other_from_it(make: Make) -> None:
    """It loses what is too much, hears again when it reads, and sending never raises."""
    here, there, elsewhere = await make(3)
    deaf, hearing = await member(there), await member(elsewhere)
    for number in range(1, FULL):
        await here.group_send(GROUP, frame(number, b"x" * 100))
        assert (await elsewhere.receive(hearing))["n"] == number
    got: list[int] = []
    reading = asyncio.ensure_future(_into(got, there, deaf))
    while FULL not in got:
        await here.group_send(GROUP, frame(FULL))
        await asyncio.sleep(0)
    reading.cancel()
    assert got == sorted(got)


async def test_channels_have_names_of_their_own(make: Make) -> None:
    layers = await make(3)
    names = [await layer.new_channel() for layer in layers for _ in range(20)]
    assert len(set(names)) == len(names)


async def test_sites_do_not_hear_of_each_other(make: Make) -> None:
    """Each call of the factory is another site."""
    [ours], [theirs] = await make(1), await make(1)
    channel = await member(theirs)
    await ours.group_send(GROUP, frame(1))
    await theirs.group_send(GROUP, frame(2))
    assert await numbers(theirs, channel, upto=2) == [2]


async def test_flushed_it_knows_no_group_and_works_on(make: Make) -> None:
    here, there = await make(2)
    gone = await member(there)
    await there.flush()
    await here.group_send(GROUP, frame(1))
    channel = await member(there)
    await here.group_send(GROUP, frame(2))
    assert await numbers(there, channel, upto=2) == [2]
    assert gone != channel


async def _into(got: list[int], layer: BaseChannelLayer, channel: str) -> None:
    while True:
        got.append((await layer.receive(channel))["n"])
