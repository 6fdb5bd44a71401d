"""Where rows come to stand, and one attempt to put them there."""

from collections.abc import Sequence
from typing import Any

from messaging.backends.cassandra import batch
from messaging.backends.cassandra.heads import STATICS, Head, Heads
from messaging.backends.cassandra.rows import place_in
from messaging.backends.cassandra.store import Unsettled
from messaging.backends.drafts import placed
from messaging.domain import KIND_NOTIFY, Draft, Row, Seal


class There(Exception):
    """A client_id has a row, at `seq`."""

    def __init__(self, seq: int) -> None:
        super().__init__()
        self.seq = seq


async def attempt(heads: Heads, head: Head, moved: Head, rows: Sequence[Row]) -> Head:
    """`moved` where all rows are in the log, else none is, and the head as it is. Raises There."""
    try:
        reply = await heads.store.cas(batch.append(len(rows)), batch.values(head, moved, rows))
    except Unsettled:
        found = await _settled(heads, head, rows[0])
    else:
        found = moved if reply.applied else _refused(head, reply.row, rows)
    heads.remember(found)
    return found


def moved_by(head: Head, floor: int, draft: Draft, seal: Seal, now: int) -> tuple[Head, Row]:
    """The head after the row, and the row."""
    seq, time = head.seq + 1, max(now, head.time + 1)
    side = draft.sender > draft.peer
    counts = draft.kind == KIND_NOTIFY
    ords = _raised(head.ords, side, counts)
    hids = _raised(head.hids, side, counts and draft.withheld)
    run = (head.run or seq) if draft.withheld else 0
    moved = Head(head.conv, head.bucket, seq, time, ords, hids, run, floor, (seq, floor))
    return moved, placed(draft, seq, time, (ords[side], hids[side]), seal(time))


def _refused(head: Head, there: dict[str, Any], rows: Sequence[Row]) -> Head:
    """The reply has the head, and the row of a client_id of ours if that was the reason."""
    if there["row_type"] == 1 and there["client_id"] in [row.client_id for row in rows]:
        raise There(there["ref"])
    return head.seen_as([there[name] for name in STATICS])


async def _settled(heads: Heads, head: Head, first: Row) -> Head:
    """All rows are there or none: one of them tells."""
    found = await heads.read(head, settled=True)
    seq = await place_in(heads.store, first.conv, first.client_id, head.bucket)
    if seq is not None:
        raise There(seq)
    return found


def _raised(pair: tuple[int, int], side: bool, by: bool) -> tuple[int, int]:
    first, second = pair
    return (first, second + by) if side else (first + by, second)
