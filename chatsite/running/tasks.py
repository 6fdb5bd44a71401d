"""Tasks that run for ever: an exception must not end work that nothing else does, so it is logged,
and the task goes on. And work on several things at a time."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import TypeVar

from chatsite.running import away

FAILED_SECONDS = 1.0  # at least, between a step that failed and the next
AT_A_TIME = 4

T = TypeVar("T")

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


async def each(every: Iterable[T], run: Callable[[T], Awaitable[None]]) -> None:
    """AT_A_TIME of them; the first that fails ends all."""
    waiting = iter(every)

    async def work() -> None:
        for one in waiting:
            await run(one)

    working = [asyncio.ensure_future(work()) for _ in range(AT_A_TIME)]
    try:
        await asyncio.gather(*working)
    finally:
        for task in working:
            task.cancel()
        await asyncio.gather(*working, return_exceptions=True)


async def cancel_others(seconds: float) -> None:
    """Ends all tasks of this loop but the one that asks, and those that they begin meanwhile. Waits
    so long for them at most."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            while rest := asyncio.all_tasks() - {asyncio.current_task()}:
                # One that is cancelled before it begins tells nobody: a thread that waits for it
                # in asgiref's `async_to_sync` would wait for ever, and the process for the thread.
                await asyncio.sleep(0)
                for task in rest:
                    task.cancel()
                await asyncio.wait(rest)


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
