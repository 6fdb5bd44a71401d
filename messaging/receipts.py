"""Use cases of receipts: got and read, as watermarks. They move together twice a second.

`_settle` holds the policy: who is told, and what happens to a mark that the store refuses.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass

from accounts.wire import Id
from messaging import fanout, protocol
from messaging.backends import log
from messaging.backends.base import Busy, Refusal
from messaging.domain import Contact, ContactState

TOGETHER_SECONDS = 0.5  # marks of one device and conversation that come within it are one
AT_A_TIME = 64  # as many as the store commits together

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
    silent: bool = False  # the reader's read receipts are off: `read` is for his devices alone


class Marks:
    """The marks of this process that are not stored yet."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._waiting: dict[tuple[bytes, bytes], Mark] = {}  # by device and conversation
        self._task: asyncio.Task[None] | None = None

    def note(self, mark: Mark) -> None:
        """Store and announce the mark within TOGETHER_SECONDS. Repeating has no effect."""
        key = (mark.device, mark.reader.conv)
        known = self._waiting.setdefault(key, mark)
        known.reader = mark.reader
        known.silent = known.silent or mark.silent
        known.read = max(known.read, mark.read)
        known.got = max(known.got, mark.got)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run())

    async def flush(self) -> None:
        """Store what waits, now."""
        while self._waiting:
            keys = list(self._waiting)[:AT_A_TIME]
            marks = [self._waiting.pop(key) for key in keys]
            later = await asyncio.gather(*(_settle(mark, self._clock()) for mark in marks))
            if any(later):
                for mark in [mark for mark, again in zip(marks, later, strict=True) if again]:
                    self.note(mark)
                return

    async def _run(self) -> None:
        while self._waiting:
            await asyncio.sleep(TOGETHER_SECONDS)
            await self.flush()


async def _settle(mark: Mark, now: int) -> bool:
    """Store one mark and tell the peer and the reader's other devices. True: try again later.

    Between two who are not connected, or where the peer blocks the reader, only the reader's own
    devices learn of it: nothing of the other may show. Where receipts are off, the peer learns of
    what arrived and of nothing that was read: not even by a second `got` in that moment.
    """
    reader = mark.reader
    private = reader.state is not ContactState.CONNECTED or reader.withheld
    got = mark.got if mark.silent else max(mark.got, mark.read[0])
    try:
        await log().mark(
            reader.conv,
            reader.owner,
            reader.peer,
            now,
            got=None if private or not got else got,
            read=mark.read if mark.read[0] else None,
            own_only=private or mark.silent,
        )
    except Busy:
        return True
    except Refusal:
        mark.refused()
        return False
    except Exception:  # the timer serves everybody: one mark must not stop it
        logger.exception("a mark was lost")
        return False
    whole = _receipt(mark, got, mark.read, now)
    if private or mark.silent:
        await fanout.deliver([reader.owner], whole, but=mark.device)
        if got and not private:
            await fanout.deliver([reader.peer], _receipt(mark, got, (0, 0), now))
    else:
        await fanout.deliver([reader.peer, reader.owner], whole, but=mark.device)
    return False


def _receipt(mark: Mark, got: int, read: tuple[int, int], now: int) -> protocol.Receipt:
    frame = protocol.Receipt(conv=Id(mark.reader.conv), by=Id(mark.reader.owner))
    if got:
        frame.got, frame.got_time = got, now
    if read[0]:
        frame.read, frame.read_ord = read
        frame.read_time = now
    return frame
