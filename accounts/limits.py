"""Named rate limits. Tries of a secret are counted in SQL (a restart must not forget them),
everything else in the cache.

Apps declare limits of their own, `SEARCH = Limit("search", 60, HOUR)`, and name them in
`@api(..., limit=SEARCH)` or call `take`. LIVE_RATE_FACTOR raises all of these, but never the tries
of a secret: benchmarks and tests act for many people from one address.
"""

import hashlib
import ipaddress
from dataclasses import dataclass

from django.conf import settings
from django.core.cache import cache
from django.db.models import Q
from django.http import HttpRequest

from accounts.models import Failure
from accounts.problems import Refusal

MINUTE, HOUR, DAY = 60, 3600, 86_400  # seconds


@dataclass(frozen=True, slots=True)
class Limit:
    name: str
    count: int
    seconds: int


TRIES_AN_HOUR, TRIES_A_DAY = 10, 50  # wrong secrets of one account, by any factor (4.18)

START = Limit("start", 120, HOUR)  # by address; the fake answers give nothing to collect
SIGN_IN = Limit("sign-in", 120, HOUR)  # by address; the account's own limit is `attempt`
SIGN_UP_START = Limit("sign-up-start", 60, HOUR)  # by address; it tells which names are taken
SIGN_UP = Limit("sign-up", 20, HOUR)  # by address; a household or a classroom shares one
RESET_START = Limit("reset-start", 20, HOUR)  # by address; each may send a mail
RESET = Limit("reset", 60, HOUR)  # by address; tokens cannot be guessed, but cost a look
RESET_MAILS = Limit("reset-mails", 3, DAY)  # by account; nobody's mailbox is to be filled
EMAIL = Limit("email", 10, HOUR)  # by account; codes mailed, and codes tried
EMAIL_TO = Limit("email-to", 5, DAY)  # by mail address, whoever names it
STANDING = Limit("standing", 120, HOUR)  # by address
LIVE_TOKEN = Limit("live-token", 240, HOUR)  # by account; one a reconnect, one in ten minutes
DIRECTORY = Limit("directory", 600, HOUR)  # by account; reads of lists, and strangers asked for
WRITES = Limit("writes", 300, HOUR)  # by account; notes, profile, factors


def take(limit: Limit, subject: str | bytes, now_ms: int, count: int = 1) -> None:
    """Count so many; raise Refusal 429 with `retry_ms` beyond the limit of this window."""
    window, into = divmod(now_ms, limit.seconds * 1000)
    raw = subject.encode() if isinstance(subject, str) else subject
    digest = hashlib.sha256(raw).hexdigest()[:32]
    key = f"limit:{limit.name}:{digest}:{window}"
    cache.add(key, 0, limit.seconds)
    try:
        used = cache.incr(key, count)
    except ValueError:  # evicted between the two
        return
    if used > limit.count * settings.LIVE_RATE_FACTOR:
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


def try_secret(subject: bytes, by_device: bool, now_ms: int) -> Failure:
    """Count a try as failed before it is looked at, so that a thousand at once are no way round;
    `succeeded` takes it back. Raises Refusal 429 beyond the limits.

    Whoever tries from outside can use up the sign-ins of an account, but not the unlocks of its
    listed devices: those are counted against tries by devices alone.
    """
    Failure.objects.filter(at__lte=now_ms - DAY * 1000).delete()
    this = Failure.objects.create(subject=subject, at=now_ms, by_device=by_device)
    # No transaction around the two: each try must be seen by those that count after it.
    counted = Q(subject=subject, by_device=True) if by_device else Q(subject=subject)
    tries = Failure.objects.filter(counted).order_by("-at", "-pk").values_list("at", flat=True)
    newest_first = list(tries[: TRIES_A_DAY + 1])
    wait = max(
        _wait(newest_first, TRIES_AN_HOUR, HOUR, now_ms),
        _wait(newest_first, TRIES_A_DAY, DAY, now_ms),
    )
    if wait > 0:
        this.delete()  # a refused try is not looked at, so it tells nothing and costs nothing
        raise too_many(wait)
    return this


def succeeded(this: Failure) -> None:
    this.delete()


def _wait(newest_first: list[int], count: int, seconds: int, now_ms: int) -> int:
    """How long until fewer than `count` tries lie in the window; the first one is this one."""
    if len(newest_first) <= count:
        return 0
    return newest_first[count] + seconds * 1000 - now_ms
