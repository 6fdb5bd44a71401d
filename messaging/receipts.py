"""Use cases of receipts: got and read, as watermarks. Those of half a second move together.

`_settle` holds the policy of who is told what, `_settle_all` what becomes of a mark that the store
does not take.
"""

import asyncio
import logging
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import islice

from chatsite.edge.refusals import Refusal
from chatsite.edge.wire import Id
from messaging import protocol
from messaging.backends import log
from messaging.backends.base import Busy
from messaging.domain import Contact, ContactState, Conv, Uid
from messaging.gaps import Gap, Marked
from messaging.hub import Hub

TOGETHER_SECONDS = 0.5  # marks of one device and conversation that come within it are one
# What is due within it is stored together: few commits, and no burst that messages wait behind.
SLICE_SECONDS = 0.1
AGAIN_SECONDS = 0.25  # at the end of a process, where the store was busy
AT_A_TIME = 16  # conversations: messages go between

Clock = Callable[[], int]
logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Mark:
    """What one device of the reader says of one conversation."""

    reader: Contact
    device: bytes
    refused: Callable[[], None]  # tells the device that it named a row that is not there
    got: int = 0
    read: tuple[int, int] = (0, 0)  # seq, ord
    silent: bool = False  # the reader's read receipts are off: `read` is for their devices alone

    @property
    def private(self) -> bool:
        """Between people who are not connected, or where the peer blocks the reader, only the
        reader's own devices learn of it."""
        return self.reader.state is not ContactState.CONNECTED or self.reader.withheld

    def take(self, later: "Mark") -> bool:
        """Grow by what the device said next. False: that is for another audience."""
        both_read = self.read[0] and later.read[0]
        if (self.device, self.private) != (later.device, later.private):
            return False
        if both_read and self.silent != later.silent:
            return False
        self.silent = later.silent if later.read[0] else self.silent
        self.read = max(self.read, later.read)
        self.got = max(self.got, later.got)
        return True


@dataclass(slots=True)
class Pile:
    """Marks of one reader in one conversation, in their order: what was read in private must lie
    below the mark that is told after it."""

    since: float  # when the first of them came, or failed, by the loop's clock
    marks: list[Mark] = field(default_factory=list)


class Marks:
    """The marks of this process that are not stored yet, the longest waiting first."""

    def __init__(self, hub: Hub, clock: Clock) -> None:
        self._hub = hub
        self._clock = clock
        self._waiting: dict[tuple[Uid, Conv], Pile] = {}  # by reader
        self._task: asyncio.Task[None] | None = None
        self._turn = asyncio.Lock()  # of flush: a later mark must not overtake an earlier one

    def note(self, mark: Mark) -> None:
        """Store and announce the mark within TOGETHER_SECONDS. Repeating has no effect."""
        marks = self._pile(mark.reader.owner, mark.reader.conv).marks
        if not marks or not marks[-1].take(mark):
            marks.append(mark)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run())

    async def flush(self, upto: float = math.inf) -> None:
        """Store now what waits, or what has waited since `upto` at least."""
        async with self._turn:
            await self._flush(upto)

    async def end(self, seconds: float) -> None:
        """Store all that waits. Where the store is busy it is asked again, until so much time has
        passed: nobody says the last marks again before they come back."""
        try:
            async with asyncio.timeout(seconds):
                await self.flush()
                while self._waiting:
                    await asyncio.sleep(AGAIN_SECONDS)
                    await self.flush()
        except TimeoutError:
            logger.warning("receipts of %d conversations were not stored", len(self._waiting))

    async def _flush(self, upto: float) -> None:
        while keys := self._next(upto):
            some = [self._waiting.pop(key).marks for key in keys]
            left = await asyncio.gather(
                *(_settle_all(self._hub, marks, self._clock()) for marks in some)
            )
            for key, marks in zip(keys, left, strict=True):
                if marks:
                    self._pile(*key).marks[:0] = marks
            if any(left):
                return

    def _next(self, upto: float) -> list[tuple[Uid, Conv]]:
        some = islice(self._waiting.items(), AT_A_TIME)
        return [key for key, pile in some if pile.since <= upto]

    def _pile(self, reader: Uid, conv: Conv) -> Pile:
        pile = self._waiting.get((reader, conv))
        if pile is None:
            pile = self._waiting[reader, conv] = Pile(asyncio.get_running_loop().time())
        return pile

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting:
            first = next(iter(self._waiting.values())).since
            await asyncio.sleep(first + TOGETHER_SECONDS - loop.time())
            await self.flush(first + SLICE_SECONDS)


async def _settle_all(hub: Hub, marks: list[Mark], now: int) -> list[Mark]:
    """Store marks of one reader and conversation in order; answers those to try again."""
    for index, mark in enumerate(marks):
        try:
            await _settle(hub, mark, now)
        except Busy:
            return marks[index:]
        except Refusal:
            mark.refused()
        except Exception:  # the timer serves everybody: one mark must not stop it
            logger.exception("a mark was lost")
    return []


async def _settle(hub: Hub, mark: Mark, now: int) -> None:
    """Store one mark; tell the peer what moved for them, and the reader's other devices.

    Where receipts are off, the peer learns of what arrived and of nothing that was read: not even
    by a second `got` in that moment.
    """
    reader, read = mark.reader, mark.read if mark.read[0] else None
    got = mark.got if mark.silent else max(mark.got, mark.read[0])
    store = partial(log().mark, reader.conv, reader.owner, reader.peer, now)
    if mark.silent and not mark.private:
        moved = await store(got=got) if got else Marked()
        await store(read=read, own_only=True)
    else:
        moved = await store(got=got or None, read=read, own_only=mark.private)
    whole = _receipt(reader, now, got, mark.read)
    if moved.read:
        shown = _receipt(reader, now, got, mark.read, moved.gaps)
    else:
        shown = _receipt(reader, now, moved.got, (0, 0), moved.gaps)
    if shown == whole:
        return await hub.deliver([reader.peer, reader.owner], whole, but=mark.device)
    await hub.deliver([reader.owner], whole, but=mark.device)
    if moved.got or moved.read:
        await hub.deliver([reader.peer], shown)


def _receipt(
    reader: Contact, now: int, got: int, read: tuple[int, int], gaps: Sequence[Gap] = ()
) -> protocol.Receipt:
    frame = protocol.Receipt(conv=Id(reader.conv), by=Id(reader.owner))
    if got:
        frame.got, frame.got_time = got, now
    if read[0]:
        frame.read, frame.read_ord = read
        frame.read_time = now
    frame.gaps = list(gaps) or None
    return frame
