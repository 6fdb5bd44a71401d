"""Named rate limits. Tries of a secret are counted in SQL (a restart must not forget them),
everything else in the cache.

Apps declare limits of their own: `DIRECTORY = Limit("directory", 120, HOUR)`, and name them in
`@api(..., limit=DIRECTORY)` or call `take`. `settings.RATE_LIMITS = {"directory": 10_000}` replaces
a count, for tests and benchmarks that act for many people from one address.
"""

import hashlib
import ipaddress
from dataclasses import dataclass

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest

from accounts.problems import Refusal

MINUTE, HOUR, DAY = 60, 3600, 86_400  # seconds


@dataclass(frozen=True, slots=True)
class Limit:
    name: str
    count: int
    seconds: int


START = Limit("start", 120, HOUR)  # by address; the fake answers give nothing to collect
SIGN_IN = Limit("sign-in", 120, HOUR)  # by address; the account's own limit is `attempt`
SIGN_UP_START = Limit("sign-up-start", 60, HOUR)  # by address; it tells which names are taken
SIGN_UP = Limit("sign-up", 20, HOUR)  # by address; a household or a classroom shares one
DIRECTORY = Limit("directory", 600, HOUR)  # by account; reads of device lists
WRITES = Limit("writes", 300, HOUR)  # by account; notes, profile, factors


def take(limit: Limit, subject: str | bytes, now_ms: int) -> None:
    """Count one; raise Refusal 429 with `retry_ms` beyond the limit of this window."""
    window, into = divmod(now_ms, limit.seconds * 1000)
    raw = subject.encode() if isinstance(subject, str) else subject
    digest = hashlib.sha256(raw).hexdigest()[:32]
    key = f"limit:{limit.name}:{digest}:{window}"
    cache.add(key, 0, limit.seconds)
    try:
        used = cache.incr(key)
    except ValueError:  # evicted between the two
        return
    if used > getattr(settings, "RATE_LIMITS", {}).get(limit.name, limit.count):
        raise too_many(limit.seconds * 1000 - into)


def too_many(retry_ms: int) -> Refusal:
    return Refusal(429, "rate", "Too many tries. Wait a while.", retry_ms)


def address(request: HttpRequest) -> str:
    """The client's network: an IPv4 address, or the /64 that one customer gets in IPv6."""
    text = request.META.get("REMOTE_ADDR", "")
    try:
        ip = ipaddress.ip_address(text)
    except ValueError:
        return str(text)
    if ip.version == 6:
        return str(ipaddress.ip_network((ip, 64), strict=False))
    return str(ip)
