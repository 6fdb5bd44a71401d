"""Use cases of time running out: texts and salts of messages with a ttl, and invite links.

Readers treat what has expired as gone at once; this makes it so in the store. The server calls
it every minute, `manage.py prune` does it by hand.
"""

import asyncio
import logging
from collections.abc import Callable

from accounts import threads
from accounts.clock import now_ms
from messaging.backends import log
from messaging.backends.base import Busy
from messaging.models import Invite

EVERY_SECONDS = 60
BATCH = 500  # messages of one transaction, so that nobody's send waits for long

logger = logging.getLogger(__name__)


async def prune(now: int) -> int:
    """Clear everything whose time has come; how many messages that were. Repeatable."""
    cleared = 0
    while count := await log().expire(now, BATCH):
        cleared += count
    await threads.run(Invite.objects.filter(expires__lte=now).delete)
    return cleared


async def every_minute(clock: Callable[[], int] = now_ms) -> None:
    """Until it is cancelled. A store that is away for a while is tried again."""
    while True:
        try:
            await prune(clock())
        except Busy:
            logger.warning("expired messages wait for the next minute")
        except Exception:  # the next minute may be better, and nobody else does this
            logger.exception("expired messages were not cleared")
        await asyncio.sleep(EVERY_SECONDS)
