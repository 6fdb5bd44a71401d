"""Reading the log: rows as the domain has them."""

from collections.abc import Sequence
from typing import Any

from messaging.backends.sizes import ending
from messaging.backends.sql.database import Session
from messaging.backends.vectors import vector_row
from messaging.domain import MAX_INT, Conv, Gone, Row, Uid, VectorPage
from messaging.gaps import Gap, GapKind

ERASED, WITHHELD = 1, 2  # bits of conversation.flags

COLUMNS = """
 c.conversation_id, c.seq, c.client_id, c.sender, c.device, c.ctr, c.time, c.ord, c.kind, c.epoch,
 c.expires, c.flags, c.text, c.salt, c.url, c.tag, c.tag_kid, c.hid"""
_COLUMNS = f"SELECT {COLUMNS} FROM conversation c "
_BELOW = "WHERE c.conversation_id = %s AND c.seq < %s ORDER BY c.seq DESC LIMIT %s"
_ABOVE = "WHERE c.conversation_id = %s AND c.seq > %s ORDER BY c.seq LIMIT %s"
BELOW, ABOVE = _COLUMNS + _BELOW, _COLUMNS + _ABOVE
# Both databases know how long a text is without reading it, where it lies apart from its row.
_SIZES = """
SELECT c.seq, CASE WHEN c.text IS NULL OR c.expires <= %s THEN 0 ELSE LENGTH(c.text) END
FROM conversation c """
SIZES_BELOW, SIZES_ABOVE = _SIZES + _BELOW, _SIZES + _ABOVE
LAST = (
    _COLUMNS
    + """JOIN contact k ON k.conversation_id = c.conversation_id
LEFT JOIN unread mine ON mine.from_user = k.owner AND mine.to_user = k.peer
LEFT JOIN unread theirs ON theirs.from_user = k.peer AND theirs.to_user = k.owner
WHERE k.owner = %s AND c.seq = CASE WHEN COALESCE(mine.last_seq, 0) > COALESCE(theirs.shown_seq, 0)
 THEN mine.last_seq ELSE theirs.shown_seq END AND k.conversation_id IN """
)
NAMED = _COLUMNS + "WHERE c.conversation_id = %s AND c.client_id = %s"
FIND = "SELECT seq FROM conversation WHERE conversation_id = %s AND client_id = %s AND seq > %s"
SALTS = """
SELECT client_id, salt FROM message_salt
WHERE conversation_id = %s AND expires > %s AND client_id IN """

# mine: what I sent; theirs: what I was sent; by_me: my marks on it; by_them: theirs on mine.
VECTOR = """
SELECT c.conversation_id, c.peer, c.state, c.since, c.cleared_seq, c.withheld,
 mine.last_seq, mine.last_ord, mine.time, theirs.shown_seq, theirs.shown_ord, theirs.shown_time,
 by_me.read_seq, by_me.read_ord, by_me.got_seq,
 by_them.shown_seq, by_them.shown_time, by_them.shown_got_seq, by_them.shown_got_time
FROM contact c
LEFT JOIN unread mine ON mine.from_user = c.owner AND mine.to_user = c.peer
LEFT JOIN unread theirs ON theirs.from_user = c.peer AND theirs.to_user = c.owner
LEFT JOIN read by_me ON by_me.from_user = c.peer AND by_me.to_user = c.owner
LEFT JOIN read by_them ON by_them.from_user = c.owner AND by_them.to_user = c.peer
WHERE c.owner = %s AND c.peer > %s ORDER BY c.peer LIMIT %s
"""
GAPS = """
SELECT to_user, kind, first, last FROM mark_gap
WHERE from_user = %s AND to_user > %s AND to_user <= %s
"""


def below(
    session: Session, key: tuple[Conv, int | None, int], now: int, size: int | None = None
) -> list[Row]:
    conv, before, n = key
    before = MAX_INT if before is None else before
    if size is not None:
        sized = session.all(SIZES_BELOW, (now, conv, before, n))
        before, n = (sized[0][0] + 1 if sized else 0), _ending(sized, size)
    return [row(values, now) for values in session.all(BELOW, (conv, before, n))]


def above(
    session: Session, key: tuple[Conv, int, int], now: int, size: int | None = None
) -> list[Row]:
    conv, after, n = key
    if size is not None:
        n = _ending(session.all(SIZES_ABOVE, (now, conv, after, n)), size)
    return [row(values, now) for values in session.all(ABOVE, (conv, after, n))]


def _ending(sized: Sequence[Sequence[int]], size: int) -> int:
    return ending([bytes_of for _, bytes_of in sized], size)


def named(session: Session, conv: Conv, client_id: bytes, now: int) -> Row | None:
    values = session.one(NAMED, (conv, client_id))
    return row(values, now) if values else None


def last(session: Session, owner: Uid, convs: Sequence[Conv], now: int) -> dict[Conv, Row]:
    if not convs:
        return {}
    found = (row(values, now) for values in session.all(LAST + _marks(convs), (owner, *convs)))
    return {row.conv: row for row in found}


def find(session: Session, key: tuple[Conv, bytes, int]) -> int | None:
    found = session.one(FIND, key)
    return found[0] if found else None


def salts(
    session: Session, conv: Conv, client_ids: Sequence[bytes], now: int
) -> dict[bytes, bytes]:
    if not client_ids:
        return {}
    return dict(session.all(SALTS + _marks(client_ids), (conv, now, *client_ids)))


def vector(session: Session, key: tuple[Uid, bytes, int]) -> VectorPage:
    user, after, n = key
    found = session.all(VECTOR, key)
    if not found:
        return VectorPage([], None)
    last: Uid = found[-1][1]
    gaps: dict[Uid, list[Gap]] = {}
    for peer, kind, first, last_seq in session.all(GAPS, (user, after, last)):
        gaps.setdefault(peer, []).append(Gap(GapKind(kind), first, last_seq))
    rows = [
        vector_row(
            *(values[:6], values[6:9], values[9:12], values[12:15], values[15:]),
            gaps.get(values[1], ()),
        )
        for values in found
    ]
    return VectorPage(rows, last if len(rows) == n else None)


def _marks(values: Sequence[object]) -> str:
    return f"({', '.join(['%s'] * len(values))})"


def row(values: Sequence[Any], now: int) -> Row:
    conv, seq, client_id, sender, device, ctr, time, count, kind, epoch = values[:10]
    expires, flags, text, salt, url, tag, kid, hid = values[10:]
    gone: Gone | None = None
    if flags & ERASED:
        gone = Gone.ERASED
    elif text is None or (expires is not None and expires <= now):
        gone, text, salt, url, tag, kid = Gone.EXPIRED, None, None, "", None, None
    return Row(
        *(conv, seq, client_id, sender, device, ctr, time, count, kind, epoch),
        *(expires, bool(flags & WITHHELD), gone, text, salt, url, tag, kid, hid),
    )
