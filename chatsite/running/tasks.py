"""Tasks that run for ever. An exception must not end work that nothing else does: it is logged,
and the task goes on."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

from chatsite.running import away

FAILED_SECONDS = 1.0  # at least, between a step that failed and the next

logger = logging.getLogger(__name__)


async def forever(what: str, step: Callable[[], Awaitable[object]], rest: float = 0) -> None:
    """Await `step` again and again, `rest` seconds apart, until this task is cancelled."""
    while True:
        pause = max(rest, FAILED_SECONDS)
        try:
            await step()
            pause = rest
        except asyncio.CancelledError:
            if _is_cancelled():
                raise
            logger.exception("%s was cut off; it goes on", what)
        except Exception as error:
            if not away.told(error):
                logger.exception("%s failed; it goes on", what)
        await asyncio.sleep(pause)


@contextmanager
def survived(what: str) -> Iterator[None]:
    """The same for a step of plain code: what it raises is logged and goes no further."""
    try:
        yield
    except Exception as error:
        if not away.told(error):
            logger.exception("%s failed; the next goes on", what)


def _is_cancelled() -> bool:
    """Whether somebody ends this task; what it waited for may have been cancelled instead."""
    task = asyncio.current_task()
    return task is None or task.cancelling() > 0
