"""A Redis that Sentinels lead to: presence, the layer and the cache outlive its primary."""

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from redis import Redis as Driver
from redis.exceptions import RedisError

from chatsite import redis_check
from chatsite.redis_layer import RedisLayer
from chatsite.running.breaker import Away
from chatsite.running.findings import Level
from chatsite.running.needs import Unfit
from chatsite.running.sentinels import sentinels
from presence.backends.redis import RedisPresence
from testkit.running import free_port
from tests.chatsite.doctor.asked import expect, expect_well, found
from tests.contracts.factories import new_site
from tests.contracts.test_presence import NOW, entry
from tests.services import Redis, own_redis

SERVICE = "chat"
DOWN_MS, FAILOVER_MS = 1000, 5000
GROUP = "node.n1"
SOON = 60.0
LOOK_SECONDS = 0.1
LOST = (RedisError, OSError, TimeoutError, Away)


@dataclass
class Ward:
    """Two servers, the second a copy of the first, and a Sentinel that watches them."""

    primary: Redis
    other: Redis
    sentinel: Redis

    @property
    def url(self) -> str:
        nobody = free_port()  # the first that is named is not there
        hosts = f"127.0.0.1:{nobody},127.0.0.1:{self.sentinel.port}"
        return f"redis+sentinel://{hosts}/{SERVICE}/0"


@pytest.fixture
def ward() -> Iterator[Ward]:
    with own_redis() as primary, own_redis() as other:
        with Driver.from_url(other.url) as driver:
            driver.replicaof("127.0.0.1", str(primary.port))
            until(lambda: driver.info()["master_link_status"] == "up")
        with own_sentinel(primary) as sentinel, Driver.from_url(sentinel.url) as driver:
            until(lambda: knows_a_copy(driver))
            yield Ward(primary, other, sentinel)


@contextmanager
def own_sentinel(of: Redis) -> Iterator[Redis]:
    with tempfile.TemporaryDirectory(prefix="sentinel-") as folder:
        settings = (
            f"sentinel monitor {SERVICE} 127.0.0.1 {of.port} 1\n"
            f"sentinel down-after-milliseconds {SERVICE} {DOWN_MS}\n"
            f"sentinel failover-timeout {SERVICE} {FAILOVER_MS}\n"
        )
        sentinel = Redis(Path(folder), free_port(), ("--sentinel",), settings=settings)
        try:
            yield sentinel.start()
        finally:
            sentinel.kill()


def knows_a_copy(driver: Driver) -> bool:
    return any(
        "slave" in copy["flags"] and not copy["is_disconnected"]
        for copy in driver.sentinel_slaves(SERVICE)
    )


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SOON
    while not true():
        assert time.monotonic() < deadline
        time.sleep(LOOK_SECONDS)


async def until_done(call: Callable[[], Awaitable[Any]]) -> Any:
    """What it answers once it does: for a moment there is no primary."""
    async with asyncio.timeout(SOON):
        while True:
            try:
                return await call()
            except LOST:
                await asyncio.sleep(LOOK_SECONDS)


@pytest.fixture
async def presence(ward: Ward) -> AsyncIterator[RedisPresence]:
    presence = RedisPresence(ward.url, new_site())
    yield presence
    await presence.close()


@pytest.fixture
async def layer(ward: Ward) -> AsyncIterator[RedisLayer]:
    layer = RedisLayer(ward.url, new_site())
    yield layer
    await layer.close()


@pytest.fixture
def shared(ward: Ward, settings: Any) -> None:
    settings.CACHES = {
        "default": {
            "BACKEND": "chatsite.redis_cache.SharedCache",
            "LOCATION": ward.url,
            "KEY_PREFIX": new_site(),
        }
    }


async def test_presence_goes_on_after_a_failover(ward: Ward, presence: RedisPresence) -> None:
    one = entry(b"u" * 16)
    await presence.lease("n1", "a", NOW)
    await presence.join(one, [], NOW)
    assert not (await presence.renew("n1", "a", NOW)).forgot
    ward.primary.kill()
    renewed = await until_done(lambda: presence.renew("n1", "a", NOW))
    assert renewed.mine
    assert renewed.forgot  # it is told all again: the copy may have lacked the last of it
    await presence.join(one, [], NOW)
    assert await presence.where([one.user], NOW) == {one.user: [one]}


async def test_the_layer_goes_on_after_a_failover(ward: Ward, layer: RedisLayer) -> None:
    ward.primary.kill()

    async def comes() -> Any:
        await layer.flush()  # as hearing.py does where it is deaf
        channel = await layer.new_channel()
        await layer.group_add(GROUP, channel)
        await layer.group_send(GROUP, {"type": "node.frame", "n": 1})
        return await layer.receive(channel)

    assert (await until_done(comes))["n"] == 1


@pytest.mark.usefixtures("shared")
def test_the_cache_goes_on_after_a_failover(ward: Ward) -> None:
    assert cache.add("nonce:1", 1, 121)
    ward.primary.kill()
    until(lambda: added("nonce:2"))
    assert not cache.add("nonce:2", 1, 121)


def added(name: str) -> bool:
    try:
        return cache.add(name, 1, 121)
    except LOST:
        return False


def test_it_is_examined_by_its_address(ward: Ward) -> None:
    redis_check.check(ward.url)
    findings = found("chatsite.redis_check.examine", ward.url)
    expect_well(findings)
    assert "chat of the Sentinels 127.0.0.1:" in findings[0].text


def test_a_service_that_no_sentinel_knows_is_named(ward: Ward) -> None:
    findings = found("chatsite.redis_check.examine", ward.url.replace("/chat/", "/cat/"))
    expect(findings, Level.WRONG, "No master found for 'cat'")


def test_a_sentinel_is_no_redis(ward: Ward) -> None:
    with pytest.raises(Unfit, match="this is a Sentinel"):
        redis_check.check(ward.sentinel.url)


def test_addresses_are_read() -> None:
    read = sentinels("rediss+sentinel://me:p%40ss@a.example,[::1]:26380/chat/2?ssl_ca_certs=/ca")
    assert read is not None
    assert read.hosts == [("a.example", 26379), ("::1", 26380)]
    assert read.service == "chat"
    assert read.options == {"db": 2, "username": "me", "password": "p@ss"}
    assert read.secure == {"ssl": True, "ssl_ca_certs": "/ca"}
    assert sentinels("redis://localhost:6379/0") is None


@pytest.mark.parametrize(
    "url",
    [
        "redis+sentinel://a:1",
        "redis+sentinel://a:1/",
        "redis+sentinel:///chat",
        "redis+sentinel://a:0/chat",
        "redis+sentinel://a:99999/chat",
        "redis+sentinel://a,,b/chat",
        "redis+sentinel://a/chat/x",
        "http+sentinel://a/chat",
        "redis+sentinel+ssl://a/chat",
    ],
)
def test_others_are_refused(url: str) -> None:
    with pytest.raises(ValueError, match="no address of Sentinels"):
        sentinels(url)
