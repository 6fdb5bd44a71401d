"""Calls to a store that may be away for a moment."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from chatsite.copying import Interrupted

PAUSES = (0.5, 1, 2, 4, 8)  # seconds, before a call is made again

T = TypeVar("T")
Away = TypeVar("Away", bound=Exception)


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
