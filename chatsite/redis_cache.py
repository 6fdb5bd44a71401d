"""The cache that the processes of a site share: used nonces, limits, leases of jobs.

Django's own on Redis, behind a breaker, so that a Redis that hangs costs few requests a second of
theirs. Values are JSON: who can write into the cache must not be able to run code here. Each user
of the cache has a rule for a cache that is away: limits.py, proof.py, jobs.py.
"""

import json
from collections.abc import Callable
from functools import cache
from typing import Any, TypeVar

from django.conf import settings
from django.core.cache.backends.redis import RedisCache, RedisCacheClient
from redis import Redis
from redis.exceptions import ResponseError

from chatsite.running import metrics, redis_at
from chatsite.running.breaker import Breaker

SECONDS = 1.0  # for one command, or to connect

T = TypeVar("T")


class Json:
    def dumps(self, obj: Any) -> bytes:
        return json.dumps(obj).encode()

    def loads(self, data: Any) -> Any:
        return json.loads(data)


class Client(RedisCacheClient):
    """Django makes a cache for each request, and a driver for each command; here they and their
    connections are the process's."""

    def __init__(self, servers: list[str], **options: Any) -> None:
        super().__init__(servers, serializer=Json(), **options)
        [self._url] = servers

    def get_client(self, key: Any = None, *, write: bool = False) -> Redis:
        return _driver(self._url)

    def counted(self, key: str, seconds: int, count: int) -> int:
        with self.get_client().pipeline(transaction=False) as line:
            line.set(key, 0, ex=seconds, nx=True)
            line.incrby(key, count)
            return int(line.execute()[-1])


class SharedCache(RedisCache):
    def __init__(self, server: str, params: dict[str, Any]) -> None:
        # A list: Django splits a text at its commas, and an address may have some.
        super().__init__([server], {"KEY_PREFIX": f"{settings.SITE_HOST}:c", **params})
        self._class = Client
        self._breaker = _breaker(server)

    def add(self, *args: Any, **more: Any) -> bool:
        return self._tried(super().add, *args, **more)

    def get(self, *args: Any, **more: Any) -> Any:
        return self._tried(super().get, *args, **more)

    def set(self, *args: Any, **more: Any) -> None:
        self._tried(super().set, *args, **more)

    def touch(self, *args: Any, **more: Any) -> bool:
        return self._tried(super().touch, *args, **more)

    def incr(self, *args: Any, **more: Any) -> int:
        return self._tried(super().incr, *args, **more)

    def counted(self, key: str, seconds: int, count: int) -> int:
        """`add` of 0 and `incr` in one round trip; Django's take three."""
        client: Any = self._cache
        made = self.make_and_validate_key(key)
        used: int = self._tried(client.counted, made, seconds, count)
        return used

    def _tried(self, call: Callable[..., T], *args: Any, **more: Any) -> T:
        with self._breaker.tried():
            return call(*args, **more)


@cache
def _driver(url: str) -> Redis:
    """For all threads: each command takes a connection of the pool."""
    return Redis(connection_pool=redis_at.pool(url, SECONDS))


@cache
def _breaker(url: str) -> Breaker:
    breaker = Breaker("the cache", answers=(ResponseError, ValueError))
    metrics.BREAKERS.read_by(lambda: breaker.away, "cache")
    return breaker
