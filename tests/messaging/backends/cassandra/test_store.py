"""The session of the driver: values, errors, bounds."""

import asyncio
import struct
from dataclasses import replace

import pytest

from chatsite.edge.wire import Id
from chatsite.running import metrics
from messaging.backends.base import Busy
from messaging.backends.cassandra import store as module
from messaging.backends.cassandra.driver import Profile
from messaging.backends.cassandra.store import IN_FLIGHT_MAX, Statement, Store, Unsettled
from tests.contracts.adapters import new_id
from tests.messaging.backends.cassandra.door import Door

PUT = Statement("""
UPDATE contact USING TIMESTAMP :version SET connection_id = :conv, state = :state,
 withheld = :withheld, version = :version WHERE owner = :owner AND peer = :peer
""")
GET = Statement("""
SELECT peer, connection_id, state, withheld, since, version FROM contact WHERE owner = :owner
""")
VALUE = Statement("SELECT value FROM meta WHERE key = :key")
KEEP = Statement(
    "INSERT INTO meta (key, value) VALUES (:key, :value) IF NOT EXISTS", Profile.COMPARE
)

SECONDS = 30
NOBODY = "127.99.99.99"  # listens there


def values(**changes):
    row = {"owner": new_id(), "peer": new_id(), "conv": new_id(), "state": 3, "withheld": True}
    return row | {"version": 1} | changes


class TestValues:
    async def test_they_come_back_as_they_were(self, tables: Store) -> None:
        row = values(version=2**53 - 1)
        await tables.run(PUT, row)
        assert await tables.rows(GET, {"owner": row["owner"]}) == [
            (row["peer"], row["conv"], 3, True, None, 2**53 - 1)
        ]

    async def test_an_id_of_the_wire_is_an_id(self, tables: Store) -> None:
        row = values()
        await tables.run(PUT, {**row, "owner": Id(row["owner"]), "conv": Id(row["conv"])})
        [found] = await tables.rows(GET, {"owner": Id(row["owner"])})
        assert found[:2] == (row["peer"], row["conv"])

    async def test_what_is_left_out_stays(self, tables: Store) -> None:
        row = values()
        await tables.run(PUT, row)
        later = {name: value for name, value in row.items() if name != "state"}
        await tables.run(PUT, later | {"version": 2, "withheld": False})
        [(_, _, state, withheld, *_)] = await tables.rows(GET, {"owner": row["owner"]})
        assert (state, withheld) == (3, False)

    @pytest.mark.parametrize(
        ("changes", "error"),
        [
            ({"version": 2**63}, struct.error),
            ({"state": 128}, struct.error),
            ({"state": "3"}, struct.error),
            ({"owner": b"short"}, ValueError),
            ({"owner": None}, TypeError),
            ({"pear": 1}, KeyError),
        ],
    )
    async def test_what_does_not_fit_is_a_bug_and_goes_nowhere(
        self, tables, changes, error
    ) -> None:
        await tables.run(PUT, values())  # prepared
        before = tables.spent
        with pytest.raises(error):
            await tables.run(PUT, values(**changes))
        assert tables.spent == before

    async def test_a_key_cannot_be_left_out(self, tables: Store) -> None:
        with pytest.raises(KeyError):
            await tables.rows(GET, {})

    async def test_a_statement_that_cannot_be_is_a_bug(self, tables: Store) -> None:
        with pytest.raises(module.MISTAKEN):
            await tables.rows(Statement("SELECT nothing FROM nowhere"), {})

    async def test_long_answers_come_whole(self, tables, monkeypatch) -> None:
        monkeypatch.setattr(module, "PAGE_ROWS", 3)
        owner = new_id()
        peers = {new_id() for _ in range(10)}
        await asyncio.gather(*(tables.run(PUT, values(owner=owner, peer=peer)) for peer in peers))
        found = await tables.rows(GET, {"owner": owner})
        assert [row[0] for row in found] != []
        assert {row[0] for row in found} == peers
        assert len(found) == len(peers)


class TestCompareAndSet:
    async def test_who_is_refused_is_told_why_by_name(self, tables: Store) -> None:
        key = new_id().hex()
        assert await tables.cas(KEEP, {"key": key, "value": "first"}) == (True, {})
        refused = await tables.cas(KEEP, {"key": key, "value": "second"})
        assert refused == (False, {"key": key, "value": "first"})

    async def test_of_many_at_once_one_is_applied(self, tables: Store) -> None:
        key = new_id().hex()
        calls = [tables.cas(KEEP, {"key": key, "value": str(i)}) for i in range(8)]
        replies = await asyncio.gather(*calls)
        [winner] = [i for i, reply in enumerate(replies) if reply.applied]
        assert all(reply.applied or reply.row["value"] == str(winner) for reply in replies)


class TestBounds:
    async def test_who_gives_up_takes_no_place(self, tables: Store) -> None:
        await tables.rows(GET, {"owner": new_id()})
        for _ in range(3):
            calls = [
                asyncio.ensure_future(tables.rows(GET, {"owner": new_id()}))
                for _ in range(IN_FLIGHT_MAX)
            ]
            await asyncio.sleep(0)  # all are under way
            for call in calls:
                call.cancel()
            await asyncio.gather(*calls, return_exceptions=True)
            await until(tables, GET, {"owner": new_id()}, [])

    async def test_each_statement_and_partition_is_counted(self, tables: Store) -> None:
        both = replace(GET, partitions=2)
        await tables.rows(both, {"owner": new_id()})
        before = tables.spent
        await tables.rows(both, {"owner": new_id()})
        assert (tables.spent.statements, tables.spent.partitions) == (
            before.statements + 1,
            before.partitions + 2,
        )

    async def test_metrics_have_statements_and_their_time_by_kind(self, tables: Store) -> None:
        def compared() -> list[float]:
            return [
                each.numbers().get("compare", 0) for each in (metrics.STATEMENTS, metrics.SPENT)
            ]

        statements, seconds = compared()
        await tables.cas(KEEP, {"key": new_id().hex(), "value": ""})
        await tables.rows(GET, {"owner": new_id()})
        after = compared()
        assert after[0] == statements + 1
        assert after[1] > seconds

    async def test_closed_it_opens_again(self, tables: Store) -> None:
        again = Store(tables.options)
        for _ in range(2):
            assert await again.rows(GET, {"owner": new_id()}) == []
            again.close()


class TestAway:
    """Cassandra behind a door that shuts."""

    @pytest.fixture
    async def door(self, tables: Store):
        if len(tables.options["HOSTS"]) > 1:
            pytest.skip("a driver that knows of more nodes goes around a door to one of them")
        async with Door(tables.options["HOSTS"][0], tables.options["PORT"]) as door:
            yield door

    @pytest.fixture
    def behind(self, tables: Store, door: Door):
        nowhere = dict.fromkeys(tables.options["HOSTS"][1:], NOBODY)  # the only way is the door
        way = {"HOSTS": [door.host], "PORT": door.port, "ADDRESS_MAP": nowhere}
        store = Store({**tables.options, **way})
        yield store
        store.close()

    async def test_before_the_first_statement(self, behind: Store, door: Door) -> None:
        await door.shut()
        with pytest.raises(Busy):
            await behind.rows(GET, {"owner": new_id()})
        await door.open()
        await until(behind, GET, {"owner": new_id()}, [])

    async def test_between_two_statements(self, behind: Store, door: Door) -> None:
        await behind.rows(GET, {"owner": new_id()})
        await door.shut()
        with pytest.raises(Busy):
            await behind.rows(GET, {"owner": new_id()})
        await door.open()
        await until(behind, GET, {"owner": new_id()}, [])

    async def test_no_more_than_so_many_are_asked_at_once(self, behind, door) -> None:
        await behind.rows(GET, {"owner": new_id()})
        with door.held():
            calls = [behind.rows(GET, {"owner": new_id()}) for _ in range(IN_FLIGHT_MAX)]
            waiting = asyncio.gather(*calls)
            await asyncio.sleep(0)  # all are under way
            with pytest.raises(Busy):
                await behind.rows(GET, {"owner": new_id()})
        assert await waiting == [[]] * IN_FLIGHT_MAX

    async def test_while_a_write_is_under_way(self, behind: Store, door: Door) -> None:
        await behind.run(PUT, values())
        with door.held():
            call = asyncio.ensure_future(behind.run(PUT, values()))
            await door.asked()
            await door.shut()
            with pytest.raises(Busy) as busy:
                await call
        assert not isinstance(busy.value, Unsettled)

    async def test_nobody_knows_what_a_compare_and_set_did(self, behind, tables, door) -> None:
        await behind.cas(KEEP, {"key": new_id().hex(), "value": "x"})
        key = new_id().hex()
        with door.held():
            call = asyncio.ensure_future(behind.cas(KEEP, {"key": key, "value": "x"}))
            await until(tables, VALUE, {"key": key}, [("x",)])
            await door.shut()
            with pytest.raises(Unsettled):
                await call


async def until(store: Store, statement: Statement, asked, rows) -> None:
    """A store that is away for now, or does not have these rows yet, has them in the end."""
    async with asyncio.timeout(SECONDS):
        while True:
            try:
                if await store.rows(statement, asked) == rows:
                    return
            except Busy:
                await asyncio.sleep(0.05)
