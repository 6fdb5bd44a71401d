"""What Tables puts into a store that nobody serves: a pair, and the rows of its log.

All of it on an open transaction, in place of what an attempt before left there.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from messaging.backends.sql.database import Session
from messaging.backends.sql.rows import ERASED, WITHHELD
from messaging.backends.tables import Held, Mark, Sent
from messaging.domain import Contact, Conv, Gone, Pair, Row, Uid

BY_WAY = "from_user IN (%s, %s) AND to_user IN (%s, %s)"
DROP_ROWS = "DELETE FROM conversation WHERE conversation_id = %s AND seq >= %s"
DROP = {
    "connection": "connection_id = %s",
    "conversation_head": "conversation_id = %s",
    "connection_key": "connection_id = %s",
    "message_salt": "conversation_id = %s",
    "contact": "owner IN (%s, %s) AND conversation_id = %s",
    "es_box": "owner IN (%s, %s) AND conversation_id = %s",
    "unread": BY_WAY,
    "read": BY_WAY,
    "mark_gap": BY_WAY,
}
COLUMNS = {
    "conversation": "conversation_id, seq, client_id, time, sender, device, ctr, ord, kind, epoch,"
    " flags, expires, text, salt, url, tag, tag_kid, hid",
    "connection": "user1, user2, connection_id, created, state, asked_by, blocked, version",
    "conversation_head": "conversation_id, last_seq, last_time, ord1, ord2, hid1, hid2, run,"
    " min_epoch, epoch_head",
    "connection_key": "connection_id, epoch, record, forced, time, k1, k2",
    "message_salt": "conversation_id, client_id, salt, expires",
    "contact": "owner, peer, conversation_id, state, since, version, withheld, cleared_seq",
    "es_box": "owner, conversation_id, epoch, g, box",
    "unread": "from_user, to_user, conversation_id, last_seq, last_ord, time, shown_seq,"
    " shown_ord, shown_time",
    "read": "from_user, to_user, read_seq, read_ord, time, got_seq, shown_seq, shown_time,"
    " shown_got_seq, shown_got_time",
    "mark_gap": "from_user, to_user, kind, first, last",
}
Values = tuple[Any, ...]


def rows(session: Session, conv: Conv, new: Sequence[Row]) -> None:
    """And nothing above them: what follows is still to come."""
    if new:
        session.execute(DROP_ROWS, (conv, new[0].seq))
        _insert(session, "conversation", map(_row, new))


def pair(session: Session, held: Held) -> None:
    pair, head = held.pair, held.head
    session.execute(DROP_ROWS, (pair.conv, head.last_seq + 1))
    for table, where in DROP.items():
        session.execute(f"DELETE FROM {table} WHERE {where}", _named(pair, where))
    fixed = (pair.user1, pair.user2, pair.conv, pair.created)
    _insert(
        session, "connection", [(*fixed, pair.state, pair.asked_by, pair.blocked, pair.version)]
    )
    counts = (head.ord1, head.ord2, head.hid1, head.hid2, head.run)
    epoch = max((key.epoch for key in held.keys), default=None)
    ends = (pair.conv, head.last_seq, head.last_time)
    _insert(session, "conversation_head", [(*ends, *counts, head.floor, epoch)])
    _insert(session, "contact", (_side(pair, side) for side in held.sides))
    keys = ((k.conv, k.epoch, k.record, k.forced, k.time, k.k1, k.k2) for k in held.keys)
    _insert(session, "connection_key", keys)
    _insert(session, "es_box", ((b.owner, b.conv, b.epoch, b.g, b.box) for b in held.boxes))
    salts = ((s.conv, s.client_id, s.salt, s.expires) for s in held.salts)
    _insert(session, "message_salt", salts)
    _insert(session, "unread", _unread(pair.conv, held.sent))
    _insert(session, "read", _read(held.marks))
    gaps = ((g.sender, g.reader, g.kind, g.first, g.last) for g in held.gaps)
    _insert(session, "mark_gap", gaps)


def _named(pair: Pair, where: str) -> Values:
    users = (pair.user1, pair.user2)
    if where == BY_WAY:
        return (*users, *users)
    return (*users, pair.conv) if "owner" in where else (pair.conv,)


def _insert(session: Session, table: str, found: Iterable[Values]) -> None:
    columns = COLUMNS[table]
    marks = ", ".join(["%s"] * len(columns.split(",")))
    for values in found:
        session.execute(f"INSERT INTO {table} ({columns}) VALUES ({marks})", values)


def _row(row: Row) -> Values:
    flags = (ERASED if row.gone is Gone.ERASED else 0) | (WITHHELD if row.withheld else 0)
    return (
        *(row.conv, row.seq, row.client_id, row.time, row.sender, row.device, row.ctr, row.ord),
        *(row.kind, row.epoch, flags, row.expires, row.text, row.salt, row.url, row.tag, row.kid),
        row.hid,
    )


def _side(pair: Pair, side: Contact) -> Values:
    seen = (pair.seen_by(side.owner), side.since, pair.version, pair.blocked_by(side.peer))
    return (side.owner, side.peer, pair.conv, *seen, side.cleared)


def _unread(conv: Conv, sent: Iterable[Sent]) -> Iterable[Values]:
    """Of each way one row: what the sender sees, and what the other does."""
    ways: dict[tuple[Uid, Uid], dict[Uid, Sent]] = {}
    for one in sent:
        ways.setdefault((one.sender, one.reader), {})[one.owner] = one
    for (sender, reader), seen in ways.items():
        both = ((seen[who].last_seq, seen[who].last_ord, seen[who].time) if who in seen
                else (0, 0, 0) for who in (sender, reader))  # fmt: skip
        mine, shown = both
        yield (sender, reader, conv, *mine, *shown)


def _read(marks: Iterable[Mark]) -> Iterable[Values]:
    ways: dict[tuple[Uid, Uid], dict[Uid, Mark]] = {}
    for one in marks:
        ways.setdefault((one.sender, one.reader), {})[one.owner] = one
    for (sender, reader), seen in ways.items():
        nothing = Mark(b"", sender, reader, 0, 0, 0, 0, 0)
        own, shown = seen.get(reader, nothing), seen.get(sender, nothing)
        told = (shown.read_seq, shown.time, shown.got_seq, shown.got_time)
        yield (sender, reader, own.read_seq, own.read_ord, own.time, own.got_seq, *told)
