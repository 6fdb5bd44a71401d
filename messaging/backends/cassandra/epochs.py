"""The epochs of a pair: records and their head by one compare-and-set, and each user's boxes."""

import asyncio
from typing import Any

from chatsite.edge.refusals import Unknown
from messaging.backends.base import EpochConflict
from messaging.backends.cassandra.attempts import until_decided
from messaging.backends.cassandra.driver import Profile
from messaging.backends.cassandra.members import members
from messaging.backends.cassandra.sharing import Row
from messaging.backends.cassandra.store import Statement, Store, Unsettled
from messaging.domain import MAX_INT, Conv, EpochHead, EpochRecord, NewEpoch, Uid

HEAD = Statement("""
SELECT epoch, forced, time, k1, k2 FROM connection_key WHERE connection_id = :conv LIMIT 1
""")
NEWEST = Statement("""
SELECT epoch, record, forced, time, k1, k2 FROM connection_key
WHERE connection_id = :conv AND epoch <= :upto LIMIT :n
""")
BOXES = Statement("""
SELECT epoch, g, box FROM es_box
WHERE owner = :owner AND connection_id = :conv AND epoch >= :oldest AND epoch <= :newest
""")
ADVANCE = Statement(
    """
BEGIN BATCH
UPDATE connection_key SET head = :n WHERE connection_id = :conv IF head = :was;
INSERT INTO connection_key (connection_id, epoch, record, forced, time, k1, k2)
VALUES (:conv, :n, :record, :forced, :time, :k1, :k2) IF NOT EXISTS;
APPLY BATCH
""",
    Profile.COMPARE,
)
RECORD = Statement("""
SELECT record FROM connection_key WHERE connection_id = :conv AND epoch = :n
""")
BOX = Statement("""
SELECT g FROM es_box WHERE owner = :owner AND connection_id = :conv AND epoch = :epoch
""")
PUT_BOX = Statement("""
UPDATE es_box USING TIMESTAMP :g SET g = :g, box = :box
WHERE owner = :owner AND connection_id = :conv AND epoch = :epoch
""")

DROP_BOXES = Statement("""
DELETE FROM es_box USING TIMESTAMP :last WHERE owner = :owner AND connection_id = :conv
""")


async def head(store: Store, conv: Conv) -> EpochHead | None:
    found = await store.rows(HEAD, {"conv": conv})
    return EpochHead(*found[0]) if found else None


async def newest(store: Store, key: tuple[Conv, Uid, int], upto: int | None) -> list[EpochRecord]:
    conv, owner, n = key
    upto = MAX_INT if upto is None else upto
    records = await store.rows(NEWEST, {"conv": conv, "upto": upto, "n": n})
    if not records:
        return []
    bounds = {"newest": records[0][0], "oldest": records[-1][0]}
    found = await store.rows(BOXES, {"owner": owner, "conv": conv, **bounds})
    boxes = {epoch: (g, box) for epoch, g, box in found}
    return [_with_box(record, *boxes.get(record[0], (None, None))) for record in records]


async def advance(store: Store, conv: Conv, epoch: NewEpoch) -> None:
    """ConnectionStore.advance. An epoch 0 would make the partition of any id, so it asks first."""
    if epoch.n == 0 and await members(store, conv) is None:
        raise Unknown

    async def step(_: int) -> bool | None:
        done = await _applied(store, conv, epoch) or await _stands(store, conv, epoch)
        return done or None

    await until_decided(step)


async def put_box(store: Store, key: tuple[Uid, Conv, int], g: int, box: bytes) -> None:
    """What is there already of this generation stays; of two at once either does."""
    owner, conv, epoch = key
    place = {"owner": owner, "conv": conv, "epoch": epoch}
    record, known = await asyncio.gather(
        store.rows(RECORD, {"conv": conv, "n": epoch}), store.rows(BOX, place)
    )
    if not record:
        raise Unknown
    if not known or known[0][0] < g:
        await store.run(PUT_BOX, place | {"g": g, "box": box})


async def drop_boxes(store: Store, owner: Uid, conv: Conv) -> None:
    """Above every generation that a box may be of: those are its timestamps."""
    await store.run(DROP_BOXES, {"owner": owner, "conv": conv, "last": MAX_INT})


def _with_box(record: Row, g: int | None, box: bytes | None) -> EpochRecord:
    n, signed, forced, time, k1, k2 = record
    return EpochRecord(n, signed, forced, time, k1, k2, g, box)


async def _applied(store: Store, conv: Conv, epoch: NewEpoch) -> bool:
    values: dict[str, Any] = {
        **{"conv": conv, "n": epoch.n, "was": epoch.n - 1 if epoch.n else None},
        **{"record": epoch.record, "forced": epoch.forced, "time": epoch.time},
        **{"k1": epoch.k1, "k2": epoch.k2},
    }
    try:
        return (await store.cas(ADVANCE, values)).applied
    except Unsettled:
        return False


async def _stands(store: Store, conv: Conv, epoch: NewEpoch) -> bool:
    """Whether this very record is there; False where it may be tried again."""
    newest = await store.rows(NEWEST.settled, {"conv": conv, "upto": MAX_INT, "n": 1})
    if not newest and epoch.n == 0:
        return False
    if not newest:
        raise EpochConflict(None, None) if await members(store, conv) else Unknown
    now, record = newest[0][:2]
    if now == epoch.n - 1:
        return False
    if now > epoch.n:
        [[older]] = await store.rows(RECORD, {"conv": conv, "n": epoch.n})
        stands = older == epoch.record
    else:
        stands = (now, record) == (epoch.n, epoch.record)
    if not stands:
        raise EpochConflict(now, record)
    return True
