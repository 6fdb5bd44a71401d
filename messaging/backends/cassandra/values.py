"""Values between Python and Cassandra: ids are 16 bytes with us, everything else is what it looks
like. The driver's own way takes three times as long, and wants an object for each id.
"""

import struct
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from cassandra.query import UNSET_VALUE, BoundStatement, PreparedStatement

from messaging.domain import ID_SIZE

Encoder = Callable[[Any], bytes]


def _id(value: bytes) -> bytes:
    if len(value) != ID_SIZE:
        raise ValueError(f"an id has {ID_SIZE} bytes, not {len(value)}")
    return bytes(value)  # of a partition's key the driver takes no Id, which is a kind of bytes


def _ids(values: Sequence[bytes]) -> bytes:
    size = struct.pack(">i", ID_SIZE)
    return struct.pack(">i", len(values)) + b"".join(size + _id(value) for value in values)


ENCODERS: dict[str, Encoder] = {
    "uuid": _id,
    "list<uuid>": _ids,
    "blob": bytes,
    "varchar": str.encode,
    "boolean": struct.Struct(">?").pack,
    "tinyint": struct.Struct(">b").pack,
    "int": struct.Struct(">i").pack,
    "bigint": struct.Struct(">q").pack,
}


class Prepared:
    """A prepared statement: what it binds by name, and which of its columns are ids."""

    def __init__(self, statement: PreparedStatement) -> None:
        self._statement = statement
        self._markers = [
            (column.name, ENCODERS[column.type.cql_parameterized_type()])
            for column in statement.column_metadata
        ]
        self._names = {name for name, _ in self._markers}
        self._key: set[int] = set(statement.routing_key_indexes or ())
        self._ids = [
            place
            for place, (_, _, _, kind) in enumerate(statement.result_metadata or ())
            if kind.typename == "uuid"
        ]

    def bind(self, values: Mapping[str, Any]) -> BoundStatement:
        """A name that is left out leaves its column as it is; None empties it, and leaves a
        tombstone. What does not fit its column raises here, before anything is sent."""
        if not self._names.issuperset(values):
            raise KeyError(*(values.keys() - self._names))
        bound = BoundStatement(self._statement)
        bound.values = [
            self._encoded(place, values[name], encode)
            if name in values
            else self._left_out(place, name)
            for place, (name, encode) in enumerate(self._markers)
        ]
        bound.raw_values = ()  # what the driver would print
        return bound

    def rows(self, found: Iterable[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
        if not self._ids:
            return list(found)
        return [self._with_ids(row) for row in found]

    def _encoded(self, place: int, value: Any, encode: Encoder) -> bytes | None:
        if value is None and place not in self._key:
            return None
        return encode(value)

    def _left_out(self, place: int, name: str) -> Any:
        if place in self._key:
            raise KeyError(name)
        return UNSET_VALUE

    def _with_ids(self, row: tuple[Any, ...]) -> tuple[Any, ...]:
        values = list(row)
        for place in self._ids:
            values[place] = plain(values[place])
        return tuple(values)


def plain(value: Any) -> Any:
    """A value of a row as we have it."""
    return value.bytes if isinstance(value, UUID) else value
