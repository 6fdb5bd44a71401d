"""Whether a Redis can be used, and what it is like: chatsite/running/needs.py and findings.py."""

import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from redis import Redis
from redis.exceptions import (
    AuthenticationError,
    AuthorizationError,
    ConnectionError,
    NoPermissionError,
    ResponseError,
)

from chatsite.running import away, redis_at
from chatsite.running.findings import Finding, clock, latency, ok, warning, wrong
from chatsite.running.needs import Unfit

SECONDS = 1.0  # for one command, or to connect
KEEPS = "noeviction"
FULL = 0.9  # of maxmemory


def check(url: str) -> None:
    with _client(url, SECONDS) as redis:
        _fit(_known(redis))


def examine(url: str, seconds: float) -> Iterator[Finding]:
    with _client(url, seconds) as redis:
        known = _known(redis)
        where = redis_at.where(url)
        yield ok(f"{known['redis_version']} at {where}, answers in {latency(redis.ping)}")
        _fit(known)
        yield from _role(known)
        yield from _memory(known)
        yield _persistence(redis, known)
        asked = time.time()
        whole, micro = redis.time()
        yield clock("Redis", asked, whole + micro / 1e6, time.time())


def _client(url: str, seconds: float) -> Redis:
    return Redis.from_pool(redis_at.pool(url, seconds, retry=None))


def _known(redis: Redis) -> dict[str, Any]:
    try:
        return redis.info()
    except (AuthenticationError, AuthorizationError, NoPermissionError) as error:
        raise Unfit(f"Redis refuses REDIS_URL or REDIS_CACHE_URL: {error}") from error
    except ConnectionError as error:
        if tls := away.tls_refused(error):
            raise Unfit(f"Redis and REDIS_CA do not go together: {away.reason(tls)}") from error
        raise


def _fit(known: dict[str, Any]) -> None:
    if known.get("redis_mode") == "sentinel":
        raise Unfit(
            "this is a Sentinel, which leads to a Redis and is none: "
            "write redis+sentinel://HOST:26379/SERVICE/0"
        )
    if known["cluster_enabled"]:
        raise Unfit("this Redis is a cluster, which is not supported: name a single one")
    if known["maxmemory_policy"] != KEEPS and known["maxmemory"]:
        raise Unfit(
            f"this Redis throws away what is in use when it is full: "
            f"its maxmemory-policy is {known['maxmemory_policy']} and must be {KEEPS}"
        )


def _role(known: dict[str, Any]) -> Iterator[Finding]:
    if known["role"] != "master":
        yield wrong(
            f"it is a copy of {known['master_host']} and takes nothing",
            "name the primary in REDIS_URL and REDIS_CACHE_URL",
        )


def _memory(known: dict[str, Any]) -> Iterator[Finding]:
    used, most = known["used_memory"], known["maxmemory"]
    if not most:
        yield warning(
            "it has no maxmemory: the machine's memory is its limit",
            f"set maxmemory, and maxmemory-policy {KEEPS}",
        )
    elif used > FULL * most:
        yield wrong(
            f"it is nearly full: {used / most:.0%} of maxmemory",
            "raise maxmemory; a full one is as one that is away",
        )
    else:
        yield ok(f"{used / most:.0%} of maxmemory are used, and what is in use is kept ({KEEPS})")


def _persistence(redis: Redis, known: dict[str, Any]) -> Finding:
    saves: Any = known.get("rdb_saves")
    with suppress(ResponseError):  # not everybody may ask
        saves = redis.config_get("save")["save"]
    if known["aof_enabled"] or saves:
        return warning("it writes to the disk who is connected", 'set save "" and appendonly no')
    return ok("nothing of it outlives it, and need not")
