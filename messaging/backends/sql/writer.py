"""The one writer of a database: a thread that commits together whatever queued while the last
commit ran.

No timer: alone, an item is committed at once; under load the commits grow by themselves and
their cost is shared. Which items come first is decided in `Lines`, what becomes of a group that
fails in `_settle`.
"""

import asyncio
import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence
from operator import attrgetter
from queue import Empty, SimpleQueue
from typing import Any, NamedTuple

GROUP_MAX = 64  # items of one commit: keeps the wait of the first of them short
PATIENT_MAX = 16  # patient ones of it: keeps the wait of those short that come meanwhile
PASSED_MAX = 8  # groups that may go before a patient item

Work = Callable[[Any], Any]
Transact = Callable[[Sequence[Work]], list[Any]]

logger = logging.getLogger(__name__)


class Item(NamedTuple):
    work: Work
    future: "asyncio.Future[Any]"
    loop: asyncio.AbstractEventLoop
    patient: bool
    locks: bytes  # whose rows it locks first


class Lines:
    """What waits for a commit: patient items stand aside for the others, but not for ever."""

    def __init__(self) -> None:
        self._lines: tuple[deque[Item], deque[Item]] = deque(), deque()  # by Item.patient
        self._passed = 0  # groups that the first patient item let go before it

    def __bool__(self) -> bool:
        return any(self._lines)

    def add(self, item: Item) -> None:
        self._lines[item.patient].append(item)

    def next_group(self) -> list[Item]:
        """In the order of their locks: so do other processes, and none waits for another in a
        circle."""
        others, patient = self._lines
        group = _taken(others, GROUP_MAX)
        if group and patient and self._passed < PASSED_MAX:
            self._passed += 1
        else:
            self._passed = 0
            group += _taken(patient, PATIENT_MAX)
        return sorted(group, key=attrgetter("locks"))


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

    async def run(self, work: Work, *, patient: bool = False, locks: bytes = b"") -> Any:
        """The answer of `work`, once it is durable. A cancelled caller's work may still be done.
        `patient`: it stands aside while others wait. `locks`: the id of what it locks first."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Any] = loop.create_future()
        if self._thread is None:
            self._start()
        self._queue.put(Item(work, future, loop, patient, locks))
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
                thread = threading.Thread(target=self._loop, name=self._name, daemon=True)
                thread.start()  # may raise: then the next item tries again
                self._thread = thread

    def _loop(self) -> None:
        lines = Lines()
        more = True
        while more or lines:
            more = more and self._fill(lines)
            if group := lines.next_group():
                _answer(group, self._answers(group))

    def _fill(self, lines: Lines) -> bool:
        """Take all that is there, and wait where there is nothing; False when the end came."""
        try:
            item = self._queue.get(block=not lines)
            while item is not None:
                lines.add(item)
                item = self._queue.get_nowait()
        except Empty:
            return True
        return False

    def _answers(self, group: Sequence[Item]) -> list[Any]:
        """One for each item, whatever happens: nobody else would start this thread again."""
        try:
            answers = self._settle([item.work for item in group])
            if len(answers) != len(group):
                raise RuntimeError("a transaction answered some of its items only")
            return answers
        except Exception as error:
            logger.exception("%s failed; it goes on", self._name)
            return [error] * len(group)

    def _settle(self, group: Sequence[Work]) -> list[Any]:
        """All together; if that fails one by one, so that a bad item spoils no other's."""
        try:
            return self._transact(group)
        except Exception as error:  # noqa: BLE001 -- it is the caller's, and is raised there
            if len(group) == 1:
                return [error]
        return [self._settle([work])[0] for work in group]


def _taken(line: deque[Item], most: int) -> list[Item]:
    return [line.popleft() for _ in range(min(most, len(line)))]


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
