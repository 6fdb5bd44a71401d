"""How long the site keeps messages: for ever, or MESSAGE_RETENTION_DAYS. The server takes away what
is older once a day, `manage.py prune_messages` by hand.
"""

import asyncio
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

LOOK_SECONDS = 1.0  # until the clock of this node was compared

logger = logging.getLogger(__name__)


async def apply(now: int, actor: str, told: Callable[[int], None] = lambda _: None) -> Purged:
    """What is too old by the setting goes; an entry in the audit log where any did, also where it
    broke off. Raises Busy."""
    days, purged = settings.MESSAGE_RETENTION_DAYS, Purged()
    try:
        return await retention.purge(now, days, told, into=purged)
    finally:
        if purged.messages:
            details = {"days": days, "messages": purged.messages}
            await threads.run(audit.write, actor, "prune_messages", "messages", details)


async def every_day(clock_is_wrong: Callable[[], bool | None] = lambda: False) -> None:
    """Until it is cancelled, by one process of the site. Where a store is away, or the clock of
    this node is wrong, it is for the next day. `clock_is_wrong`: None = nobody has looked since the
    start, when a clock is most often wrong; then it waits."""
    while clock_is_wrong() is None:  # noqa: ASYNC110 -- a look every few seconds, for a round a day
        await asyncio.sleep(LOOK_SECONDS)

    async def look() -> None:
        days = settings.MESSAGE_RETENTION_DAYS
        if days and not clock_is_wrong():
            done = await apply(now_ms(), "the server")
            logger.info("%d messages older than %d days are gone", done.messages, days)

    await jobs.repeat("retention", "taking away old messages", look, DAY, (Busy,))
