"""MessageLog.mark on an open transaction, and the gaps beside the marks.

A row of `read` is locked, changed here and written back: what moves depends on how it stood.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from messaging.backends.base import BadSeq
from messaging.backends.moves import Move
from messaging.backends.sql.database import Later, Session
from messaging.domain import Uid
from messaging.gaps import Gap, GapKind, Marked, known_gaps

HEAD = """
SELECT last_seq, ord1 - hid1, ord2 - hid2 FROM conversation_head WHERE conversation_id = %s
"""
FIRST = """
INSERT INTO read (from_user, to_user, read_seq, read_ord, time, got_seq, shown_seq, shown_time,
 shown_got_seq, shown_got_time) VALUES (%s, %s, 0, 0, 0, 0, 0, 0, 0, 0)
ON CONFLICT (from_user, to_user) DO NOTHING
"""
MARKS = """
SELECT h.last_seq, h.ord1 - h.hid1, h.ord2 - h.hid2, r.read_seq, r.read_ord, r.time, r.got_seq,
 r.shown_seq, r.shown_time, r.shown_got_seq, r.shown_got_time
FROM read r JOIN conversation_head h ON h.conversation_id = %s
WHERE r.from_user = %s AND r.to_user = %s FOR UPDATE OF r
"""
MOVE = """
UPDATE read SET read_seq = %s, read_ord = %s, time = %s, got_seq = %s, shown_seq = %s,
 shown_time = %s, shown_got_seq = %s, shown_got_time = %s WHERE from_user = %s AND to_user = %s
"""
GAP = """
INSERT INTO mark_gap (from_user, to_user, kind, first, last) VALUES (%s, %s, %s, %s, %s)
ON CONFLICT (from_user, to_user, kind, first) DO UPDATE SET last = excluded.last
WHERE excluded.last > mark_gap.last
"""
ENDING_AT = """
SELECT first FROM mark_gap WHERE from_user = %s AND to_user = %s AND kind = %s AND last = %s
"""
GAPS = """
SELECT kind, first, last FROM mark_gap
WHERE from_user = %s AND to_user = %s AND first <= %s AND last > %s
"""


@dataclass(frozen=True, slots=True)
class _Marks:
    """A row of `read`; shown_* is what the sender of the messages sees."""

    read: int = 0
    ord: int = 0
    time: int = 0
    got: int = 0
    shown: int = 0
    shown_time: int = 0
    shown_got: int = 0
    shown_got_time: int = 0

    @property
    def values(self) -> tuple[int, ...]:
        read, got = (self.read, self.ord, self.time), (self.got,)
        return (*read, *got, self.shown, self.shown_time, self.shown_got, self.shown_got_time)


def mark(session: Session, move: Move) -> Marked | Later[Marked]:
    way = (move.peer, move.reader)
    was = _marks(session, move, way)
    now = _moved(was, move)
    if now == was:
        return Marked()
    session.execute(MOVE, (*now.values, *way))
    if move.own_only and now.read > was.read:
        _read_in_private(session, way, was.read, now.read)
    gaps = _passed_over(session, way, was, now)
    return Later(
        lambda: Marked(
            now.shown_got if now.shown_got > was.shown_got else 0,
            now.shown if now.shown > was.shown else 0,
            gaps(),
        )
    )


def withhold(session: Session, sender: Uid, peer: Uid, first: int, last: int) -> None:
    """The rows first … last of the sender are never delivered."""
    session.execute(GAP, (sender, peer, GapKind.WITHHELD, first, last))


def _marks(session: Session, move: Move, way: tuple[Uid, Uid]) -> _Marks:
    """Raises BadSeq: one lie above the head would pin a register for ever."""
    row = session.one(MARKS, (move.conv, *way))
    head = row[:3] if row else session.one(HEAD, (move.conv,)) or (0, 0, 0)
    last_seq, ord1, ord2 = head
    most = ord1 if move.peer < move.reader else ord2
    if max(move.got, move.read[0]) > last_seq or move.read[1] > most:
        raise BadSeq
    if row is None:
        session.execute(FIRST, way)
        row = session.one(MARKS, (move.conv, *way))
    return _Marks(*row[3:]) if row else _Marks()


def _moved(was: _Marks, move: Move) -> _Marks:
    now = was
    if move.got > now.got:
        now = replace(now, got=move.got)
    if not move.own_only and move.got > now.shown_got:
        now = replace(now, shown_got=move.got, shown_got_time=move.time)
    seq, count = move.read
    if (seq, count) > (now.read, now.ord):
        now = replace(now, read=seq, ord=count, time=move.time)
    if now.read > was.read and not move.own_only:  # only what rises is told: the rest was private
        now = replace(now, shown=seq, shown_time=move.time)
    return now


def _read_in_private(session: Session, way: tuple[Uid, Uid], before: int, upto: int) -> None:
    joined = session.one(ENDING_AT, (*way, GapKind.PRIVATE, before))
    first = joined[0] if joined else before + 1
    session.execute(GAP, (*way, GapKind.PRIVATE, first, upto))


def _passed_over(
    session: Session, way: tuple[Uid, Uid], was: _Marks, now: _Marks
) -> Callable[[], tuple[Gap, ...]]:
    """What the sender comes to know now."""
    before, after = (was.shown_got, was.shown), (now.shown_got, now.shown)
    if before == after:
        return tuple
    rows = session.later(GAPS, (*way, max(after), min(before)))

    def gaps() -> tuple[Gap, ...]:
        found = [Gap(GapKind(kind), first, last) for kind, first, last in rows()]
        known = known_gaps(found, *before)
        return tuple(gap for gap in known_gaps(found, *after) if gap not in known)

    return gaps
