"""A compare-and-set that was refused, or whose outcome is unknown, is decided again."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import TypeVar

from messaging.backends.base import Busy

ATTEMPTS_MAX = 6
PAUSE_SECONDS = 0.01  # at most, after the first; twice as much after each

T = TypeVar("T")


async def until_decided(step: Callable[[int], Awaitable[T | None]]) -> T:
    """The first answer of `step` that is not None. It gets the number of the attempt, from 0.
    Raises Busy when there were enough."""
    for attempt in range(ATTEMPTS_MAX):
        answer = await step(attempt)
        if answer is not None:
            return answer
        await asyncio.sleep(random.uniform(0, PAUSE_SECONDS * 2**attempt))  # noqa: S311
    raise Busy
