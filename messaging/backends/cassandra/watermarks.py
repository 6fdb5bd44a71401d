"""The newest thing that each sent the other, and the gaps beside the marks: registers, each written
at the timestamp that is its own number, so that the highest stays, in whatever order they come."""

from messaging.backends.cassandra.store import Statement, Store
from messaging.domain import Row, Uid
from messaging.gaps import GAPS_MAX, Gap, GapKind

_SENT = """UPDATE unread USING TIMESTAMP :seq SET conversation_id = :conv, last_seq = :seq,
 last_ord = {ord}, time = :time
 WHERE owner = {owner} AND from_user = :sender AND to_user = :peer;
"""
_TO_SENDER = _SENT.format(ord=":ord", owner=":sender")
_TO_PEER = _SENT.format(ord=":shown_ord", owner=":peer")
# Not logged: nothing is answered before both stand, and a repeat writes both.
SENT = Statement(f"BEGIN UNLOGGED BATCH {_TO_SENDER} {_TO_PEER} APPLY BATCH", partitions=2)
SENT_UNSEEN = Statement(_TO_SENDER)
GAPS_READ = 2 * GAPS_MAX  # newest ones: enough for those that can be told at once
GAP = Statement("""
UPDATE mark_gap USING TIMESTAMP :last SET last = :last
WHERE from_user = :sender AND to_user = :reader AND first = :first AND kind = :kind
""")
GAPS = Statement(f"""
SELECT kind, first, last FROM mark_gap
WHERE from_user = :sender AND to_user = :reader AND first <= :upto
ORDER BY to_user DESC, first DESC LIMIT {GAPS_READ}
""")


async def sent(store: Store, row: Row, peer: Uid, run: int) -> None:
    """After an append. `run`: the first of the withheld rows that end with this one; 0 = there is
    nothing to say of them."""
    values = {"conv": row.conv, "seq": row.seq, "ord": row.ord, "time": row.time}
    way = {"sender": row.sender, "peer": peer}
    if not row.withheld:
        await store.run(SENT, values | way | {"shown_ord": row.ord - row.hid})
        return
    await store.run(SENT_UNSEEN, values | way)
    if run:
        await widen(store, (row.sender, peer), Gap(GapKind.WITHHELD, run, row.seq))


async def is_withheld(store: Store, row: Row, peer: Uid) -> bool:
    """Whether a gap covers the row."""
    gaps = await newest_gaps(store, (row.sender, peer), row.seq)
    return any(gap.kind is GapKind.WITHHELD and gap.last >= row.seq for gap in gaps)


async def widen(store: Store, way: tuple[Uid, Uid], gap: Gap) -> None:
    """`way`: sender, reader."""
    values = {"sender": way[0], "reader": way[1]}
    await store.run(GAP, values | {"kind": gap.kind, "first": gap.first, "last": gap.last})


async def newest_gaps(store: Store, way: tuple[Uid, Uid], upto: int) -> list[Gap]:
    """As many as can be told at once, of those that begin at `upto` or below."""
    values = {"sender": way[0], "reader": way[1], "upto": upto}
    return [Gap(GapKind(kind), first, last) for kind, first, last in await store.rows(GAPS, values)]
