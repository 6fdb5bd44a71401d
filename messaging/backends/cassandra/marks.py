"""The marks: how far each has received and read what the other sent, as each of them sees it.

What everybody is told goes to both rows in one batch that is not logged: a crash may leave either
row alone. A repeat sees it. A reader's own mark that is ahead of what the sender sees was read in
private, and a gap says so, written before it; without a gap it was to be told, and is told now.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial

from messaging.backends.base import BadSeq
from messaging.backends.cassandra import watermarks
from messaging.backends.cassandra.heads import Head, Heads
from messaging.backends.cassandra.sharing import repeated
from messaging.backends.cassandra.store import Statement, Store
from messaging.backends.cassandra.watermarks import batch
from messaging.backends.moves import Move
from messaging.domain import Uid
from messaging.gaps import Gap, GapKind, Marked, known_gaps

_WAY = "(:sender_#, :reader_#)"
MARKS = "SELECT owner, from_user, to_user, read_seq, read_ord, got_seq, gap_seq FROM read"
_READ = (
    "UPDATE read USING TIMESTAMP :read_# SET read_seq = :read_#, read_ord = :ord_#, time = :time_#"
)
_GOT = "UPDATE read USING TIMESTAMP :got_# SET got_seq = :got_#, got_time = :time_#"
_ROW = " WHERE owner = {owner} AND from_user = :sender_# AND to_user = :reader_#;"
OWN: tuple[str, ...] = (":reader_#",)
BOTH: tuple[str, ...] = (":reader_#", ":sender_#")


@cache
def marks(count: int) -> Statement:
    """Of so many ways, as both of each see them: rows of others are not among those."""
    owners, ways = repeated(":reader_#, :sender_#", count, ", "), repeated(_WAY, count, ", ")
    return Statement(
        f"{MARKS} WHERE owner IN ({owners}) AND (from_user, to_user) IN ({ways})",
        partitions=2 * count,
    )


def moved(owners: Sequence[str], *marks: str) -> Callable[[int], Statement]:
    """These marks in the rows of these owners, for so many callers."""
    updates = [mark + _ROW.format(owner=owner) for owner in owners for mark in marks]
    return cache(partial(batch, updates, partitions=len(owners)))


MOVED = {
    (owners, read, got): moved(owners, *[_READ] * read, *[_GOT] * got)
    for owners in (OWN, BOTH)
    for read, got in ((True, False), (False, True), (True, True))
}


@dataclass(frozen=True, slots=True)
class _Marks:
    """As one of the two sees them."""

    read: tuple[int, int] = (0, 0)  # seq, ord
    got: int = 0
    gapped: int = 0  # no gap reaches beyond it; the reader's row has it


async def mark(heads: Heads, move: Move) -> Marked:
    """MessageLog.mark."""
    await _check(heads, move)
    store, way = heads.store, (move.peer, move.reader)
    own, shown = await _marks(store, move)
    now = replace(own, read=max(own.read, move.read), got=max(own.got, move.got))
    if move.own_only:
        if now.read[0] > own.read[0]:
            await _read_in_private(store, way, own, now.read[0])
        await _raise(store, move, OWN, own, now)
        return Marked()
    tells = move.read[0] > shown.read[0] and await _is_public(store, way, own, move.read[0])
    now_shown = _Marks(move.read if tells else shown.read, max(shown.got, move.got))
    told = await _told(store, way, shown, now_shown, own.gapped)
    await _raise(store, move, BOTH, shown, now_shown)
    if not tells and now.read > own.read:  # of one seq a higher ord: it is nobody else's news
        await _raise(store, move, OWN, replace(own, got=now.got), now)
    return told


async def _check(heads: Heads, move: Move) -> None:
    """One lie above the head would pin a register for ever. What this process knows of the head is
    enough to believe, and not to refuse."""
    if _is_there(heads.known(move.conv), move):
        return
    for settled in (False, True):
        if _is_there(await heads.newest(move.conv, settled=settled), move):
            return
    raise BadSeq


def _is_there(head: Head | None, move: Move) -> bool:
    if head is None:
        return False
    side = move.peer > move.reader
    return max(move.got, move.read[0]) <= head.seq and (
        move.read[1] <= head.ords[side] - head.hids[side]
    )


async def _marks(store: Store, move: Move) -> tuple[_Marks, _Marks]:
    """The reader's, and what the sender sees of them: never more than the reader has."""
    way = {"reader": move.reader, "sender": move.peer}
    found = {
        owner: _Marks((read or 0, count or 0), got or 0, gapped or 0)
        for owner, sender, reader, read, count, got, gapped in await store.shared(marks, way)
        if (sender, reader) == (move.peer, move.reader)
    }
    own, shown = (found.get(owner, _Marks()) for owner in (move.reader, move.peer))
    return own, _Marks(min(shown.read, own.read), min(shown.got, own.got))


async def _raise(
    store: Store, move: Move, owners: tuple[str, ...], was: _Marks, now: _Marks
) -> None:
    """A row that is higher already stays as it is."""
    read = {"read": now.read[0], "ord": now.read[1]} if now.read > was.read else {}
    got = {"got": now.got} if now.got > was.got else {}
    if read or got:
        key = {"sender": move.peer, "reader": move.reader, "time": move.time}
        await store.shared(MOVED[owners, bool(read), bool(got)], key | read | got)


async def _is_public(store: Store, way: tuple[Uid, Uid], own: _Marks, seq: int) -> bool:
    """Whether reading up to `seq` is to be told: it is news, or was to be told before."""
    if seq > own.read[0] or seq > own.gapped:
        return True
    gaps = await watermarks.newest_gaps(store, way, seq)
    private = any(gap.kind is GapKind.PRIVATE and gap.last >= seq for gap in gaps)
    return not private and len(gaps) < watermarks.GAPS_READ  # else it may lie behind others


async def _read_in_private(store: Store, way: tuple[Uid, Uid], own: _Marks, upto: int) -> None:
    """A gap that ends where the reader was grows; one that goes beyond was left by a crash."""
    before = own.read[0]
    first = before + 1
    near = await watermarks.newest_gaps(store, way, first) if own.gapped >= before > 0 else []
    for gap in near:
        if gap.kind is GapKind.PRIVATE and gap.last >= before:
            first = gap.first
            break
    await watermarks.widen(store, way, Gap(GapKind.PRIVATE, first, upto))


async def _told(
    store: Store, way: tuple[Uid, Uid], was: _Marks, now: _Marks, gapped: int
) -> Marked:
    """What the sender comes to know now."""
    before, after = (was.got, was.read[0]), (now.got, now.read[0])
    if before == after:
        return Marked()
    # Those that end at what was read before are known.
    gaps = await watermarks.newest_gaps(store, way, max(after)) if gapped > was.read[0] else []
    known = known_gaps(gaps, *before)
    passed = tuple(gap for gap in known_gaps(gaps, *after) if gap not in known)
    got, read = (new if new > old else 0 for new, old in zip(after, before, strict=True))
    return Marked(got, read, passed)
