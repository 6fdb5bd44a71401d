"""The message store, pair by pair: rows of the log first, then everything else.

A store in partitions may have steps open that a repeat of the call would make good. Its clients
will repeat it in the new store, so what follows from the rows is made good on the way: watermarks
of what was sent, gaps of what was withheld, the two sides of a pair.
"""

import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import astuple, replace
from functools import partial
from typing import Any, NamedTuple, TypeVar

from chatsite.copying import Problem, live_pairs, several
from chatsite.copying.checkpoint import Checkpoint
from chatsite.running import away, tasks
from chatsite.running.names import Names
from chatsite.running.progress import Progress
from messaging.backends.base import Busy
from messaging.backends.tables import BROWSE_MAX, Held, Passed, Sent, Table, Tables
from messaging.domain import Gone, Pair, Row, Uid
from messaging.gaps import GapKind
from presence.registry import wall_clock

ROWS = 100  # at a time: 3.5 MB of the longest texts

T = TypeVar("T")


class Damaged(Problem):
    """A log is not what a log is."""


class Digest(NamedTuple):
    """What is compared of a pair; the names are for people."""

    pair: str
    sides: str
    head: str
    messages: str
    epochs: str
    boxes: str
    salts: str
    watermarks: str
    marks: str
    gaps: str


async def pairs(tables: Tables) -> list[Pair]:
    """All of them. A site of a million takes 300 MB here."""
    return [pair async for some in _pages(tables, BROWSE_MAX) for pair in some]


async def is_empty(tables: Tables) -> bool:
    async for some in _pages(tables, 1):
        if some:
            return False
    return True


async def copy(
    source: Tables,
    target: Tables,
    every: Sequence[Pair],
    done: Checkpoint,
    progress: Progress,
    *,
    live: bool = False,
) -> None:
    """What `done` does not have yet. `live`: people go on in the source meanwhile. Raises
    Problem."""

    async def one(pair: Pair) -> int:
        count = 0 if pair.conv in done.copied else await move(source, target, pair, live=live)
        done.add(pair.conv)
        return count

    progress.begin("conversations", len(every))
    await _each(every, one, progress)
    name = await patiently(source.meta.data)
    await patiently(lambda: target.meta.adopt_data(name))
    progress.end()


async def differences(
    source: Tables, target: Tables, every: Sequence[Pair], progress: Progress
) -> list[str]:
    """What the target has otherwise, in words; nothing when all is well."""
    found: list[str] = []
    if await patiently(source.meta.data) != await patiently(target.meta.data):
        found.append("the name of the data")
    known = {pair.conv for pair in every}
    there = {pair.conv for pair in await pairs(target)}
    found += [f"conversation {conv.hex()}: is not in the source" for conv in there - known]

    async def one(pair: Pair) -> int:
        count, parts = 0, ["is missing"]
        if pair.conv in there:
            count, parts = await different(source, target, pair)
        if parts:
            found.append(f"conversation {pair.conv.hex()}: {', '.join(parts)}")
        return count

    progress.begin("compared", len(every))
    await _each(every, one, progress)
    progress.end()
    return found


async def different(source: Tables, target: Tables, pair: Pair) -> tuple[int, list[str]]:
    """How many messages a pair has, and which parts of it the target has otherwise."""
    now = wall_clock()
    ours, count = await _digest(source, pair, now, made_good=True)
    try:
        theirs, _ = await _digest(target, pair, now, made_good=False)
    except Damaged as damaged:
        return count, [str(damaged)]
    return count, [part for part in Digest._fields if getattr(ours, part) != getattr(theirs, part)]


async def move(source: Tables, target: Tables, pair: Pair, *, live: bool = False) -> int:
    """All of a pair; how many messages it has."""
    now = wall_clock()
    held = await patiently(lambda: source.held(pair))
    if live:
        held = live_pairs.of_one_moment(held, await patiently(lambda: source.held(pair)))
    log = _Log(held)

    async def keep(rows: Sequence[Row]) -> None:
        await patiently(lambda: target.keep_rows(held.pair, rows, now))

    await _through(source, held, log, keep, now, live=live)
    emptied = live and log.emptied > min(side.cleared for side in held.sides)
    if emptied:  # taken away as it was read
        held = live_pairs.cleared_as(held, await patiently(lambda: source.held(pair)))
    made_good = _in_order(_made_good(held, log), now)
    await patiently(lambda: target.keep(made_good, now))
    return log.last


async def _pages(tables: Tables, n: int) -> AsyncIterator[list[Any]]:
    cursor: bytes | None = None
    while True:
        browse = partial(tables.browse, Table.CONNECTION, cursor, n, sure=True)
        records, cursor = await patiently(browse)
        yield records
        if cursor is None:
            return


async def _digest(tables: Tables, pair: Pair, now: int, *, made_good: bool) -> tuple[Digest, int]:
    """As the pair is at this time; and how many messages it has."""
    held = await patiently(lambda: tables.held(pair))
    log, messages = _Log(held), hashlib.sha256()

    async def add(rows: Sequence[Row]) -> None:
        for row in rows:
            messages.update(repr(astuple(row)).encode())

    await _through(tables, held, log, add, now)
    held = _in_order(_made_good(held, log) if made_good else held, now)
    parts = (held.keys, held.boxes, held.salts, held.sent, held.marks, held.gaps)
    hashes = (_hash(held.pair), _hash(*held.sides), _hash(held.head), messages.hexdigest())
    return Digest(*hashes, *(_hash(*part) for part in parts)), log.last


async def _through(
    tables: Tables,
    held: Held,
    log: "_Log",
    use: Callable[[Sequence[Row]], Awaitable[None]],
    now: int,
    *,
    live: bool = False,
) -> None:
    """Every row in its order; of a `live` log those that its head knew of. Raises Problem where the
    log is not what its head says."""
    conv = held.pair.conv
    while n := min(ROWS, held.head.last_seq - log.last) if live else ROWS:
        rows = await patiently(partial(tables.rows, conv, log.last, n))
        if not rows:
            break
        await use([log.add(_as_of(row, now)) for row in rows])
    if log.last != held.head.last_seq:
        raise Damaged(
            f"The log of conversation {conv.hex()} has {log.last} messages, and should have "
            f"{held.head.last_seq}: the store is damaged."
        )


class _Log:
    """What follows from the rows of a log."""

    def __init__(self, held: Held) -> None:
        self._pair = held.pair
        self._run = 0
        self._names = Names()
        self._salts = {salt.client_id for salt in held.salts}
        self.last = 0
        self.emptied = 0  # newest row that the site itself has taken away
        self.brief: set[bytes] = set()  # client ids of messages that disappear, and have a salt
        self.sent: dict[tuple[Uid, Uid], Sent] = {}  # by owner and sender
        self.withheld: dict[tuple[Uid, int], int] = {}  # by sender and first: last

    def add(self, row: Row) -> Row:
        """As it is copied. A log in partitions may have a client_id twice, by a client that lies;
        others cannot: the later row gets a name of its own, and nothing opens it any more."""
        if row.seq != self.last + 1:
            raise Damaged(
                f"Message {self.last + 1} of conversation {row.conv.hex()} is missing: the store "
                "is damaged."
            )
        while row.client_id in self._names:  # who knows this rule may have taken that name as well
            row = replace(row, client_id=_name_of(row))
        self._names.add(row.client_id)
        self.last = row.seq
        if row.expires is not None:
            self.brief |= {row.client_id} & self._salts
        elif row.gone is Gone.EXPIRED:
            self.emptied = row.seq
        reader = self._pair.peer_of(row.sender)
        self._run = (self._run or row.seq) if row.withheld else 0
        if row.withheld:
            self.withheld[row.sender, self._run] = row.seq
        for owner in (row.sender,) if row.withheld else (row.sender, reader):
            way = (owner, row.sender, reader, row.conv)
            self.sent[owner, row.sender] = Sent(*way, row.seq, row.ord_for(owner), row.time)
        return row


def _name_of(row: Row) -> bytes:
    return hashlib.sha256(b"twice" + row.conv + row.client_id + row.seq.to_bytes(8)).digest()[:16]


def _made_good(held: Held, log: _Log) -> Held:
    """With what follows from the pair and from the rows, and without salts of no message: one whose
    row did not come yet brings its own."""
    pair = held.pair
    side1, side2 = (
        replace(side, state=pair.seen_by(side.owner), withheld=pair.blocked_by(side.peer))
        for side in held.sides
    )
    gaps = {(gap.sender, gap.reader, gap.kind, gap.first): gap.last for gap in held.gaps}
    for (sender, first), last in log.withheld.items():
        key = (sender, pair.peer_of(sender), GapKind.WITHHELD, first)
        gaps[key] = max(last, gaps.get(key, 0))
    passed = [Passed(*key, last) for key, last in gaps.items()]
    salts = [salt for salt in held.salts if salt.client_id in log.brief]
    sent = [*log.sent.values()]
    return replace(held, sides=(side1, side2), salts=salts, sent=sent, gaps=passed)


def _in_order(held: Held, now: int) -> Held:
    """The same whatever the store, and without what has expired."""
    salts = (salt for salt in held.salts if salt.expires > now)
    return replace(
        held,
        keys=sorted(held.keys, key=lambda key: key.epoch),
        boxes=sorted(held.boxes, key=lambda box: (box.owner, box.epoch)),
        salts=sorted(salts, key=lambda salt: salt.client_id),
        sent=sorted(held.sent, key=lambda sent: (sent.owner, sent.sender)),
        marks=sorted(held.marks, key=lambda mark: (mark.owner, mark.sender)),
        gaps=sorted(held.gaps, key=lambda gap: (gap.sender, gap.kind, gap.first)),
    )


def _as_of(row: Row, now: int) -> Row:
    if row.gone or row.expires is None or row.expires > now:
        return row
    return replace(row, gone=Gone.EXPIRED, text=None, salt=None, url="", tag=None, kid=None)


def _hash(*records: Any) -> str:
    return hashlib.sha256(repr([astuple(record) for record in records]).encode()).hexdigest()


async def _each(
    every: Sequence[Pair], run: Callable[[Pair], Awaitable[int]], progress: Progress
) -> None:
    async def step(pair: Pair) -> None:
        progress.step(await run(pair))

    await tasks.each(every, step)


async def patiently(call: Callable[[], Awaitable[T]]) -> T:
    """Raises Interrupted where the store stays away."""
    return await several.patiently(call, Busy, _words)


def _words(busy: Busy) -> str:
    return f"A message store takes no more, or is away: {away.reason(busy.__cause__)}"
