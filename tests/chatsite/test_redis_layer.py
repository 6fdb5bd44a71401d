"""What the layer over Redis adds to channels_redis: bounds, and no surprise after a fault. What
every layer does for us is in tests/contracts/test_channel_layer.py."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from redis.asyncio import Redis as Driver
from redis.exceptions import RedisError

from chatsite.redis_layer import RedisLayer
from tests.contracts.factories import new_site
from tests.services import Redis, own_redis

GROUP = "node.host_8000"


@pytest.fixture(scope="module")
def redis() -> Iterator[Redis]:
    with own_redis() as redis:
        yield redis


@pytest.fixture
def site() -> str:
    return new_site()


@pytest.fixture
async def layer(redis: Redis, site: str) -> AsyncIterator[RedisLayer]:
    layer = RedisLayer(redis.url, site, capacity=3, capacity_bytes=1000)
    yield layer
    redis.resume()
    await layer.close()


def frame(number: int, *events: bytes) -> dict[str, Any]:
    return {"type": "node.frame", "n": number, "events": list(events)}


async def member(layer: RedisLayer) -> str:
    channel = await layer.new_channel()
    await layer.group_add(GROUP, channel)
    return channel


@pytest.mark.parametrize(("event", "kept"), [(b"", 3), (b"x" * 400, 2)], ids=["number", "bytes"])
async def test_what_nobody_reads_is_bounded_and_counted(
    layer: RedisLayer, event: bytes, kept: int
) -> None:
    channel, last = await member(layer), await member(layer)
    for number in range(1, 6):
        await layer.group_send(GROUP, frame(number, event))
        while (await layer.receive(last))["n"] != number:
            """Both channels have it then."""
    got = [(await layer.receive(channel))["n"] for _ in range(kept)]
    assert got == list(range(1, kept + 1))
    assert layer.dropped == 5 - kept
    await layer.group_send(GROUP, frame(6, event))
    assert (await layer.receive(channel))["n"] == 6


async def test_bytes_that_are_no_message_deafen_nobody(layer: RedisLayer, redis: Redis) -> None:
    channel = await member(layer)
    async with Driver.from_url(redis.url) as driver:
        [name] = await driver.pubsub_channels(f"*{GROUP}")
        for rubbish in (b"", b"\xc1", b"\x01", b"\x80"):
            assert await driver.publish(name, rubbish) == 1
    await layer.group_send(GROUP, frame(1))
    assert (await layer.receive(channel))["n"] == 1


async def test_a_publish_that_took_too_long_leaves_nothing_to_the_next(
    layer: RedisLayer, redis: Redis
) -> None:
    channel = await member(layer)
    redis.pause()
    for number in range(1, 4):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await layer.group_send(GROUP, frame(number))
    redis.resume()
    await layer.group_send(GROUP, frame(9))
    while (await layer.receive(channel))["n"] != 9:
        """Some may have been carried out, late."""


async def test_a_redis_that_is_gone_says_so_and_a_new_channel_works_when_it_is_back(
    layer: RedisLayer, redis: Redis
) -> None:
    await member(layer)
    redis.kill()
    with pytest.raises(RedisError):
        await layer.group_send(GROUP, frame(1))
    await asyncio.to_thread(redis.start)
    await layer.flush()
    channel = await member(layer)
    await layer.group_send(GROUP, frame(1))
    assert (await layer.receive(channel))["n"] == 1


async def test_who_begins_again_takes_nothing_from_others(
    layer: RedisLayer, redis: Redis, site: str
) -> None:
    """A node that was deaf does so, and the others have to hear on."""
    channel = await member(layer)
    other = RedisLayer(redis.url, site)
    await member(other)
    await other.flush()
    await other.group_send(GROUP, frame(1))
    assert (await layer.receive(channel))["n"] == 1
    await other.close()
