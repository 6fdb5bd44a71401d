"""A compare-and-set that was refused, or whose outcome is unknown, is decided again."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Iterator
from typing import TypeVar

from messaging.backends.base import Busy

ATTEMPTS_MAX = 6
PAUSE_SECONDS = 0.01  # at most, after the first; twice as much after each
PATIENCE_SECONDS = 3.0  # one that was never answered, and another one after it

T = TypeVar("T")


def attempts(most: int) -> Iterator[int]:
    """Their numbers, from 0. None begins where those before it took too long."""
    began = time.monotonic()
    for attempt in range(most):
        if time.monotonic() - began > PATIENCE_SECONDS:
            return
        yield attempt


async def until_decided(step: Callable[[int], Awaitable[T | None]]) -> T:
    """The first answer of `step` that is not None. It gets the number of the attempt, from 0.
    Raises Busy when there were enough."""
    for attempt in attempts(ATTEMPTS_MAX):
        answer = await step(attempt)
        if answer is not None:
            return answer
        await asyncio.sleep(random.uniform(0, PAUSE_SECONDS * 2**attempt))  # noqa: S311
    raise Busy
