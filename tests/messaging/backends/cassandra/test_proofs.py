"""What the adapter takes for granted of Cassandra."""

from uuid import UUID

import pytest

from messaging.backends.cassandra import epochs, pairs
from messaging.backends.cassandra.driver import Profile
from messaging.backends.cassandra.store import Statement, Store
from messaging.domain import AskedBy
from tests.contracts.adapters import NOW, new_id

PLACE = Statement("""
UPDATE contact USING TIMESTAMP 1 SET connection_id = :id WHERE owner = :owner AND peer = :peer
""")
PLACED = Statement("SELECT peer, connection_id FROM contact WHERE owner = :owner")
FLOOR = Statement(
    """
UPDATE conversation SET min_epoch = :n WHERE conversation_id = :conv AND bucket = :bucket
IF last_seq = :last AND min_epoch = :floor
""",
    Profile.COMPARE,
)


def record(conv: bytes, n: int, was: int | None, of: bytes = b"record"):
    columns = {"record": of, "forced": False, "time": NOW, "k1": 1, "k2": 1}
    return {"conv": conv, "n": n, "was": was, **columns}


class TestCompareAndSet:
    async def test_a_new_pair_that_loses_is_shown_the_winner(self, tables: Store) -> None:
        user1, user2 = sorted([new_id(), new_id()])
        kept = pairs.requested((user1, user2), AskedBy.USER1, new_id(), NOW)
        assert await pairs.put(tables, None, kept)
        rival = pairs.requested((user1, user2), AskedBy.USER2, new_id(), NOW + 1)
        assert not await pairs.put(tables, None, rival)
        assert await pairs.read(tables, (user1, user2)) == kept

    async def test_an_epoch_and_its_head_stand_together_or_not_at_all(self, tables: Store) -> None:
        conv = new_id()
        assert (await tables.cas(epochs.ADVANCE, record(conv, 0, None))).applied
        assert (await tables.cas(epochs.ADVANCE, record(conv, 1, 0))).applied
        for late in (record(conv, 0, None, b"x"), record(conv, 1, 0, b"x"), record(conv, 3, 2)):
            reply = await tables.cas(epochs.ADVANCE, late)
            assert (reply.applied, reply.row["head"]) == (False, 1)
        found = await tables.rows(epochs.NEWEST, {"conv": conv, "upto": 9, "n": 9})
        assert [row[:2] for row in found] == [(1, b"record"), (0, b"record")]


async def test_a_floor_meets_who_opens_a_bucket(tables: Store) -> None:
    """An append that knows of no floor opens nothing once there is one."""
    key = {"conv": new_id(), "bucket": 3}
    nobody = {"last": None, "floor": None}
    assert (await tables.cas(FLOOR, {**key, "n": 7, **nobody})).applied
    late = await tables.cas(FLOOR, {**key, "n": 6, **nobody})
    assert (late.applied, late.row["min_epoch"], late.row["last_seq"]) == (False, 7, None)
    assert (await tables.cas(FLOOR, {**key, "n": 8, "last": None, "floor": 7})).applied


@pytest.mark.parametrize("version", range(16))
async def test_any_16_bytes_are_an_id(tables: Store, version: int) -> None:
    ids = [bytes([byte] * 6 + [version << 4 | 5] + [byte] * 9) for byte in (0, 0x7F, 0x80, 0xFF)]
    assert {UUID(bytes=id_).int >> 76 & 15 for id_ in ids} == {version}
    for owner in ids:
        for peer in ids:
            await tables.run(PLACE, {"owner": owner, "peer": peer, "id": peer})
        found = await tables.rows(PLACED, {"owner": owner})
        assert {peer for peer, _ in found} == set(ids)
        assert all(peer == id_ for peer, id_ in found)
