"""Connections to Redis by its address, for all who keep something there (sentinels.py)."""

from typing import Any
from urllib.parse import urlsplit

from redis import ConnectionPool
from redis import asyncio as loops
from redis.asyncio import sentinel as loops_sentinel
from redis.sentinel import Sentinel, SentinelConnectionPool

from chatsite.running.sentinels import Sentinels, sentinels


class _Waiting(loops_sentinel.SentinelConnectionPool, loops.BlockingConnectionPool):
    """Of so many connections, each to the primary; who finds none free waits."""


class _Led(loops_sentinel.SentinelManagedConnection):
    """Leaves the Sentinels once it was led to the primary: a pool that ends forgets theirs."""

    async def connect(self) -> None:
        if self.is_connected:
            return
        try:
            await super().connect()  # type: ignore[no-untyped-call]
        finally:
            for one in self.connection_pool.sentinel_manager.sentinels:
                await one.connection_pool.disconnect(inuse_connections=False)


class _LedByTls(_Led, loops_sentinel.SentinelManagedSSLConnection):
    pass


def pool(url: str, seconds: float, **more: Any) -> ConnectionPool:
    """For threads. `seconds`: for one command, or to connect."""
    limits = _limits(seconds)
    found = sentinels(url)
    if found is None:
        return ConnectionPool.from_url(url, **limits, **more)
    asked = Sentinel(found.hosts, sentinel_kwargs={**limits, **found.secure, **more})
    own = {**limits, **found.options, **found.secure, **more}
    return SentinelConnectionPool(found.service, asked, **own)


def loop_pool(url: str, seconds: float, most: int) -> loops.BlockingConnectionPool:
    """For one event loop: `most` connections; who finds none free waits for `seconds`."""
    limits, bounds = _limits(seconds), {"max_connections": most, "timeout": seconds}
    found = sentinels(url)
    if found is None:
        return loops.BlockingConnectionPool.from_url(url, **limits, **bounds)
    asked = loops_sentinel.Sentinel(found.hosts, sentinel_kwargs={**limits, **found.secure})
    own = {**limits, **found.options, **_led(found), **bounds}
    return _Waiting(found.service, asked, **own)  # type: ignore[no-untyped-call]


def layer_host(url: str, seconds: float) -> dict[str, Any]:
    """The same for channels_redis, which makes its own pool."""
    limits = _limits(seconds)
    found = sentinels(url)
    if found is None:
        return {"address": url, **limits}
    own = {**limits, **found.options, **_led(found)}
    asked = {"sentinel_kwargs": {**limits, **found.secure}}
    return {"master_name": found.service, "sentinels": found.hosts, **asked, **own}


def where(url: str) -> str:
    """Who is asked first, for people; without a password."""
    found = sentinels(url)
    if found is not None:
        hosts = ",".join(f"{host}:{port}" for host, port in found.hosts)
        return f"{found.service} of the Sentinels {hosts}"
    parts = urlsplit(url)
    return f"{parts.hostname}:{parts.port or 6379}"


def _led(found: Sentinels) -> dict[str, Any]:
    return {**found.secure, "connection_class": _LedByTls if found.secure.get("ssl") else _Led}


def _limits(seconds: float) -> dict[str, Any]:
    return {"socket_timeout": seconds, "socket_connect_timeout": seconds}
