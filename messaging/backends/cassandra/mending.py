"""What repairs write. Registers keep their own numbers as timestamps, so people may write at the
same time: a higher number stays. A record is removed at the number that it has, no later: what its
two people write some day is not hidden by that any more than by the record itself.
"""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from messaging.backends.cassandra import keeping, pairs
from messaging.backends.cassandra.store import Statement, Store
from messaging.backends.tables import Record, Sent, Table
from messaging.domain import Contact, Pair

_WAY = "from_user = :sender AND to_user = :reader"
CONTACT_NUMBERS = Statement("""
SELECT version, cleared_seq FROM contact WHERE owner = :owner AND peer = :peer
""")
REMOVE: Mapping[Table, Statement] = MappingProxyType({
    Table.CONTACT: Statement("""
DELETE FROM contact USING TIMESTAMP :at WHERE owner = :owner AND peer = :peer
"""),
    Table.ES_BOX: Statement("""
DELETE FROM es_box USING TIMESTAMP :at
WHERE owner = :owner AND connection_id = :conv AND epoch = :epoch
"""),
    Table.UNREAD: Statement(f"""
DELETE FROM unread USING TIMESTAMP :at WHERE owner = :owner AND {_WAY}
"""),
    Table.READ: Statement(f"""
DELETE FROM read USING TIMESTAMP :at WHERE owner = :owner AND {_WAY}
"""),
    Table.MARK_GAP: Statement(f"""
DELETE FROM mark_gap USING TIMESTAMP :at WHERE {_WAY} AND first = :first AND kind = :kind
"""),
})  # fmt: skip
KEYS: Mapping[Table, Callable[[Any], dict[str, Any]]] = MappingProxyType({
    Table.CONTACT: lambda r: {"owner": r.owner, "peer": r.peer},
    Table.ES_BOX: lambda r: {"owner": r.owner, "conv": r.conv, "epoch": r.epoch, "at": r.g},
    Table.UNREAD: lambda r: _way(r) | {"owner": r.owner, "at": r.last_seq},
    Table.READ: lambda r: _way(r) | {"owner": r.owner, "at": max(r.read_seq, r.got_seq)},
    Table.MARK_GAP: lambda r: _way(r) | {"first": r.first, "kind": r.kind, "at": r.last},
})  # fmt: skip


async def raise_sent(store: Store, sent: Sequence[Sent]) -> None:
    for one in sent:
        await keeping.sent(store, one)


async def tell(store: Store, pair: Pair) -> None:
    kept = await pairs.read(store, (pair.user1, pair.user2), settled=True)
    if kept is not None and kept.pair.conv == pair.conv:
        await pairs.tell(store, kept)


async def remove(store: Store, table: Table, records: Sequence[Record]) -> None:
    for record in records:
        values = KEYS[table](record)
        if isinstance(record, Contact):
            found = await store.rows(CONTACT_NUMBERS, values)
            if not found:
                continue
            values |= {"at": max(number or 0 for number in found[0])}
        await store.run(REMOVE[table], values)


def _way(record: Any) -> dict[str, Any]:
    return {"sender": record.sender, "reader": record.reader}
