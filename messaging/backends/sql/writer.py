"""SQLite's one writer: a thread that commits together whatever queued while the last commit ran.

No timer: alone, an item is committed at once; under load the commits grow by themselves and
their cost is shared. The policy is in `_settle`.
"""

import asyncio
import threading
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue
from typing import Any, NamedTuple, TypeVar

GROUP_MAX = 64  # items of one commit: keeps the wait of the first of them short

T = TypeVar("T")
Work = Callable[[Any], T]
Transact = Callable[[Sequence[Work[Any]]], list[Any]]


class Item(NamedTuple):
    work: Work[Any]
    future: "asyncio.Future[Any]"
    loop: asyncio.AbstractEventLoop


class Writer:
    """`transact` runs items in one transaction on this thread: their answers in order, where an
    exception is an answer too, or it raises and none of them happened."""

    def __init__(self, name: str, transact: Transact) -> None:
        self._name = name
        self._transact = transact
        self._queue: SimpleQueue[Item | None] = SimpleQueue()  # None ends the thread
        self._lock = threading.Lock()  # around the two below
        self._thread: threading.Thread | None = None  # starts with the first item
        self._closed = False

    async def run(self, work: Work[T]) -> T:
        """The answer of `work`, once it is durable. A cancelled caller's work may still be done."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        if self._thread is None:
            self._start()
        self._queue.put(Item(work, future, loop))
        return await future

    def close(self) -> None:
        """Finish what is queued, then end the thread."""
        with self._lock:
            thread, self._thread, self._closed = self._thread, None, True
        if thread is not None:
            self._queue.put(None)
            thread.join()

    def _start(self) -> None:
        with self._lock:
            if self._closed:
                raise RuntimeError("the writer is closed")
            if self._thread is None:
                # daemon: an unfinished transaction is rolled back by the next start
                self._thread = threading.Thread(target=self._loop, name=self._name, daemon=True)
                self._thread.start()

    def _loop(self) -> None:
        more = True
        while more:
            group, more = self._next_group()
            if group:
                _answer(group, self._settle([item.work for item in group]))

    def _next_group(self) -> tuple[list[Item], bool]:
        """Wait for one item, take what else is there; False when the end was among it."""
        group: list[Item] = []
        item = self._queue.get()
        try:
            while item is not None:
                group.append(item)
                if len(group) == GROUP_MAX:
                    return group, True
                item = self._queue.get_nowait()
        except Empty:
            return group, True
        return group, False

    def _settle(self, group: Sequence[Work[Any]]) -> list[Any]:
        """All together; if that fails one by one, so that a bad item spoils no other's."""
        try:
            return self._transact(group)
        except Exception as error:  # noqa: BLE001 -- it is the caller's, and is raised there
            if len(group) == 1:
                return [error]
        return [self._settle([work])[0] for work in group]


def _answer(group: Sequence[Item], answers: Sequence[Any]) -> None:
    """One wake-up of each loop for the whole group: waking it costs as much as an append."""
    by_loop: dict[asyncio.AbstractEventLoop, list[tuple[asyncio.Future[Any], Any]]] = {}
    for item, answer in zip(group, answers, strict=True):
        by_loop.setdefault(item.loop, []).append((item.future, answer))
    for loop, pairs in by_loop.items():
        try:
            loop.call_soon_threadsafe(_resolve, pairs)
        except RuntimeError:  # the loop is closed: nobody waits any more
            continue


def _resolve(pairs: Sequence[tuple["asyncio.Future[Any]", Any]]) -> None:
    for future, answer in pairs:
        if future.done():
            continue
        if isinstance(answer, Exception):
            future.set_exception(answer)
        else:
            future.set_result(answer)
