"""What the store has at the places that a report names. By the ports alone: the same on both
engines."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from e2ee.encoding import h
from e2ee.envelope import parse_header
from e2ee.errors import M1Error
from e2ee.judging import Skeleton
from e2ee.reports import BEFORE_MAX, CHOSEN_MAX, Item, Report
from messaging.backends.base import ConnectionStore, MessageLog
from messaging.domain import Conv, Row, Uid

ITEMS_MAX = CHOSEN_MAX + BEFORE_MAX  # rows of one read


@dataclass(frozen=True, slots=True)
class Found:
    """`conv`: of the two, None where they have none. `rows`: by seq. `withheld`: seqs of some."""

    conv: Conv | None = None
    rows: dict[int, Skeleton] = field(default_factory=dict)
    withheld: set[int] = field(default_factory=set)


async def look_up(log: MessageLog, store: ConnectionStore, report: Report, now: int) -> Found:
    """At most a read for each item, and one for each epoch that they name."""
    pair = await store.pair(report.reporter, report.peer)
    if pair is None:
        return Found()
    hashes = await _epoch_hashes(store, pair.conv, report.reporter, report.items)
    found = Found(pair.conv)
    places = sorted({item.seq for item in report.items if item.seq})
    for seq in places:
        if seq not in found.rows:  # those of an honest report stand together: one read has them all
            near = min(ITEMS_MAX, places[-1] - seq + 1)
            for row in await log.page(pair.conv, near, now, after=seq - 1):
                found.rows[row.seq] = _skeleton(row, hashes.get(row.epoch))
                if row.withheld:
                    found.withheld.add(row.seq)
    return found


async def _epoch_hashes(
    store: ConnectionStore, conv: Conv, reporter: Uid, items: Sequence[Item]
) -> dict[int, bytes]:
    found: dict[int, bytes] = {}
    for n in sorted({n for item in items if (n := _epoch_of(item)) is not None}):
        for epoch in await store.epochs(conv, reporter, 1, upto=n):
            found[epoch.n] = h(epoch.record)
    return found


def _epoch_of(item: Item) -> int | None:
    try:
        return parse_header(item.header).n
    except M1Error:
        return None


def _skeleton(row: Row, epoch_hash: bytes | None) -> Skeleton:
    return Skeleton(
        row.client_id, row.sender, row.device, row.ctr, row.time, row.kind, row.epoch, row.ttl,
        epoch_hash,
    )  # fmt: skip
