"""Tables in Cassandra: pages of a table by the driver's own paging state, in the order of tokens.

Of a register that nobody wrote the cells are null, and a bucket without a row has statics alone.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.core.signing import BadSignature, Signer

from messaging.backends.cassandra import connections, keeping, mending, pairs, purging, rows
from messaging.backends.cassandra.buckets import BUCKET_ROWS
from messaging.backends.cassandra.driver import Profile
from messaging.backends.cassandra.heads import Head as Known
from messaging.backends.cassandra.heads import Heads
from messaging.backends.cassandra.meta import CassandraStoreMeta
from messaging.backends.cassandra.store import Statement, Store, store
from messaging.backends.tables import (
    BROWSE_MAX,
    BadCursor,
    Box,
    Browsed,
    Head,
    Held,
    Key,
    Mark,
    Passed,
    Record,
    Salt,
    Sent,
    Table,
    Tables,
)
from messaging.domain import Contact, Conv, Pair, Row, Uid
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
        self.meta = CassandraStoreMeta(self._store)

    @classmethod
    def elsewhere(cls, engine: Mapping[str, Any]) -> "CassandraTables":
        return cls(Store(engine["CASSANDRA"]))

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

    async def held(self, pair: Pair) -> Held:
        head = await Heads(self._store, self._bucket_rows).newest(pair.conv, settled=True)
        kept = await pairs.read(self._store, (pair.user1, pair.user2), settled=True)
        assert head is not None
        assert kept is not None
        found = await asyncio.gather(*(self._of_pair(table, pair) for table in OF_PAIR))
        contacts, keys, boxes, salts, sent, marks, gaps = found
        cleared = {side.owner: side.cleared for side in contacts}
        sides = (
            _side(kept.pair, kept.pair.user1, kept.since1, cleared),
            _side(kept.pair, kept.pair.user2, kept.since2, cleared),
        )
        parts = (keys, boxes, salts, sent, marks, gaps)
        return Held(kept.pair, sides, _head(head), *parts, shown=contacts)

    async def rows(self, conv: Conv, after: int, n: int) -> list[Row]:
        heads = Heads(self._store, self._bucket_rows)
        return await rows.above(heads, conv, after, n, now=0, whole=False)

    async def keep_rows(self, pair: Pair, rows: Sequence[Row], now: int) -> None:
        await keeping.rows(self._store, rows, self._bucket_rows, now)

    async def keep(self, held: Held, now: int) -> None:
        await keeping.pair(self._store, held, self._bucket_rows, now)

    async def raise_sent(self, sent: Sequence[Sent]) -> None:
        await mending.raise_sent(self._store, sent)

    async def tell_sides(self, pair: Pair, now: int) -> None:
        await mending.tell(self._store, pair)

    async def remove(self, table: Table, records: Sequence[Record]) -> None:
        await mending.remove(self._store, table, records)

    async def purge(self, rows: Sequence[Row]) -> None:
        await purging.purge(self._store, rows, self._bucket_rows)

    async def purged(self, conv: Conv) -> int:
        return await purging.purged(self._store, conv)

    def close(self) -> None:
        self._store.close()

    async def _of_pair(self, table: Table, pair: Pair) -> list[Any]:
        """Records of both ways, or of both users: a pair may have several partitions."""
        shape = SHAPES[table]
        statement = Statement(f"{shape.statement.cql} WHERE {OF_PAIR[table]}")
        values = {"conv": pair.conv, "user1": pair.user1, "user2": pair.user2}
        given = {name: value for name, value in values.items() if f":{name}" in statement.cql}
        found = await self._store.rows(statement, given)
        return [record for row in found if (record := shape.record(row))]

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


def _side(pair: Pair, owner: Uid, since: int, cleared: Mapping[Uid, int]) -> Contact:
    """As the pair has it: its contact rows may lag behind."""
    peer = pair.peer_of(owner)
    seen = (pair.seen_by(owner), since, pair.blocked_by(peer))
    return Contact(owner, peer, pair.conv, *seen, cleared.get(owner, 0))


def _row(values: Values) -> Record | None:
    conv, row_type, *columns = values
    return rows.row(conv, columns, now=0) if row_type == MESSAGE else None


def _sent(values: Values) -> Record:
    return Sent(*values)


def _mark(values: Values) -> Record | None:
    owner, sender, reader, *marks = values
    read_seq, read_ord, time, got_seq, got_time = (mark or 0 for mark in marks)
    if not read_seq and not got_seq:  # a gap without a mark so far
        return None
    if owner == reader:
        return Mark(owner, sender, reader, read_seq, read_ord, time, got_seq, 0)
    return Mark(owner, sender, reader, read_seq, 0, time, got_seq, got_time)


def _passed(values: Values) -> Record:
    sender, reader, kind, first, last = values
    return Passed(sender, reader, GapKind(kind), first, last)


_OWNERS = "owner IN (:user1, :user2) AND "
_WAYS = "from_user IN (:user1, :user2) AND to_user IN (:user1, :user2)"
OF_PAIR = {
    Table.CONTACT: _OWNERS + "peer IN (:user1, :user2)",
    Table.CONNECTION_KEY: "connection_id = :conv",
    Table.ES_BOX: _OWNERS + "connection_id = :conv",
    Table.MESSAGE_SALT: "conversation_id = :conv",
    Table.UNREAD: _OWNERS + _WAYS,
    Table.READ: _OWNERS + _WAYS,
    Table.MARK_GAP: _WAYS,
}
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
