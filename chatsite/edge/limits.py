"""Named rate limits, counted in the cache; tries of a secret are in SQL (accounts/tries.py).

Apps declare limits of their own, `SEARCH = Limit("search", 60, HOUR)`, and name them in
`@api(..., limit=SEARCH)` or call `take`. LIVE_RATE_FACTOR raises all of
these: benchmarks and tests act for many people from one address.
"""

import hashlib
import logging
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from django.conf import settings
from django.core.cache import BaseCache, cache
from django.core.cache.backends.locmem import LocMemCache
from django.http import HttpRequest

from chatsite.edge import addresses
from chatsite.edge.refusals import Refusal

logger = logging.getLogger(__name__)

MINUTE, HOUR, DAY = 60, 3600, 86_400  # seconds
OWN_MAX = 200_000  # counters of this process; some of more are forgotten


@dataclass(frozen=True, slots=True)
class Limit:
    name: str
    count: int
    seconds: int


READS = Limit("reads", 6_000, HOUR)  # by account; everything without a limit of its own
WRITES = Limit("writes", 300, HOUR)  # by account; notes, profile, factors


def take(limit: Limit, subject: str | bytes, now_ms: int, count: int = 1) -> None:
    """Count so many; raise Refusal 429 with `retry_ms` beyond the limit of this window."""
    if exceeded(limit, subject, now_ms, count):
        window = limit.seconds * 1000
        raise too_many(window - now_ms % window)


def exceeded(limit: Limit, subject: str | bytes, now_ms: int, count: int = 1) -> bool:
    """Count so many; whether that is more than the limit of this window.

    Where the cache is away this process counts for itself: a limit is there for the site, and not
    against it.
    """
    window = now_ms // (limit.seconds * 1000)
    raw = subject.encode() if isinstance(subject, str) else subject
    digest = hashlib.sha256(raw).hexdigest()[:32]
    key = f"limit:{limit.name}:{digest}:{window}"
    try:
        used = _counted(cache, key, limit.seconds, count)
    except Exception:  # noqa: BLE001 -- the cache's own errors, whichever it is; they are counted
        alone.note(limit.name, now_ms)
        used = _counted(_own, key, limit.seconds, count)
    return used > limit.count * settings.LIVE_RATE_FACTOR


def _counted(where: BaseCache, key: str, seconds: int, count: int) -> int:
    if isinstance(where, Counts):
        return where.counted(key, seconds, count)
    where.add(key, 0, seconds)
    try:
        return where.incr(key, count)
    except ValueError:  # evicted between the two
        return count


@runtime_checkable
class Counts(Protocol):
    """A cache that makes a counter where there is none, and counts, in one step."""

    def counted(self, key: str, seconds: int, count: int) -> int: ...


class Alone:
    """What this process counted for itself, since the cache was away. Logged once a minute."""

    def __init__(self) -> None:
        self.count = 0
        self._logged = 0  # ms

    def note(self, name: str, now_ms: int) -> None:
        self.count += 1
        if now_ms - self._logged >= MINUTE * 1000:
            self._logged = now_ms
            logger.warning(
                "the cache is away: each process counts for itself (%s and others; %d so far)",
                name, self.count, exc_info=True,
            )  # fmt: skip


alone = Alone()
_own = LocMemCache("limits", {"OPTIONS": {"MAX_ENTRIES": OWN_MAX}})


def too_many(retry_ms: int) -> Refusal:
    return Refusal(429, "rate", "Too many tries. Wait a while.", retry_ms)


def address(request: HttpRequest) -> str:
    """The client's network, or nothing where the request came from none (tests)."""
    text = request.META.get("REMOTE_ADDR", "")
    return addresses.network(addresses.parse(text)) if text else ""
