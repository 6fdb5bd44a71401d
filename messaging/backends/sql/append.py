"""The append: one transaction, four statements when nothing is amiss (storage.md 1.5).

There is no look-up before the insert: the unique client_id refuses a repeat, which is then read.
A refusal comes before the first write, so that it spoils no group.
"""

from messaging.backends.base import Reused, StaleEpoch, Unknown
from messaging.backends.sql.database import Session
from messaging.backends.sql.rows import WITHHELD
from messaging.domain import KIND_NOTIFY, Appended, Draft, Seal, floor_after

HEAD = """
SELECT last_seq, last_time, ord1, ord2, min_epoch FROM conversation_head
WHERE conversation_id = %s FOR UPDATE
"""
INSERT = """
INSERT INTO conversation (conversation_id, seq, client_id, time, sender, device, ctr, ord, kind,
 epoch, flags, expires, text, salt, url, tag, tag_kid)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (conversation_id, client_id) DO NOTHING
"""
MOVE_HEAD_1 = """
UPDATE conversation_head SET last_seq = %s, last_time = %s, ord1 = %s, min_epoch = %s
WHERE conversation_id = %s
"""
MOVE_HEAD_2 = MOVE_HEAD_1.replace("ord1", "ord2")
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
SKIP_UNSEEN = """
INSERT INTO read (from_user, to_user, read_seq, read_ord, time, got_seq, got_time, shown_seq,
 shown_time) VALUES (%s, %s, %s, %s, %s, 0, 0, 0, 0)
ON CONFLICT (from_user, to_user) DO UPDATE SET read_seq = excluded.read_seq,
 read_ord = excluded.read_ord, time = excluded.time WHERE excluded.read_seq > read.read_seq
"""
PRIOR = """
SELECT seq, ord, time, sender, device, ctr, kind, epoch, url, expires, text, salt, tag_kid, tag
FROM conversation WHERE conversation_id = %s AND client_id = %s
"""
PRIOR_SALT = "SELECT salt FROM message_salt WHERE conversation_id = %s AND client_id = %s"


def append(session: Session, draft: Draft, seal: Seal, now: int) -> Appended:
    """MessageLog.append on an open transaction."""
    head = session.one(HEAD, (draft.conv,))
    if head is None:
        raise Unknown
    last_seq, last_time, ord1, ord2, min_epoch = head
    floor = floor_after(min_epoch, draft.head, now)
    if (draft.ttl or draft.epoch < floor) and (prior := _repeat(session, draft)):
        return prior
    if draft.epoch < floor:
        raise StaleEpoch(floor)
    first = draft.sender < draft.peer
    time = max(now, last_time + 1)
    count = (ord1 if first else ord2) + (draft.kind == KIND_NOTIFY)
    row = Appended(last_seq + 1, count, time, *seal(time), dup=False)
    if not _insert(session, draft, row):
        return _repeat(session, draft) or row
    move = MOVE_HEAD_1 if first else MOVE_HEAD_2
    session.execute(move, (row.seq, time, count, floor, draft.conv))
    _raise_watermarks(session, draft, row)
    return row


def _insert(session: Session, draft: Draft, row: Appended) -> bool:
    """False where the client_id is there already."""
    d, r = draft, row
    expires = r.time + d.ttl * 1000 if d.ttl else None
    salt = None if d.ttl else d.salt
    flags = WITHHELD if d.withheld else 0
    values = (
        *(d.conv, r.seq, d.client_id, r.time, d.sender, d.device, d.ctr, r.ord, d.kind),
        *(d.epoch, flags, expires, d.text, salt, d.url, r.tag, r.kid),
    )
    if session.execute(INSERT, values).rowcount == 0:
        return False
    if d.ttl:
        session.execute(SALT, (d.conv, d.client_id, d.salt, expires))
    return True


def _raise_watermarks(session: Session, draft: Draft, row: Appended) -> None:
    way = (draft.sender, draft.peer)
    sent = (*way, draft.conv, row.seq, row.ord, row.time)
    if not draft.withheld:
        session.execute(SENT, (*sent, row.seq, row.ord, row.time))
        return
    session.execute(SENT_UNSEEN, sent)
    session.execute(SKIP_UNSEEN, (*way, row.seq, row.ord, row.time))


def _repeat(session: Session, draft: Draft) -> Appended | None:
    """The first answer, if this client_id is there. Raises Reused if it is another message."""
    row = session.one(PRIOR, (draft.conv, draft.client_id))
    if row is None:
        return None
    seq, count, time, *same, url, expires, text, salt, kid, tag = row
    asked = [draft.sender, draft.device, draft.ctr, draft.kind, draft.epoch]
    ttl = (expires - time) // 1000 if expires is not None else 0
    if [*same, ttl] != [*asked, draft.ttl]:
        raise Reused
    if text is not None:  # else it is erased or expired, and there is nothing to compare
        if salt is None and (kept := session.one(PRIOR_SALT, (draft.conv, draft.client_id))):
            salt = kept[0]
        if (text, salt or draft.salt, url) != (draft.text, draft.salt, draft.url):
            raise Reused
    return Appended(seq, count, time, kid or "", tag or b"", dup=True)
