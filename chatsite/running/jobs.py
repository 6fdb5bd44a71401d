"""Work that is done once for the site, however many processes serve it: by the one that has the
lease. The lease is in the shared cache. While that is away nobody has it: such work can wait.
"""

import logging
import secrets
from collections.abc import Awaitable, Callable

from django.core.cache import cache

from chatsite.running import tasks, threads

LEASE_SECONDS = 90  # how long a process that died holds up a job

logger = logging.getLogger(__name__)
_me = secrets.token_hex(8)  # this process


async def repeat(
    job: str, what: str, work: Callable[[], Awaitable[object]], seconds: float,
    waits_for: tuple[type[Exception], ...] = (),
) -> None:  # fmt: skip
    """Do the work again and again, so many seconds apart, until this task is cancelled: once for
    the site. `job`: its lease. `what` it is, for the log. `waits_for`: what ends one round, and is
    no failure: a store that is away for a while."""

    async def step() -> None:
        try:
            await once_a_site(job, work, seconds)
        except waits_for as error:
            logger.warning("%s waits for the next time: %s", what, error)

    await tasks.forever(what, step, seconds)


async def once_a_site(name: str, work: Callable[[], Awaitable[object]], seconds: float) -> None:
    """Do the work if this process has the job's lease, or nobody has. It is kept past
    the next time, `seconds` from now, so that other processes skip theirs."""
    try:
        mine = await threads.run(take, name, seconds, _me)
    except Exception:  # whatever error the cache has
        logger.warning("the cache is away: %s waits", name, exc_info=True)
        return
    if mine:
        await work()


def take(name: str, seconds: float, owner: str) -> bool:
    """Whether `owner` has the lease now; it is kept past the next time. Repeating renews it."""
    key, kept = f"job:{name}", int(seconds) + LEASE_SECONDS
    if cache.add(key, owner, kept):
        return True
    if cache.get(key) != owner:
        return False
    cache.touch(key, kept)
    return True
