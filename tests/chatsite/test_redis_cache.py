"""The shared cache on a real Redis: what limits, nonces and jobs rely on; and one that is away."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache, caches
from redis import Redis as Driver
from redis.exceptions import RedisError

from chatsite.edge import limits
from chatsite.edge.refusals import Refusal
from chatsite.running import jobs
from chatsite.running.breaker import AWAY_AFTER, Away
from tests.contracts.factories import new_site
from tests.services import Redis, own_redis

TWICE = limits.Limit("twice", 2, limits.HOUR)
NOW = 1_790_000_000_000


@pytest.fixture(scope="module")
def running() -> Iterator[Redis]:
    with own_redis() as redis:
        yield redis


@pytest.fixture
def redis(running: Redis, settings: Any) -> Iterator[Redis]:
    settings.CACHES = {
        "default": {
            "BACKEND": "chatsite.redis_cache.SharedCache",
            "LOCATION": running.url,
            "KEY_PREFIX": new_site(),
        }
    }
    yield running
    running.resume()
    if running.process is None or running.process.poll() is not None:
        running.start()


def test_what_is_used_once_is_used_once(redis: Redis) -> None:
    assert cache.add("nonce:1", 1, 121)
    assert not cache.add("nonce:1", 1, 121)
    with Driver.from_url(redis.url) as driver:
        [key] = driver.keys("*nonce:1")
        assert 0 < driver.ttl(key) <= 121


def test_limits_count(redis: Redis) -> None:
    limits.take(TWICE, "alice", NOW)
    limits.take(TWICE, "alice", NOW)
    with pytest.raises(Refusal):
        limits.take(TWICE, "alice", NOW)
    limits.take(TWICE, "bob", NOW)
    with Driver.from_url(redis.url) as driver:
        keys = driver.keys("*limit:twice:*")
        assert len(keys) == 2
        assert all(0 < driver.ttl(key) <= limits.HOUR for key in keys)


def test_a_limit_costs_one_round_trip(redis: Redis) -> None:
    def packets(driver: Driver) -> int:
        return int(driver.info("stats")["total_reads_processed"])

    limits.take(TWICE, "carol", NOW)  # connects
    with Driver.from_url(redis.url) as driver:
        packets(driver)
        asking = packets(driver) - packets(driver)  # what each question of ours adds
        before = packets(driver)
        limits.take(TWICE, "carol", NOW)
        assert packets(driver) + asking - before == 1


def test_a_lease_is_its_owners(redis: Redis) -> None:
    for owner in ("00112233", "aabbccdd"):
        assert jobs.take(owner, 60, owner)
        assert jobs.take(owner, 60, owner)
        assert not jobs.take(owner, 60, "another")


def test_who_writes_into_the_cache_runs_no_code_here(redis: Redis) -> None:
    cache.set("kept", {"a": [1, "zwei", None]}, 60)
    assert cache.get("kept") == {"a": [1, "zwei", None]}
    with Driver.from_url(redis.url) as driver:
        [key] = driver.keys("*kept")
        driver.set(key, b"\x80\x04]\x94.")  # an empty list, pickled
    with pytest.raises(ValueError):
        cache.get("kept")


def test_requests_share_the_connections_of_the_process(redis: Redis) -> None:
    def pool() -> Any:
        made: Any = caches.create_connection("default")
        return made._cache.get_client().connection_pool

    assert pool() is pool()


@pytest.mark.parametrize("harm", [Redis.kill, Redis.pause])
def test_one_that_is_away_costs_few_requests_their_time(redis: Redis, harm: Any) -> None:
    cache.add("a", 1, 60)
    harm(redis)
    for _ in range(AWAY_AFTER):
        with pytest.raises(RedisError):
            cache.add("b", 1, 60)
    refused = 0
    for _ in range(100):
        try:
            cache.add("c", 1, 60)
        except (Away, RedisError) as error:
            refused += isinstance(error, Away)
    assert refused >= 95  # without asking
    limits.take(TWICE, f"carol {harm.__name__}", NOW)  # counted here
    redis.resume()
    if redis.process is not None and redis.process.poll() is not None:
        redis.start()
    while True:  # within a second, the next probe
        try:
            cache.add("d", 1, 60)
            break
        except (Away, RedisError):
            time.sleep(0.05)  # nobody tells
