"""Use cases of time running out: texts and salts of messages with a ttl, and invite links.

Readers treat what has expired as gone at once; this makes it so in the store. The server calls
it every minute, `manage.py prune` does it by hand.
"""

from collections.abc import Callable

from chatsite.running import jobs, threads
from chatsite.running.clock import now_ms
from chatsite.running.progress import Say, unsaid
from messaging.backends import log, tables
from messaging.backends.base import Busy
from messaging.backends.tables import BROWSE_MAX, Salt, Table
from messaging.models import Invite

EVERY_SECONDS = 60
BATCH = 500  # messages of one transaction, so that no send waits for long


async def counted(now: int) -> dict[str, int]:
    """What `prune` would clear now. Where the store forgets by itself, that is nothing soon."""
    texts, cursor = 0, None
    while True:
        page = await tables().browse(Table.MESSAGE_SALT, cursor, BROWSE_MAX)
        texts += sum(isinstance(one, Salt) and one.expires <= now for one in page.records)
        cursor = page.cursor
        if cursor is None:
            break
    old = Invite.objects.filter(expires__lte=now)
    return {"messages": texts, "invite links": await threads.run(old.count)}


async def prune(now: int, say: Say = unsaid) -> int:
    """Clear everything that has expired; answers how many messages. Repeatable."""
    cleared = 0
    while count := await log().expire(now, BATCH):
        cleared += count
        say("messages cleared", cleared)
    await threads.run(Invite.objects.filter(expires__lte=now).delete)
    return cleared


async def every_minute(clock: Callable[[], int] = now_ms) -> None:
    """Until it is cancelled, by one process of the site. A store that is away for a while is tried
    again."""
    await jobs.repeat(
        "expiry", "clearing expired messages", lambda: prune(clock()), EVERY_SECONDS, (Busy,)
    )
