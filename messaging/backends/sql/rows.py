"""Reading the log: rows as the domain has them."""

from collections.abc import Sequence
from typing import Any

from messaging.backends.sql.database import Session
from messaging.domain import MAX_INT, ContactState, Conv, Gone, Row, Uid, VectorRow

ERASED, WITHHELD = 1, 2  # bits of conversation.flags

_COLUMNS = """
SELECT c.conversation_id, c.seq, c.client_id, c.sender, c.device, c.ctr, c.time, c.ord, c.kind,
 c.epoch, c.expires, c.flags, c.text, c.salt, c.url, c.tag, c.tag_kid FROM conversation c
"""
BELOW = _COLUMNS + "WHERE c.conversation_id = %s AND c.seq < %s ORDER BY c.seq DESC LIMIT %s"
ABOVE = _COLUMNS + "WHERE c.conversation_id = %s AND c.seq > %s ORDER BY c.seq LIMIT %s"
LAST = (
    _COLUMNS
    + """JOIN conversation_head h ON h.conversation_id = c.conversation_id AND h.last_seq = c.seq
WHERE h.conversation_id IN """
)
FIND = "SELECT seq FROM conversation WHERE conversation_id = %s AND client_id = %s AND seq > %s"
SALTS = """
SELECT client_id, salt FROM message_salt
WHERE conversation_id = %s AND expires > %s AND client_id IN """

# mine: what I sent; theirs: what I was sent; by_me: my marks on it; by_them: theirs on mine.
VECTOR = """
SELECT c.conversation_id, c.peer, c.state, c.since, c.cleared_seq, c.withheld,
 mine.last_seq, mine.last_ord, mine.time, theirs.shown_seq, theirs.shown_ord, theirs.shown_time,
 by_me.read_seq, by_me.read_ord, by_me.got_seq,
 by_them.shown_seq, by_them.shown_time, by_them.got_seq, by_them.got_time
FROM contact c
LEFT JOIN unread mine ON mine.from_user = c.owner AND mine.to_user = c.peer
LEFT JOIN unread theirs ON theirs.from_user = c.peer AND theirs.to_user = c.owner
LEFT JOIN read by_me ON by_me.from_user = c.peer AND by_me.to_user = c.owner
LEFT JOIN read by_them ON by_them.from_user = c.owner AND by_them.to_user = c.peer
WHERE c.owner = %s
"""


def below(session: Session, key: tuple[Conv, int | None, int], now: int) -> list[Row]:
    conv, before, n = key
    found = session.all(BELOW, (conv, MAX_INT if before is None else before, n))
    return [_row(values, now) for values in found]


def above(session: Session, key: tuple[Conv, int, int], now: int) -> list[Row]:
    return [_row(values, now) for values in session.all(ABOVE, key)]


def last(session: Session, convs: Sequence[Conv], now: int) -> dict[Conv, Row]:
    if not convs:
        return {}
    found = (_row(values, now) for values in session.all(LAST + _marks(convs), convs))
    return {row.conv: row for row in found}


def find(session: Session, key: tuple[Conv, bytes, int]) -> int | None:
    row = session.one(FIND, key)
    return row[0] if row else None


def salts(
    session: Session, conv: Conv, client_ids: Sequence[bytes], now: int
) -> dict[bytes, bytes]:
    if not client_ids:
        return {}
    return dict(session.all(SALTS + _marks(client_ids), (conv, now, *client_ids)))


def vector(session: Session, user: Uid) -> list[VectorRow]:
    return [_vector_row(values) for values in session.all(VECTOR, (user,))]


def _marks(values: Sequence[object]) -> str:
    return f"({', '.join(['%s'] * len(values))})"


def _row(values: Sequence[Any], now: int) -> Row:
    conv, seq, client_id, sender, device, ctr, time, count, kind, epoch = values[:10]
    expires, flags, text, salt, url, tag, kid = values[10:]
    gone: Gone | None = None
    if flags & ERASED:
        gone = Gone.ERASED
    elif text is None or (expires is not None and expires <= now):
        gone, text, salt, url, tag, kid = Gone.EXPIRED, None, None, "", None, None
    return Row(
        *(conv, seq, client_id, sender, device, ctr, time, count, kind, epoch),
        *(expires, bool(flags & WITHHELD), gone, text, salt, url, tag, kid),
    )


def _vector_row(values: Sequence[Any]) -> VectorRow:
    conv, peer, state, since, cleared, withheld, *marks = values
    known = [mark or 0 for mark in marks]
    sent_seq, sent_ord, sent_time, shown_seq, shown_ord, shown_time = known[:6]
    read_seq, read_ord, got_seq, peer_read, read_time, peer_got, got_time = known[6:]
    return VectorRow(
        conv=conv,
        peer=peer,
        state=ContactState(state),
        since=since,
        last_seq=max(sent_seq, shown_seq),
        my_ord=sent_ord,
        peer_ord=shown_ord,
        my_read=read_seq,
        my_read_ord=read_ord,
        my_got=got_seq,
        peer_read=peer_read,
        peer_got=peer_got,
        cleared=cleared,
        last_time=max(sent_time, shown_time),
        read_time=read_time,
        got_time=got_time,
        withheld=withheld,
    )
