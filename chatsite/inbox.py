"""What waits in a channel of a layer, bounded in number, in bytes and in time."""

import asyncio
from collections.abc import Callable
from typing import Any, NamedTuple

# A frame between nodes carries up to 64 events, and 256 KiB of them.
CAPACITY, CAPACITY_BYTES = 1000, 8 * 1024 * 1024
NUMBER_BYTES = 8  # that a number counts for
EXPIRY_SECONDS = 60  # a message that nobody received by then is too old

Message = dict[str, Any]


class _Waiting(NamedTuple):
    message: Message
    size: int
    deadline: float


class Inbox:
    """What waits for the readers of one name."""

    def __init__(self, capacity: int, capacity_bytes: int) -> None:
        self.readers = 0  # now: their queue must stay
        self._capacity = capacity
        self._capacity_bytes = capacity_bytes
        self._bytes = 0
        self._queue: asyncio.Queue[_Waiting] = asyncio.Queue()

    def put(self, message: Message, deadline: float, now: float) -> bool:
        """False where there is no room, though what is too old has made some."""
        size = size_of(message)
        while not self._has_room(size) and not self.empty:
            if self._queue._queue[0].deadline > now:  # type: ignore[attr-defined]
                break
            self._took(self._queue.get_nowait())
        if not self._has_room(size):
            return False
        self._queue.put_nowait(_Waiting(message, size, deadline))
        self._bytes += size
        return True

    async def get(self, clock: Callable[[], float]) -> Message:
        """The oldest that is not too old; waits for one."""
        while True:
            one = self._took(await self._queue.get())
            if one.deadline > clock():
                return one.message

    @property
    def empty(self) -> bool:
        return self._queue.empty()

    def _has_room(self, size: int) -> bool:
        fits = self._bytes + size <= self._capacity_bytes
        return fits and self._queue.qsize() < self._capacity

    def _took(self, one: _Waiting) -> _Waiting:
        self._bytes -= one.size
        return one


def size_of(value: Any) -> int:
    """Bytes of what a message holds, without what Python needs beside."""
    if isinstance(value, bytes | str):
        return len(value)
    if isinstance(value, dict):
        return sum(size_of(key) + size_of(one) for key, one in value.items())
    if isinstance(value, list | tuple):
        return sum(map(size_of, value))
    return NUMBER_BYTES
