"""Tables in plain SQL: pages by the primary key, from where the one before ended."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

from django.core.signing import BadSignature, Signer
from django.db import connections
from django.db.utils import ConnectionHandler

from messaging.backends.sql import connections as pairs
from messaging.backends.sql import erasing, keeping, mending, rows
from messaging.backends.sql.database import Database, Session, database
from messaging.backends.sql.meta import SqlStoreMeta
from messaging.backends.sql.router import ALIAS
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
from messaging.domain import AskedBy, Contact, ContactState, Conv, Pair, PairState, Row
from messaging.gaps import GapKind

Values = Sequence[Any]
ELSEWHERE = "elsewhere"  # alias of the messages of another site


class Of(NamedTuple):
    """Which rows are a pair's."""

    where: str
    values: Callable[[Pair], tuple[bytes, ...]]


BY_ID = Of("conversation_id = %s", lambda pair: (pair.conv,))
BY_CONNECTION = Of("connection_id = %s", lambda pair: (pair.conv,))
BY_OWNER = Of(
    "owner IN (%s, %s) AND conversation_id = %s", lambda pair: (pair.user1, pair.user2, pair.conv)
)
BY_WAY = Of(
    "from_user IN (%s, %s) AND to_user IN (%s, %s)", lambda pair: (pair.user1, pair.user2) * 2
)


@dataclass(frozen=True, slots=True)
class Shape:
    """How a table is read. `key`: places of the primary key among the columns."""

    columns: str
    pair: Of
    key: Sequence[int]
    records: Callable[[Values], list[Record]]
    per_row: int = 1  # records that one row may hold

    def first(self, table: Table) -> str:
        return f"SELECT {self.columns} FROM {table} c ORDER BY {self._key} LIMIT %s"

    def following(self, table: Table) -> str:
        marks = ", ".join(["%s"] * len(self.key))
        return (
            f"SELECT {self.columns} FROM {table} c WHERE ({self._key}) > ({marks})"
            f" ORDER BY {self._key} LIMIT %s"
        )

    def of_pair(self, table: Table) -> str:
        return f"SELECT {self.columns} FROM {table} c WHERE {self.pair.where} ORDER BY {self._key}"

    @property
    def _names(self) -> list[str]:
        return [name.strip() for name in self.columns.split(",")]

    @property
    def _key(self) -> str:
        return ", ".join(self._names[place] for place in self.key)


class SqlTables(Tables):
    def __init__(self, alias: str = ALIAS) -> None:
        self._alias = alias
        self.meta = SqlStoreMeta(alias)

    @classmethod
    def elsewhere(cls, engine: Mapping[str, Any]) -> "SqlTables":
        known = ConnectionHandler({"default": {}, ELSEWHERE: engine["DATABASES"][ALIAS]})
        connections.settings[ELSEWHERE] = known.settings[ELSEWHERE]
        return cls(ELSEWHERE)

    @property
    def _db(self) -> Database:
        return database(self._alias)

    async def browse(
        self, table: Table, cursor: bytes | None, n: int, *, sure: bool = False
    ) -> Browsed:
        after = None if cursor is None else _decoded(table, cursor)
        return await self._db.read(partial(_page, table=table, after=after, n=n))

    async def held(self, pair: Pair) -> Held:
        return await self._db.read(partial(_held, pair=pair))

    async def rows(self, conv: Conv, after: int, n: int) -> list[Row]:
        return await self._db.read(partial(rows.above, key=(conv, after, n), now=0))

    async def keep_rows(self, pair: Pair, rows: Sequence[Row], now: int) -> None:
        await self._db.write(partial(keeping.rows, conv=pair.conv, new=rows))

    async def keep(self, held: Held, now: int) -> None:
        await self._db.write(partial(keeping.pair, held=held))

    async def raise_sent(self, sent: Sequence[Sent]) -> None:
        await self._db.write(partial(mending.raise_sent, sent=sent))

    async def tell_sides(self, pair: Pair, now: int) -> None:
        await self._db.write(partial(pairs.tell_sides, of=pair, time=now))

    async def remove(self, table: Table, records: Sequence[Record]) -> None:
        await self._db.write(partial(mending.remove, table=table, records=records))

    async def purge(self, rows: Sequence[Row]) -> None:
        work = partial(erasing.purge, rows=rows)
        await self._db.write(work, patient=True, locks=rows[0].conv)

    async def purged(self, conv: Conv) -> int:
        return await self._db.read(partial(erasing.purged, conv=conv))

    def close(self) -> None:
        self._db.close()


def _page(session: Session, table: Table, after: list[Any] | None, n: int) -> Browsed:
    shape = SHAPES[table]
    limit = max(1, min(n, BROWSE_MAX) // shape.per_row)
    if after is None:
        found = session.all(shape.first(table), (limit,))
    else:
        found = session.all(shape.following(table), (*after, limit))
    records = [record for values in found for record in shape.records(values)]
    if len(found) < limit:
        return Browsed(records, None)
    return Browsed(records, _encoded(table, [found[-1][place] for place in shape.key]))


def _held(session: Session, pair: Pair) -> Held:
    def of(table: Table) -> list[Any]:
        shape = SHAPES[table]
        found = session.all(shape.of_pair(table), shape.pair.values(pair))
        return [record for values in found for record in shape.records(values)]

    sides = {side.owner: side for side in of(Table.CONTACT)}
    [now], [head] = of(Table.CONNECTION), of(Table.HEAD)
    return Held(
        *(now, (sides[pair.user1], sides[pair.user2]), head),
        *(of(Table.CONNECTION_KEY), of(Table.ES_BOX), of(Table.MESSAGE_SALT)),
        *(of(Table.UNREAD), of(Table.READ), of(Table.MARK_GAP)),
        shown=[*sides.values()],
    )


# A database takes a value of another type, or a number beyond its own, for a fault: so nothing goes
# there that did not come from there.
_signer = Signer(salt="messaging.tables")


def _encoded(table: Table, key: Sequence[Any]) -> bytes:
    plain = [value.hex() if isinstance(value, bytes) else value for value in key]
    return _signer.sign(json.dumps([table, *plain])).encode()


def _decoded(table: Table, cursor: bytes) -> list[Any]:
    try:
        of, *plain = json.loads(_signer.unsign(cursor.decode()))
    except (BadSignature, UnicodeDecodeError) as error:
        raise BadCursor from error
    if of != table:
        raise BadCursor
    return [bytes.fromhex(value) if isinstance(value, str) else value for value in plain]


def _pair(values: Values) -> list[Record]:
    user1, user2, conv, created, state, asked_by, blocked, version = values
    fixed = (user1, user2, conv, created)
    return [Pair(*fixed, PairState(state), AskedBy(asked_by), blocked, version)]


def _contact(values: Values) -> list[Record]:
    owner, peer, conv, state, since, withheld, cleared = values
    return [Contact(owner, peer, conv, ContactState(state), since, bool(withheld), cleared)]


def _key(values: Values) -> list[Record]:
    conv, epoch, record, forced, *others = values
    return [Key(conv, epoch, record, bool(forced), *others)]


def _sent(values: Values) -> list[Record]:
    sender, reader, conv, last_seq, last_ord, time, *shown = values
    way = (sender, reader, conv)
    mine = Sent(sender, *way, last_seq, last_ord, time)
    return [mine, Sent(reader, *way, *shown)] if shown[0] else [mine]


def _mark(values: Values) -> list[Record]:
    sender, reader, read_seq, read_ord, time, got_seq, *shown = values
    shown_seq, shown_time, shown_got, shown_got_time = shown
    way = (sender, reader)
    own = Mark(reader, *way, read_seq, read_ord, time, got_seq, 0)
    seen = Mark(sender, *way, shown_seq, 0, shown_time, shown_got, shown_got_time)
    return [mark for mark in (own, seen) if mark.read_seq or mark.got_seq]


def _passed(values: Values) -> list[Record]:
    sender, reader, kind, first, last = values
    return [Passed(sender, reader, GapKind(kind), first, last)]


SHAPES = {
    Table.CONNECTION: Shape(
        "user1, user2, connection_id, created, state, asked_by, blocked, version",
        BY_CONNECTION,
        (0, 1),
        _pair,
    ),
    Table.CONTACT: Shape(
        "owner, peer, conversation_id, state, since, withheld, cleared_seq",
        BY_OWNER,
        (0, 1),
        _contact,
    ),
    Table.CONNECTION_KEY: Shape(
        "connection_id, epoch, record, forced, time, k1, k2", BY_CONNECTION, (0, 1), _key
    ),
    Table.ES_BOX: Shape(
        "owner, conversation_id, epoch, g, box", BY_OWNER, (0, 1, 2), lambda values: [Box(*values)]
    ),
    Table.HEAD: Shape(
        "conversation_id, last_seq, last_time, ord1, ord2, hid1, hid2, run, min_epoch",
        BY_ID,
        (0,),
        lambda values: [Head(*values)],
    ),
    Table.CONVERSATION: Shape(
        rows.COLUMNS, BY_ID, (0, 1), lambda values: [rows.row(values, now=0)]
    ),
    Table.MESSAGE_SALT: Shape(
        "conversation_id, client_id, salt, expires", BY_ID, (0, 1), lambda values: [Salt(*values)]
    ),
    Table.UNREAD: Shape(
        "from_user, to_user, conversation_id, last_seq, last_ord, time,"
        " shown_seq, shown_ord, shown_time",
        BY_WAY,
        (0, 1),
        _sent,
        per_row=2,
    ),
    Table.READ: Shape(
        "from_user, to_user, read_seq, read_ord, time, got_seq,"
        " shown_seq, shown_time, shown_got_seq, shown_got_time",
        BY_WAY,
        (0, 1),
        _mark,
        per_row=2,
    ),
    Table.MARK_GAP: Shape("from_user, to_user, kind, first, last", BY_WAY, (0, 1, 2, 3), _passed),
}
