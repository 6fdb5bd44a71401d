"""The epochs of a pair in plain SQL: records, the head by compare-and-set, and boxes."""

from chatsite.edge.refusals import Unknown
from messaging.backends.base import EpochConflict
from messaging.backends.sql.database import Session
from messaging.domain import MAX_INT, Conv, EpochHead, EpochRecord, NewEpoch, Uid

HEAD = """
SELECT epoch, forced, time, k1, k2 FROM connection_key
WHERE connection_id = %s ORDER BY epoch DESC LIMIT 1
"""
NEWEST = """
SELECT k.epoch, k.record, k.forced, k.time, k.k1, k.k2, b.g, b.box FROM connection_key k
LEFT JOIN es_box b ON b.owner = %s AND b.conversation_id = k.connection_id AND b.epoch = k.epoch
WHERE k.connection_id = %s AND k.epoch <= %s ORDER BY k.epoch DESC LIMIT %s
"""
EPOCH_HEAD = """
SELECT epoch_head FROM conversation_head WHERE conversation_id = %s FOR UPDATE
"""
MOVE = "UPDATE conversation_head SET epoch_head = %s WHERE conversation_id = %s"
ADD = """
INSERT INTO connection_key (connection_id, epoch, record, forced, time, k1, k2)
VALUES (%s, %s, %s, %s, %s, %s, %s)
"""
RECORD = "SELECT record FROM connection_key WHERE connection_id = %s AND epoch = %s"
BOX = """
INSERT INTO es_box (owner, conversation_id, epoch, g, box) VALUES (%s, %s, %s, %s, %s)
ON CONFLICT (owner, conversation_id, epoch) DO UPDATE SET g = excluded.g, box = excluded.box
WHERE excluded.g > es_box.g
"""

DROP_BOXES = "DELETE FROM es_box WHERE owner = %s AND conversation_id = %s"


def head(session: Session, conv: Conv) -> EpochHead | None:
    row = session.one(HEAD, (conv,))
    return EpochHead(*row) if row else None


def newest(session: Session, key: tuple[Conv, Uid, int], upto: int | None) -> list[EpochRecord]:
    conv, owner, n = key
    found = session.all(NEWEST, (owner, conv, MAX_INT if upto is None else upto, n))
    return [EpochRecord(*row) for row in found]


def advance(session: Session, conv: Conv, epoch: NewEpoch) -> None:
    """ConnectionStore.advance on an open transaction; the lock joins the compare to the set."""
    row = session.one(EPOCH_HEAD, (conv,))
    if row is None:
        raise Unknown
    now: int | None = row[0]
    if epoch.n != (0 if now is None else now + 1):
        _settle(session, conv, epoch, now)
        return
    session.execute(MOVE, (epoch.n, conv))
    values = (epoch.n, epoch.record, epoch.forced, epoch.time, epoch.k1, epoch.k2)
    session.execute(ADD, (conv, *values))


def put_box(session: Session, row: tuple[Uid, Conv, int, int, bytes]) -> None:
    _, conv, epoch, _, _ = row
    if session.one(RECORD, (conv, epoch)) is None:
        raise Unknown
    session.execute(BOX, row)


def drop_boxes(session: Session, owner: Uid, conv: Conv) -> None:
    session.execute(DROP_BOXES, (owner, conv))


def _settle(session: Session, conv: Conv, epoch: NewEpoch, now: int | None) -> None:
    """The record is there already, as it is (fine) or as another (the winner is shown)."""
    if now is None:
        raise EpochConflict(None, None)
    stands = session.one(RECORD, (conv, epoch.n))
    if stands is None or stands[0] != epoch.record:
        [newest] = session.all(RECORD, (conv, now))
        raise EpochConflict(now, newest[0])
