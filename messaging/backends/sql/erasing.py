"""Content that goes, while its row stays: erased by who wrote it, expired, or kept no longer."""

from collections.abc import Sequence

from chatsite.edge.refusals import Unknown
from messaging.backends.sql.database import Session
from messaging.backends.sql.rows import ERASED
from messaging.domain import Conv, Draft, Row, Uid

Named = tuple[int, bytes]  # seq and client_id of a row

OWN = """
SELECT 1 FROM conversation
WHERE conversation_id = %s AND seq = %s AND client_id = %s AND sender = %s
"""
_CLEAR = """
UPDATE conversation SET text = NULL, salt = NULL, url = '', tag = NULL, tag_kid = NULL,
 flags = flags | %s WHERE conversation_id = %s AND """
CLEAR = _CLEAR + "seq = %s"
CLEAR_ALL = _CLEAR + "seq BETWEEN %s AND %s AND text IS NOT NULL"
SHRED = "DELETE FROM message_salt WHERE conversation_id = %s AND client_id = %s"
EXPIRED = """
SELECT conversation_id, seq, client_id FROM conversation
WHERE expires <= %s AND expires IS NOT NULL AND text IS NOT NULL LIMIT %s
"""
PURGED = "SELECT purged FROM conversation_head WHERE conversation_id = %s"
RAISE_PURGED = """
UPDATE conversation_head SET purged = %s WHERE conversation_id = %s AND purged < %s
"""
LATE_SALTS = "DELETE FROM message_salt WHERE expires <= %s"


def require_own(session: Session, draft: Draft) -> None:
    """Raises Unknown where the sender wrote no such row as the draft erases."""
    if draft.erase:
        _require_own(session, draft.conv, draft.sender, draft.erase)


def erase(session: Session, draft: Draft) -> None:
    if draft.erase:
        _erase(session, draft.conv, draft.erase)


def erase_own(session: Session, conv: Conv, sender: Uid, row: Named) -> None:
    """MessageLog.erase on an open transaction."""
    _require_own(session, conv, sender, row)
    _erase(session, conv, row)


def _require_own(session: Session, conv: Conv, sender: Uid, row: Named) -> None:
    if session.one(OWN, (conv, *row, sender)) is None:
        raise Unknown


def _erase(session: Session, conv: Conv, row: Named) -> None:
    seq, client_id = row
    session.execute(CLEAR, (ERASED, conv, seq))
    session.execute(SHRED, (conv, client_id))


def expire(session: Session, now: int, limit: int) -> int:
    """MessageLog.expire on an open transaction."""
    expired = session.all(EXPIRED, (now, limit))
    for conv, seq, client_id in expired:
        session.execute(CLEAR, (0, conv, seq))
        session.execute(SHRED, (conv, client_id))
    session.execute(LATE_SALTS, (now,))
    return len(expired)


def purge(session: Session, rows: Sequence[Row]) -> None:
    """Tables.purge on an open transaction."""
    conv, last = rows[-1].conv, rows[-1].seq
    session.execute(CLEAR_ALL, (0, conv, rows[0].seq, last))
    for row in rows:
        if row.expires is not None:
            session.execute(SHRED, (conv, row.client_id))
    session.execute(RAISE_PURGED, (last, conv, last))


def purged(session: Session, conv: Conv) -> int:
    found = session.one(PURGED, (conv,))
    return found[0] if found else 0
