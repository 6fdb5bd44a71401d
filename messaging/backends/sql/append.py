"""The append: four statements when nothing is amiss (docs/adr/0008); on PostgreSQL, where each is a
round trip, one statement for what is most common (docs/adr/0031).

There is no look-up before the insert: the unique client_id refuses a repeat, which is then read.
A refusal comes before the first write, so that it spoils no group.
"""

from collections.abc import Sequence

from chatsite.edge.refusals import Unknown
from messaging.backends.base import Reused, StaleEpoch
from messaging.backends.drafts import is_kept_as, placed
from messaging.backends.sql import rows
from messaging.backends.sql.database import Later, Session
from messaging.backends.sql.erasing import erase, require_own
from messaging.backends.sql.marks import withhold
from messaging.backends.sql.rows import WITHHELD
from messaging.domain import KIND_NOTIFY, Draft, Row, Seal, floor_after

HEAD = """
SELECT last_seq, last_time, ord1, ord2, hid1, hid2, run, min_epoch FROM conversation_head
WHERE conversation_id = %s FOR UPDATE
"""
INSERT = """
INSERT INTO conversation (conversation_id, seq, client_id, time, sender, device, ctr, ord, kind,
 epoch, flags, expires, text, salt, url, tag, tag_kid, hid)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (conversation_id, client_id) DO NOTHING
"""
MOVE_HEAD_1 = """
UPDATE conversation_head SET last_seq = %s, last_time = %s, ord1 = %s, hid1 = %s, run = %s,
 min_epoch = %s WHERE conversation_id = %s
"""
MOVE_HEAD_2 = MOVE_HEAD_1.replace("ord1", "ord2").replace("hid1", "hid2")
SALT = (
    "INSERT INTO message_salt (conversation_id, client_id, salt, expires) VALUES (%s, %s, %s, %s)"
)
SENT = """
INSERT INTO unread (from_user, to_user, conversation_id, last_seq, last_ord, time, shown_seq,
 shown_ord, shown_time) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (from_user, to_user) DO UPDATE SET conversation_id = excluded.conversation_id,
 last_seq = excluded.last_seq, last_ord = excluded.last_ord, time = excluded.time,
 shown_seq = excluded.shown_seq, shown_ord = excluded.shown_ord, shown_time = excluded.shown_time
WHERE excluded.last_seq > unread.last_seq
"""
SENT_UNSEEN = """
INSERT INTO unread (from_user, to_user, conversation_id, last_seq, last_ord, time, shown_seq,
 shown_ord, shown_time) VALUES (%s, %s, %s, %s, %s, %s, 0, 0, 0)
ON CONFLICT (from_user, to_user) DO UPDATE SET last_seq = excluded.last_seq,
 last_ord = excluded.last_ord, time = excluded.time WHERE excluded.last_seq > unread.last_seq
"""
AT_ONCE_1 = """
WITH head AS (
 SELECT last_seq + 1 AS seq, ord1 + %(counts)s AS ord, hid1 AS hid FROM conversation_head
 WHERE conversation_id = %(conv)s AND last_time < %(now)s
  AND GREATEST(min_epoch, %(floor)s) <= %(epoch)s FOR UPDATE
), put AS (
 INSERT INTO conversation (conversation_id, seq, client_id, time, sender, device, ctr, ord, kind,
  epoch, flags, text, salt, url, tag, tag_kid, hid)
 SELECT %(conv)s, seq, %(client_id)s, %(now)s, %(sender)s, %(device)s, %(ctr)s, ord, %(kind)s,
  %(epoch)s, 0, %(text)s, %(salt)s, %(url)s, %(tag)s, %(kid)s, hid FROM head
 ON CONFLICT (conversation_id, client_id) DO NOTHING RETURNING seq, ord, hid
), moved AS (
 UPDATE conversation_head SET last_seq = put.seq, last_time = %(now)s, ord1 = put.ord, run = 0,
  min_epoch = GREATEST(min_epoch, %(floor)s) FROM put WHERE conversation_id = %(conv)s
), sent AS (
 INSERT INTO unread (from_user, to_user, conversation_id, last_seq, last_ord, time, shown_seq,
  shown_ord, shown_time)
 SELECT %(sender)s, %(peer)s, %(conv)s, seq, ord, %(now)s, seq, ord - hid, %(now)s FROM put
 ON CONFLICT (from_user, to_user) DO UPDATE SET conversation_id = excluded.conversation_id,
  last_seq = excluded.last_seq, last_ord = excluded.last_ord, time = excluded.time,
  shown_seq = excluded.shown_seq, shown_ord = excluded.shown_ord, shown_time = excluded.shown_time
 WHERE excluded.last_seq > unread.last_seq
)
SELECT seq, ord, hid FROM put
"""
AT_ONCE_2 = AT_ONCE_1.replace("ord1", "ord2").replace("hid1", "hid2")


def common(draft: Draft) -> bool:
    """Whether `at_once` may take it."""
    return not (draft.ttl or draft.withheld or draft.erase)


def at_once(session: Session, draft: Draft, seal: Seal, now: int) -> Later[Row | None]:
    """MessageLog.append in one statement, or None and nothing is changed: it is a repeat, or late
    by the clock of the log or by its epoch, or has no such conversation."""
    d, (kid, tag) = draft, seal(now)
    values = {
        "conv": d.conv, "client_id": d.client_id, "sender": d.sender, "peer": d.peer,
        "device": d.device, "ctr": d.ctr, "kind": d.kind, "epoch": d.epoch, "text": d.text,
        "salt": d.salt, "url": d.url, "tag": tag, "kid": kid, "now": now,
        "counts": int(d.kind == KIND_NOTIFY), "floor": floor_after(0, d.head, now),
    }  # fmt: skip
    found = session.later(AT_ONCE_1 if d.sender < d.peer else AT_ONCE_2, values)

    def row() -> Row | None:
        for seq, count, hid in found():
            return placed(d, seq, now, (count, hid), (kid, tag))
        return None

    return Later(row)


def append(session: Session, draft: Draft, seal: Seal, now: int) -> Row:
    """MessageLog.append on an open transaction."""
    head = session.one(HEAD, (draft.conv,))
    if head is None:
        raise Unknown
    require_own(session, draft)
    row = _append(session, draft, head, seal, now)
    erase(session, draft)
    return row


def _append(session: Session, draft: Draft, head: Sequence[int], seal: Seal, now: int) -> Row:
    last_seq, last_time, ord1, ord2, hid1, hid2, run, min_epoch = head
    floor = floor_after(min_epoch, draft.head, now)
    if (draft.ttl or draft.epoch < floor) and (prior := _repeat(session, draft, now)):
        return prior
    if draft.epoch < floor:
        raise StaleEpoch(floor)
    first = draft.sender < draft.peer
    counts = draft.kind == KIND_NOTIFY
    count = (ord1 if first else ord2) + counts
    hid = (hid1 if first else hid2) + (counts and draft.withheld)
    time = max(now, last_time + 1)
    row = placed(draft, last_seq + 1, time, (count, hid), seal(time))
    if not _insert(session, draft, row):
        return _repeat(session, draft, now) or row
    run = (run or row.seq) if draft.withheld else 0
    move = MOVE_HEAD_1 if first else MOVE_HEAD_2
    session.execute(move, (row.seq, row.time, count, hid, run, floor, draft.conv))
    _raise_watermarks(session, draft, row, run)
    return row


def _insert(session: Session, draft: Draft, row: Row) -> bool:
    """False where the client_id is there already."""
    r = row
    flags = WITHHELD if r.withheld else 0
    values = (
        *(r.conv, r.seq, r.client_id, r.time, r.sender, r.device, r.ctr, r.ord, r.kind),
        *(r.epoch, flags, r.expires, r.text, r.salt, r.url, r.tag, r.kid, r.hid),
    )
    if session.count(INSERT, values) == 0:
        return False
    if draft.ttl:
        session.execute(SALT, (r.conv, r.client_id, draft.salt, r.expires))
    return True


def _raise_watermarks(session: Session, draft: Draft, row: Row, run: int) -> None:
    """`run`: the first of the withheld rows that end the log with this one; 0 = it is none."""
    sent = (draft.sender, draft.peer, draft.conv, row.seq, row.ord, row.time)
    if not draft.withheld:
        session.execute(SENT, (*sent, row.seq, row.ord - row.hid, row.time))
        return
    session.execute(SENT_UNSEEN, sent)
    withhold(session, draft.sender, draft.peer, run, row.seq)


def _repeat(session: Session, draft: Draft, now: int) -> Row | None:
    """The row of this client_id, if it is there. Raises Reused if it is another message."""
    row = rows.named(session, draft.conv, draft.client_id, now)
    if row is None:
        return None
    salt = row.salt
    if row.ttl and not row.gone:
        salt = rows.salts(session, row.conv, [row.client_id], now).get(row.client_id)
    if not is_kept_as(draft, row, salt):
        raise Reused
    return row
