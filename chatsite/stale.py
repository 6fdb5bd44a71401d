"""What nobody has used for long, and what of it goes: policies that are off until a setting says
after how many days. The server does it once a day, `manage.py prune_stale` by hand.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings

from accounts import stale
from accounts.stale import Told
from chatsite.edge.limits import DAY
from chatsite.running import jobs, threads
from chatsite.running.clock import now_ms
from moderation import audit

DAY_MS = DAY * 1000

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Policy:
    """`setting`: days, 0 = off. `what` goes, and what people notice. `count` and `apply` get the
    moment before which something counts as unused, and now, both in ms; and answer how many. They
    run in a thread."""

    setting: str
    what: str
    notice: str
    count: Callable[[int, int], int]
    apply: Callable[[int, int, Told], int]

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
)  # fmt: skip


def apply(policy: Policy, now: int, actor: str, told: Told = lambda: None) -> int:
    """How many went. Repeatable; an entry in the audit log where any did."""
    done = policy.apply(policy.before(now), now, told)
    if done:
        audit.write(actor, "prune_stale", policy.what, {"days": policy.days, "count": done})
    return done


async def every_day() -> None:
    """Until it is cancelled, by one process of the site."""

    async def look() -> None:
        for policy in POLICIES:
            if policy.days:
                done = await threads.run(apply, policy, now_ms(), "the server")
                logger.info("%d %s unused for %d days are gone", done, policy.what, policy.days)

    await jobs.repeat("stale", "ending what nobody uses", look, DAY)
