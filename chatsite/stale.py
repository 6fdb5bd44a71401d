"""What nobody has used for long, and what of it goes: policies that are off until a setting says
after how many days. The server does it once a day, `manage.py prune_stale` by hand.
"""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from inspect import iscoroutinefunction
from typing import Any

from asgiref.sync import async_to_sync
from django.conf import settings

from accounts import stale
from accounts.stale import Told
from chatsite.edge.limits import DAY
from chatsite.leaving import unused
from chatsite.running import jobs, threads
from chatsite.running.clock import now_ms
from moderation import audit

DAY_MS = DAY * 1000

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Policy:
    """`setting`: days, 0 = off. `what` goes, and what people notice. `count` and `apply` get the
    moment before which something counts as unused, and now, both in ms; and answer how many. What
    asks databases alone is plain, and runs in a thread."""

    setting: str
    what: str
    notice: str
    count: Callable[[int, int], int | Awaitable[int]]
    apply: Callable[[int, int, Told], int | Awaitable[int]]

    @property
    def days(self) -> int:
        return int(getattr(settings, self.setting))

    def before(self, now: int) -> int:
        return now - self.days * DAY_MS


POLICIES = (
    Policy(
        "STALE_SESSION_DAYS", "sessions",
        "a browser that was not used for so many days asks for the password; it keeps all it has. "
        "After 90 days a session ends in any case. At least 7",
        lambda before, now: stale.unused_sessions(before, now).count(), stale.end_sessions,
    ),
    Policy(
        "STALE_DEVICE_DAYS", "browsers",
        "a browser that was not used for so many days is signed out for good: when it comes back "
        "it deletes what it keeps of the site, also what it had not sent. The last used one of a "
        "person stays. At least 90",
        lambda before, now: stale.unused_devices(before, now).count(), stale.retire_devices,
    ),
    Policy(
        "STALE_ACCOUNT_DAYS", "accounts",
        "an account that never had a contact or a request, a file, a report or a decision, and "
        "where nobody was for so many days, is deleted, as its person could do. Its name stays "
        "taken. At least 90",
        unused.count, unused.delete,
    ),
)  # fmt: skip


def count(policy: Policy, now: int) -> int:
    """How many would go. For commands, as is the next."""
    return _plainly(policy.count)(policy.before(now), now)


def apply(policy: Policy, now: int, actor: str, told: Told = lambda: None) -> int:
    """How many went. Repeatable; an entry in the audit log where any did."""
    done = _plainly(policy.apply)(policy.before(now), now, told)
    _note(policy, actor, done)
    return done


def _plainly(work: Callable[..., Any]) -> Callable[..., int]:
    return async_to_sync(work) if iscoroutinefunction(work) else work


async def _apply(policy: Policy, now: int) -> int:
    work: Callable[..., Any] = policy.apply
    given = (policy.before(now), now, lambda: None)
    if iscoroutinefunction(work):
        done: int = await work(*given)
    else:
        done = await threads.run(work, *given)
    await threads.run(_note, policy, "the server", done)
    return done


def _note(policy: Policy, actor: str, done: int) -> None:
    if done:
        audit.write(actor, "prune_stale", policy.what, {"days": policy.days, "count": done})


async def every_day() -> None:
    """Until it is cancelled, by one process of the site."""

    async def look() -> None:
        for policy in POLICIES:
            if policy.days:
                done = await _apply(policy, now_ms())
                logger.info("%d %s unused for %d days are gone", done, policy.what, policy.days)

    await jobs.repeat("stale", "ending what nobody uses", look, DAY)
