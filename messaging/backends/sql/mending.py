"""What repairs write, on an open transaction: people may write at the same time."""

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any

from messaging.backends.sql.database import Session
from messaging.backends.tables import Record, Sent, Table

OWN = """
INSERT INTO unread (from_user, to_user, conversation_id, last_seq, last_ord, time, shown_seq,
 shown_ord, shown_time) VALUES (%s, %s, %s, %s, %s, %s, 0, 0, 0)
ON CONFLICT (from_user, to_user) DO UPDATE SET conversation_id = excluded.conversation_id,
 last_seq = excluded.last_seq, last_ord = excluded.last_ord, time = excluded.time
WHERE excluded.last_seq > unread.last_seq
"""
SHOWN = """
INSERT INTO unread (from_user, to_user, conversation_id, shown_seq, shown_ord, shown_time, last_seq,
 last_ord, time) VALUES (%s, %s, %s, %s, %s, %s, 0, 0, 0)
ON CONFLICT (from_user, to_user) DO UPDATE SET conversation_id = excluded.conversation_id,
 shown_seq = excluded.shown_seq, shown_ord = excluded.shown_ord, shown_time = excluded.shown_time
WHERE excluded.shown_seq > unread.shown_seq
"""
BY_WAY = "from_user = %s AND to_user = %s"
# By table: which row, and what names it in a record.
KEYS: Mapping[Table, tuple[str, Callable[[Any], tuple[Any, ...]]]] = MappingProxyType({
    Table.CONTACT: (
        "owner = %s AND peer = %s AND conversation_id = %s", lambda r: (r.owner, r.peer, r.conv)
    ),
    Table.ES_BOX: (
        "owner = %s AND conversation_id = %s AND epoch = %s", lambda r: (r.owner, r.conv, r.epoch)
    ),
    Table.UNREAD: (f"{BY_WAY} AND conversation_id = %s", lambda r: (r.sender, r.reader, r.conv)),
    Table.READ: (BY_WAY, lambda r: (r.sender, r.reader)),
    Table.MARK_GAP: (
        f"{BY_WAY} AND kind = %s AND first = %s", lambda r: (r.sender, r.reader, r.kind, r.first)
    ),
})  # fmt: skip


def raise_sent(session: Session, sent: Iterable[Sent]) -> None:
    for one in sent:
        statement = OWN if one.owner == one.sender else SHOWN
        way = (one.sender, one.reader, one.conv)
        session.execute(statement, (*way, one.last_seq, one.last_ord, one.time))


def remove(session: Session, table: Table, records: Iterable[Record]) -> None:
    where, key = KEYS[table]
    for record in records:
        session.execute(f"DELETE FROM {table} WHERE {where}", key(record))
