"""Tables in Cassandra: pages of a table by the driver's own paging state, in the order of tokens.

Of a register that nobody wrote the cells are null, and a bucket without a row has statics alone.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.core.signing import BadSignature, Signer

from messaging.backends.cassandra import connections, pairs, rows
from messaging.backends.cassandra.buckets import BUCKET_ROWS
from messaging.backends.cassandra.driver import Profile
from messaging.backends.cassandra.heads import Head as Known
from messaging.backends.cassandra.heads import Heads
from messaging.backends.cassandra.store import Statement, Store, store
from messaging.backends.tables import (
    BROWSE_MAX,
    BadCursor,
    Box,
    Browsed,
    Head,
    Key,
    Mark,
    Passed,
    Record,
    Salt,
    Sent,
    Table,
    Tables,
)
from messaging.domain import Conv
from messaging.gaps import GapKind

Values = Sequence[Any]
MESSAGE = 0  # row_type


@dataclass(frozen=True, slots=True)
class Shape:
    """How a table is read; `record` answers None for what is no record of it."""

    statement: Statement
    record: Callable[[Values], Record | None]


class CassandraTables(Tables):
    def __init__(self, over: Store | None = None, bucket_rows: int = BUCKET_ROWS) -> None:
        self._store = over or store()
        self._bucket_rows = bucket_rows

    async def browse(
        self, table: Table, cursor: bytes | None, n: int, *, sure: bool = False
    ) -> Browsed:
        shape = SHAPES[Table.CONNECTION if table is Table.HEAD else table]
        profile = Profile.QUORUM if sure else Profile.NEAR
        statement = replace(shape.statement, profile=profile)
        state = None if cursor is None else _decoded(table, cursor)
        found, more = await self._store.page(statement, min(n, BROWSE_MAX), state)
        if table is Table.HEAD:
            records = await self._heads([values[2] for values in found])
        else:
            records = [record for values in found if (record := shape.record(values))]
        return Browsed(records, more and _encoded(table, more))

    async def _heads(self, convs: Sequence[Conv]) -> list[Record]:
        """Of these pairs, from most replicas: an id that lost the race for a pair has none."""
        heads = Heads(self._store, self._bucket_rows)
        found = await asyncio.gather(*(heads.newest(conv) for conv in convs))
        return [_head(known) for known in found if known]


# Of a state that is none, Cassandra ends the connection, and the driver takes the node for dead: so
# nothing goes there that did not come from there.
_signer = Signer(salt="messaging.tables")


def _encoded(table: Table, state: bytes) -> bytes:
    return _signer.sign(f"{table}:{state.hex()}").encode()


def _decoded(table: Table, cursor: bytes) -> bytes:
    try:
        of, _, state = _signer.unsign(cursor.decode()).partition(":")
    except (BadSignature, UnicodeDecodeError) as error:
        raise BadCursor from error
    if of != table:
        raise BadCursor
    return bytes.fromhex(state)


def _head(known: Known) -> Head:
    ends = (known.conv, known.seq, known.time)
    return Head(*ends, *known.ords, *known.hids, known.run, known.floor)


def _row(values: Values) -> Record | None:
    conv, row_type, *columns = values
    return rows.row(conv, columns, now=0) if row_type == MESSAGE else None


def _sent(values: Values) -> Record:
    return Sent(*values)


def _mark(values: Values) -> Record:
    owner, sender, reader, *marks = values
    read_seq, read_ord, time, got_seq, got_time = (mark or 0 for mark in marks)
    if owner == reader:
        return Mark(owner, sender, reader, read_seq, read_ord, time, got_seq, 0)
    return Mark(owner, sender, reader, read_seq, 0, time, got_seq, got_time)


def _passed(values: Values) -> Record:
    sender, reader, kind, first, last = values
    return Passed(sender, reader, GapKind(kind), first, last)


SHAPES = {
    Table.CONNECTION: Shape(Statement(pairs.COLUMNS), lambda values: pairs.kept(values).pair),
    Table.CONTACT: Shape(Statement(connections.COLUMNS), connections.contact),
    Table.CONNECTION_KEY: Shape(
        Statement("""
SELECT connection_id, epoch, record, forced, time, k1, k2 FROM connection_key"""),
        lambda values: Key(*values),
    ),
    Table.ES_BOX: Shape(
        Statement("SELECT owner, connection_id, epoch, g, box FROM es_box"),
        lambda values: Box(*values),
    ),
    Table.CONVERSATION: Shape(
        Statement(f"SELECT conversation_id, row_type, {rows.COLUMNS} FROM conversation"), _row
    ),
    Table.MESSAGE_SALT: Shape(
        Statement("SELECT conversation_id, client_id, salt, expires FROM message_salt"),
        lambda values: Salt(*values),
    ),
    Table.UNREAD: Shape(
        Statement("""
SELECT owner, from_user, to_user, conversation_id, last_seq, last_ord, time FROM unread"""),
        _sent,
    ),
    Table.READ: Shape(
        Statement("""
SELECT owner, from_user, to_user, read_seq, read_ord, time, got_seq, got_time FROM read"""),
        _mark,
    ),
    Table.MARK_GAP: Shape(
        Statement("SELECT from_user, to_user, kind, first, last FROM mark_gap"), _passed
    ),
}
