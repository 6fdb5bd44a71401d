"""Several at a time, and calls to a store that may be away for a moment."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from chatsite.copying import Interrupted

AT_A_TIME = 4
PAUSES = (0.5, 1, 2, 4, 8)  # seconds, before a call is made again

T = TypeVar("T")
Away = TypeVar("Away", bound=Exception)


async def each(every: Sequence[T], run: Callable[[T], Awaitable[None]]) -> None:
    """AT_A_TIME of them; the first that fails ends all."""
    waiting = iter(every)

    async def work() -> None:
        for one in waiting:
            await run(one)

    tasks = [asyncio.ensure_future(work()) for _ in range(AT_A_TIME)]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def patiently(
    call: Callable[[], Awaitable[T]], away: type[Away], words: Callable[[Away], str]
) -> T:
    """Made again while it raises `away`. Raises Interrupted, with these words, where that lasts."""
    for pause in PAUSES:
        try:
            return await call()
        except away:
            await asyncio.sleep(pause)
    try:
        return await call()
    except away as error:
        raise Interrupted(words(error)) from error
