"""The newest thing that each sent the other, and the gaps beside the marks: registers, each written
at the timestamp that is its own number, so that the highest stays, in whatever order they come."""

from collections.abc import Sequence
from functools import cache

from messaging.backends.cassandra.sharing import repeated
from messaging.backends.cassandra.store import Statement, Store
from messaging.domain import Row, Uid
from messaging.gaps import GAPS_MAX, Gap, GapKind

_SENT = """UPDATE unread USING TIMESTAMP :seq_# SET conversation_id = :conv_#, last_seq = :seq_#,
 last_ord = {ord}, time = :time_#
 WHERE owner = {owner} AND from_user = :sender_# AND to_user = :peer_#;
"""
_TO_SENDER = _SENT.format(ord=":ord_#", owner=":sender_#")
_TO_PEER = _SENT.format(ord=":shown_ord_#", owner=":peer_#")
GAPS_READ = 2 * GAPS_MAX  # newest ones: enough for those that can be told at once
# Before the gap itself: where no gap reaches so far, none is looked for.
GAPPED = Statement("""
UPDATE read USING TIMESTAMP :last SET gap_seq = :last
WHERE owner = :reader AND from_user = :sender AND to_user = :reader
""")
GAP = Statement("""
UPDATE mark_gap USING TIMESTAMP :last SET last = :last
WHERE from_user = :sender AND to_user = :reader AND first = :first AND kind = :kind
""")
GAPS = Statement(f"""
SELECT kind, first, last FROM mark_gap
WHERE from_user = :sender AND to_user = :reader AND first <= :upto
ORDER BY to_user DESC, first DESC LIMIT {GAPS_READ}
""")


@cache
def sent_to_both(count: int) -> Statement:
    """Not logged: nothing is answered before both rows stand, and a repeat writes both."""
    return batch([_TO_SENDER, _TO_PEER], count, partitions=2)


@cache
def sent_unseen(count: int) -> Statement:
    return batch([_TO_SENDER], count, partitions=1)


def batch(updates: Sequence[str], count: int, *, partitions: int) -> Statement:
    """The same updates for so many callers. `partitions`: of each."""
    parts = repeated("".join(updates), count)
    return Statement(f"BEGIN UNLOGGED BATCH {parts} APPLY BATCH", partitions=partitions * count)


async def sent(store: Store, row: Row, peer: Uid, run: int) -> None:
    """After an append. `run`: the first of the withheld rows that end with this one; 0 = there is
    nothing to say of them."""
    values = {"conv": row.conv, "seq": row.seq, "ord": row.ord, "time": row.time}
    way = {"sender": row.sender, "peer": peer}
    if not row.withheld:
        await store.shared(sent_to_both, values | way | {"shown_ord": row.ord - row.hid})
        return
    await store.shared(sent_unseen, values | way)
    if run:
        await widen(store, (row.sender, peer), Gap(GapKind.WITHHELD, run, row.seq))


async def is_withheld(store: Store, row: Row, peer: Uid) -> bool:
    """Whether a gap covers the row."""
    gaps = await newest_gaps(store, (row.sender, peer), row.seq)
    return any(gap.kind is GapKind.WITHHELD and gap.last >= row.seq for gap in gaps)


async def widen(store: Store, way: tuple[Uid, Uid], gap: Gap) -> None:
    """`way`: sender, reader."""
    values = {"sender": way[0], "reader": way[1], "last": gap.last}
    await store.run(GAPPED, values)
    await store.run(GAP, values | {"kind": gap.kind, "first": gap.first})


async def newest_gaps(store: Store, way: tuple[Uid, Uid], upto: int) -> list[Gap]:
    """As many as can be told at once, of those that begin at `upto` or below."""
    values = {"sender": way[0], "reader": way[1], "upto": upto}
    return [Gap(GapKind(kind), first, last) for kind, first, last in await store.rows(GAPS, values)]
