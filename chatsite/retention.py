"""How long the site keeps messages: for ever, or MESSAGE_RETENTION_DAYS. The server takes away what
is older once a day, `manage.py prune_messages` by hand.
"""

import logging
from collections.abc import Callable

from django.conf import settings

from chatsite.edge.limits import DAY
from chatsite.running import jobs, threads
from chatsite.running.clock import now_ms
from messaging import retention
from messaging.backends.base import Busy
from messaging.retention import Purged
from moderation import audit

logger = logging.getLogger(__name__)


async def apply(now: int, actor: str, told: Callable[[int], None] = lambda _: None) -> Purged:
    """What is too old by the setting goes; an entry in the audit log where any did. Raises Busy."""
    days = settings.MESSAGE_RETENTION_DAYS
    purged = await retention.purge(now, days, told)
    if purged.messages:
        details = {"days": days, "messages": purged.messages}
        await threads.run(audit.write, actor, "prune_messages", "messages", details)
    return purged


async def every_day(clock_is_wrong: Callable[[], bool] = lambda: False) -> None:
    """Until it is cancelled, by one process of the site. Where a store is away, or the clock of
    this node is wrong, it is for the next day."""

    async def look() -> None:
        days = settings.MESSAGE_RETENTION_DAYS
        if days and not clock_is_wrong():
            done = await apply(now_ms(), "the server")
            logger.info("%d messages older than %d days are gone", done.messages, days)

    await jobs.repeat("retention", "taking away old messages", look, DAY, (Busy,))
