"""One statement for callers that come in the same turn of the loop.

To send a statement costs this process about as much whether it carries one mark or five. Nobody
waits for others: what has come when the loop takes its next turn goes together.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Generic, TypeVar

from messaging.backends.base import Busy

# Each touches two partitions. Cassandra warns of a batch over more than ten that is not logged.
CALLERS_MAX = 5

S = TypeVar("S")  # a statement
Row = tuple[Any, ...]
Values = Mapping[str, Any]
Future = asyncio.Future[list[Row]]
Callers = list[tuple[Values, Future]]
Open = tuple[asyncio.AbstractEventLoop, Callers]
# The statement for so many callers; the names of its markers end in `_0`, `_1`, …
Numbered = Callable[[int], S]


def repeated(part: str, count: int, between: str = "") -> str:
    """A part of such a statement; `#` in it is the number."""
    return between.join(part.replace("#", str(n)) for n in range(count))


class Sharing(Generic[S]):
    def __init__(self, ask: Callable[[S, Values], Awaitable[list[Row]]]) -> None:
        self._ask = ask
        self._open: dict[Numbered[S], Open] = {}
        self._running: set[asyncio.Task[None]] = set()

    async def rows(self, of: Numbered[S], values: Values) -> list[Row]:
        """What the statement finds for all who share it. Raises Busy for all of them, and what is
        wrong with these values for these alone."""
        loop = asyncio.get_running_loop()
        there = self._open.get(of)
        if there is None or there[0] is not loop:
            there = self._open[of] = loop, []
            loop.call_soon(self._go, of, there)
        future: Future = loop.create_future()
        there[1].append((values, future))
        return await future

    def _go(self, of: Numbered[S], there: Open) -> None:
        if self._open.get(of) is there:
            del self._open[of]
        loop, callers = there
        for start in range(0, len(callers), CALLERS_MAX):
            some = callers[start : start + CALLERS_MAX]
            # In a task of its own: one that gives up must not take the others along.
            task = loop.create_task(self._together(of, some))
            self._running.add(task)
            task.add_done_callback(self._running.discard)

    async def _together(self, of: Numbered[S], callers: Callers) -> None:
        try:
            _tell(callers, await self._ask(of(len(callers)), _joined(callers)))
        except Exception as error:  # noqa: BLE001 -- raised again at those who wait
            if len(callers) == 1 or isinstance(error, Busy):
                return _tell(callers, error)
            for caller in callers:
                await self._together(of, [caller])


def _joined(callers: Callers) -> dict[str, Any]:
    return {
        f"{name}_{n}": value
        for n, (values, _) in enumerate(callers)
        for name, value in values.items()
    }


def _tell(callers: Sequence[tuple[Values, Future]], answer: list[Row] | Exception) -> None:
    for _, future in callers:
        if future.done():  # who waited was cancelled
            continue
        if isinstance(answer, Exception):
            future.set_exception(answer)
        else:
            future.set_result(answer)
