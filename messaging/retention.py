"""Messages that the site keeps no longer: those older than some days, if an operator says so.

It is *clear this chat*, done by the site for both: first nobody is shown them any more, on any
device, and none of them counts as unread; then what they say, tag and salt go, and their files.
Their places stay, so that a log has no holes. Each step is repeatable, and the store remembers how
far it came. Why it is so: docs/adr/0067-messages-are-kept-for-days.md.
"""

import logging
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from itertools import takewhile

from chatsite.edge.limits import DAY
from chatsite.edge.refusals import Refusal
from chatsite.edge.wire import Id
from chatsite.running import tasks
from chatsite.running.clock import now_ms
from messaging import connections, fanout, protocol
from messaging.backends import connection_store, log, tables
from messaging.backends.base import Busy
from messaging.backends.tables import BROWSE_MAX, Table
from messaging.blobs import blobs
from messaging.domain import Pair, Row, Uid

ROWS = 100  # at a time: 3.5 MB of the longest texts
DAY_MS = DAY * 1000
BUSY_MAX = 20  # conversations in a row that do not answer: then the store is away

Told = Callable[[int], None]  # a conversation is done: how many messages went

logger = logging.getLogger(__name__)


@dataclass
class Purged:
    """Counts. `failed`: conversations that are damaged, and were left as they are."""

    messages: int = 0
    conversations: int = 0  # those that had some
    failed: int = 0


@dataclass
class _Waiting:
    """Conversations that did not answer: the next round tries them again."""

    first: Busy | None = None
    in_a_row: int = 0

    def add(self, pair: Pair, busy: Busy) -> None:
        """Raises Busy where it is more than this conversation."""
        logger.warning("conversation %s does not answer: its turn is over", pair.conv.hex())
        self.first = self.first or busy
        self.in_a_row += 1
        if self.in_a_row >= BUSY_MAX:
            raise busy


async def purge(
    now: int,
    days: int,
    told: Told = lambda _: None,
    *,
    dry: bool = False,
    into: Purged | None = None,
) -> Purged:
    """Take away what was sent `days` ago or earlier; with `dry`, count it. `now` in ms. `into`
    counts, also where it breaks off. Raises Busy, at the end where it was some conversations alone
    that did not answer: what was done stays done, and a repeat does the rest."""
    purged, waiting = into or Purged(), _Waiting()

    async def one(pair: Pair) -> None:
        own = Purged()
        try:
            await _purge(pair, now - days * DAY_MS, now, own, dry=dry)
            waiting.in_a_row = 0
        except Busy as busy:
            waiting.add(pair, busy)
        except Refusal:
            purged.failed += 1
            where = pair.conv.hex()
            logger.error("conversation %s is damaged: its old messages stay", where)
        finally:
            purged.messages += own.messages
            purged.conversations += bool(own.messages)
        told(own.messages)

    async for pairs in _pages():
        await tasks.each(pairs, one)
    if waiting.first is not None:
        raise waiting.first
    return purged


async def conversations() -> int:
    """How many there are to go through. Raises Busy."""
    count = 0
    async for pairs in _pages():
        count += len(pairs)
    return count


async def _pages() -> AsyncIterator[list[Pair]]:
    cursor: bytes | None = None
    while True:
        page = await tables().browse(Table.CONNECTION, cursor, BROWSE_MAX, sure=True)
        yield [record for record in page.records if isinstance(record, Pair)]
        cursor = page.cursor
        if cursor is None:
            return


async def _purge(pair: Pair, before: int, now: int, purged: Purged, *, dry: bool) -> None:
    """Counts how many messages of this conversation lost what they said, or would."""
    newest = dict[Uid, Row]()
    async for rows in _old(pair, before):
        newest |= {row.sender: row for row in rows}
        if not dry:
            await _hide(pair, rows, now)
            await _take_away(rows, max(now, now_ms()))  # a round of a large site takes hours
        purged.messages += sum(row.gone is None for row in rows)
    if newest and not dry:
        await _tell(pair, newest, now)


async def _old(pair: Pair, before: int) -> AsyncIterator[Sequence[Row]]:
    """From where it ended last time, oldest first: times rise with the places."""
    after = await tables().purged(pair.conv)
    while True:
        rows = await tables().rows(pair.conv, after, ROWS)
        old = list(takewhile(lambda row: row.time <= before, rows))
        if old:
            yield old
        if len(old) < ROWS:
            return
        after = old[-1].seq


async def _hide(pair: Pair, rows: Sequence[Row], now: int) -> None:
    """From both. What was not read by now is read, for its reader alone: nobody is told so."""
    for owner in (pair.user1, pair.user2):
        await connection_store().clear(owner, pair.peer_of(owner), rows[-1].seq)
    for sender, row in {row.sender: row for row in rows}.items():
        reader = pair.peer_of(sender)
        read = (row.seq, row.ord_for(reader))
        await log().mark(pair.conv, reader, sender, now, got=row.seq, read=read, own_only=True)


async def _take_away(rows: Sequence[Row], now: int) -> None:
    """What they say, and their files: where this ends in between, media comes to the end of it."""
    with_files = [row for row in rows if row.url]
    for row in with_files:
        await blobs().erasing(row.conv, row.sender, row.seq, row.client_id, now)
    await tables().purge(rows)
    for row in with_files:
        await blobs().release(row.conv, row.sender, row.client_id, now)


async def _tell(pair: Pair, newest: dict[Uid, Row], now: int) -> None:
    """To the devices of both that are there: each hears of what it had of the other."""
    for owner in (pair.user1, pair.user2):
        peer = pair.peer_of(owner)
        await connections.tell_cleared(owner, peer)
        if row := newest.get(peer):
            frame = protocol.Receipt(
                conv=Id(pair.conv), by=Id(owner), got=row.seq, got_time=now, read=row.seq,
                read_ord=row.ord_for(owner), read_time=now,
            )  # fmt: skip
            await fanout.deliver([owner], frame)
