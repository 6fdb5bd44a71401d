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
from redis import ConnectionPool
from redis.exceptions import ResponseError

from chatsite.running import metrics
from chatsite.running.breaker import Breaker

SECONDS = 1.0  # for one command, or to connect

T = TypeVar("T")


class Json:
    def dumps(self, obj: Any) -> bytes:
        return json.dumps(obj).encode()

    def loads(self, data: Any) -> Any:
        return json.loads(data)


class Client(RedisCacheClient):
    """Django makes a cache for each request; its connections are the process's."""

    def __init__(self, servers: list[str], **options: Any) -> None:
        super().__init__(servers, serializer=Json(), **options)
        self._pools = {index: _pool(url) for index, url in enumerate(servers)}


class SharedCache(RedisCache):
    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, {"KEY_PREFIX": f"{settings.SITE_HOST}:c", **params})
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

    def _tried(self, call: Callable[..., T], *args: Any, **more: Any) -> T:
        with self._breaker.tried():
            return call(*args, **more)


@cache
def _pool(url: str) -> ConnectionPool:
    return ConnectionPool.from_url(url, socket_timeout=SECONDS, socket_connect_timeout=SECONDS)


@cache
def _breaker(url: str) -> Breaker:
    breaker = Breaker("the cache", answers=(ResponseError, ValueError))
    metrics.BREAKERS.read_by(lambda: breaker.away, "cache")
    return breaker
