"""A log in several partitions, which nobody notices. Buckets of four rows."""

import asyncio
import contextlib
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from chatsite.copying import conversations
from chatsite.edge.refusals import Unknown
from messaging.backends.base import Busy, Reused, StaleEpoch
from messaging.backends.cassandra.append import NEWEST_BUCKET
from messaging.backends.cassandra.connections import CassandraConnectionStore
from messaging.backends.cassandra.log import CassandraMessageLog
from messaging.backends.cassandra.rows import LOOK_BACK
from messaging.backends.cassandra.store import Statement, Store
from messaging.backends.cassandra.tables import CassandraTables
from messaging.domain import Gone
from tests.contracts.adapters import (
    NOW,
    Adapters,
    Chat,
    adapters_on,
    new_id,
    seal,
    vector_of,
)
from tests.contracts.hostile import a_partner_takes_nothing
from tests.contracts.test_message_log_model import no_difference

ROWS = 4
STATICS = Statement("""
SELECT DISTINCT conversation_id, bucket, last_seq, min_epoch FROM conversation
WHERE conversation_id = :conv AND bucket = :bucket
""")


@pytest.fixture(scope="module")
def elsewhere(
    tmp_path_factory: pytest.TempPathFactory, django_db_blocker: Any
) -> Iterator[Adapters]:
    with django_db_blocker.unblock():
        yield from adapters_on("sqlite", tmp_path_factory)


@pytest.fixture
def node(tables: Store):
    """One more process, which knows nothing yet."""
    return partial(CassandraMessageLog, tables, ROWS)


@pytest.fixture
def long(node, chat: Chat) -> Chat:
    return replace(chat, log=node())


async def fill(chat: Chat, count: int) -> list[bytes]:
    """client_ids"""
    return [(await chat.send(chat.alice)).client_id for _ in range(count)]


async def test_each_partition_has_its_rows(tables, long) -> None:
    await fill(long, 2 * ROWS + 1)
    found = [await tables.rows(STATICS, {"conv": long.conv, "bucket": b}) for b in range(4)]
    assert [row[2] for rows in found for row in rows] == [4, 8, 9]


@pytest.mark.parametrize("count", [3, 4, 5, 8, 11])
async def test_pages_cross_the_edges(node, long, count) -> None:
    ids = await fill(long, count)
    newest, oldest = list(reversed(ids)), ids
    for n in (1, 3, 4, 5, 50):
        for log in (long.log, node()):
            rows = await log.page(long.conv, n, NOW)
            assert [row.client_id for row in rows] == newest[:n]
            for seq in range(count + 3):
                rows = await log.page(long.conv, n, NOW, after=seq)
                assert [row.client_id for row in rows] == oldest[seq:][:n]
                rows = await log.page(long.conv, n, NOW, before=seq + 1)
                assert [row.client_id for row in rows] == oldest[:seq][::-1][:n]


async def test_a_page_far_beyond_the_end(node, long) -> None:
    await fill(long, 5)
    assert [row.seq for row in await node().page(long.conv, 2, NOW, before=2**53 - 1)] == [5, 4]
    assert await node().page(long.conv, 2, NOW, after=2**53 - 1) == []
    with pytest.raises(Unknown):
        await long.send(long.alice, erase=(2**53 - 1, new_id()))


async def test_counts_and_times_go_over_the_edge(long) -> None:
    for n in range(1, 10):
        row = await long.send(long.alice, withheld=n in (3, 4, 5), now=NOW - n)
        assert (row.seq, row.ord, row.time) == (n, n, NOW + n - 2)
    assert (row.ord - row.hid, row.hid) == (6, 3)
    await long.log.mark(long.conv, long.bob, long.alice, NOW, got=9)
    [seen] = await vector_of(long.log, long.alice)
    assert [(gap.first, gap.last) for gap in seen.gaps] == [(3, 5)]


class TestRepeat:
    @pytest.mark.parametrize("ttl", [0, 60])
    @pytest.mark.parametrize("later", [0, 1, 5])
    async def test_from_before_the_edge_is_known(self, node, long, ttl, later) -> None:
        await fill(long, ROWS - 1)
        draft = long.draft(long.alice, ttl=ttl, after_seq=ROWS - 1)
        first = await long.log.append(draft, seal, NOW)
        await fill(long, later)
        for log in (long.log, node()):
            assert await log.append(draft, seal, NOW) == first
            assert await log.find(long.conv, draft.client_id, ROWS - 1) == ROWS
            assert await log.find(long.conv, draft.client_id, ROWS) is None

    async def test_of_an_attempt_that_another_node_made_in_a_bucket_we_do_not_know(
        self, node, long
    ) -> None:
        await fill(long, 2)
        behind, draft = long.log, long.draft(long.alice, after_seq=2)
        ahead = replace(long, log=node())
        await fill(ahead, 2)
        first = await ahead.log.append(draft, seal, NOW)
        await fill(ahead, 5)
        assert await behind.append(draft, seal, NOW) == first

    async def test_below_the_floor_and_the_edge(self, node, long) -> None:
        draft = long.draft(long.alice)
        first = await long.log.append(draft, seal, NOW)
        await fill(long, 5)
        await long.log.raise_floor(long.conv, 1)
        assert await node().append(draft, seal, NOW) == first

    async def test_it_is_looked_for_in_so_many_buckets(self, tables, node, long) -> None:
        """It costs nothing where the client knew the log, and no more where it says it did not."""
        await fill(long, ROWS * (LOOK_BACK + 4) + 1)
        before = tables.spent.statements
        await long.send(long.alice, after_seq=ROWS * (LOOK_BACK + 4))
        assert tables.spent.statements == before + 2
        await long.send(long.alice)
        assert tables.spent.statements == before + 4 + LOOK_BACK


class TestOpening:
    async def test_many_at_once_open_one_bucket(self, node, long) -> None:
        await fill(long, ROWS)
        nodes = [replace(long, log=node()) for _ in range(6)]
        for chat in nodes:
            await chat.log.page(chat.conv, 1, NOW)
        rows = await asyncio.gather(*(chat.send(chat.bob) for chat in nodes))
        assert sorted(row.seq for row in rows) == list(range(ROWS + 1, ROWS + 7))
        assert sorted(row.ord for row in rows) == list(range(1, 7))

    async def test_two_that_both_know_the_last_one_to_be_full(self, node, long) -> None:
        await fill(long, ROWS)
        other = replace(long, log=node())
        assert await other.log.find(long.conv, new_id(), 0) is None  # it knows the head now
        rows = await asyncio.gather(long.send(long.alice), other.send(long.bob))
        assert sorted(row.seq for row in rows) == [ROWS + 1, ROWS + 2]

    async def test_a_bucket_that_was_not_noted_is_found(self, tables, node, long, monkeypatch):
        """The node died right after it opened it."""
        await fill(long, ROWS)
        run = Store.run

        async def dying(store, statement, values):
            if statement is NEWEST_BUCKET:
                raise Busy
            await run(store, statement, values)

        monkeypatch.setattr(Store, "run", dying)
        draft = long.draft(long.bob, after_seq=ROWS)
        with pytest.raises(Busy):
            await long.log.append(draft, seal, NOW)
        monkeypatch.undo()
        for _ in range(2):  # before and after the repeat
            [row] = await node().page(long.conv, 1, NOW)
            assert row.seq == ROWS + 1
            await node().mark(long.conv, long.alice, long.bob, NOW, got=ROWS + 1)
            assert (await node().append(draft, seal, NOW)).seq == ROWS + 1


class TestFloor:
    async def test_raised_where_a_bucket_is_full_it_meets_the_opener(self, tables, node, long):
        await fill(long, ROWS)
        opener, other = long, node()
        await other.raise_floor(long.conv, 2)
        with pytest.raises(StaleEpoch) as refused:
            await opener.send(opener.alice, epoch=0)
        assert refused.value.floor == 2
        row = await opener.send(opener.alice, epoch=2)
        assert (row.seq, row.ord) == (ROWS + 1, ROWS + 1)
        [(*_, seq, floor)] = await tables.rows(STATICS, {"conv": long.conv, "bucket": 1})
        assert (seq, floor) == (ROWS + 1, 2)

    @pytest.mark.parametrize("known", [1, ROWS - 1, ROWS, ROWS + 1])
    async def test_by_who_knows_an_older_head(self, node, long, known) -> None:
        await fill(long, known)
        behind = node()
        await behind.find(long.conv, new_id(), 0)
        await fill(long, 2 * ROWS - known)
        await behind.raise_floor(long.conv, 1)
        for log in (long.log, node(), behind):
            with pytest.raises(StaleEpoch):
                await log.append(long.draft(long.bob, epoch=0), seal, NOW)

    async def test_it_goes_over_the_edge(self, node, long) -> None:
        await long.log.raise_floor(long.conv, 1)
        for _ in range(ROWS + 1):
            await long.send(long.alice, epoch=1)
        for log in (long.log, node()):
            with pytest.raises(StaleEpoch):
                await log.append(long.draft(long.alice, epoch=0), seal, NOW)

    async def test_nobody_comes_in_below_it_while_it_is_raised(self, node, long) -> None:
        """At the edge, where it may be raised in either bucket."""
        for start in range(1, 9):
            await long.send(long.alice, epoch=start)
            writers = [replace(long, log=node()) for _ in range(4)]
            sends = [
                asyncio.create_task(sent(chat, epoch=start)) for chat in writers for _ in range(2)
            ]
            await node().raise_floor(long.conv, start + 1)
            with pytest.raises(StaleEpoch):
                await long.log.append(long.draft(long.bob, epoch=start), seal, NOW)
            last = (await long.log.page(long.conv, 1, NOW))[0].seq
            await asyncio.gather(*sends)
            for row in await long.log.page(long.conv, 50, NOW, after=last):
                assert row.epoch > start


def test_no_sequence_of_calls_tells_it_from_a_log_in_one_partition(tables, adapters) -> None:
    """The model of the contract; in so many rows that all buckets are searched for a repeat."""
    small = replace(adapters, log=CassandraMessageLog(tables, 6))
    no_difference(small, examples=20)


async def sent(chat: Chat, epoch: int) -> None:
    with contextlib.suppress(StaleEpoch, Busy):
        await chat.send(chat.bob, epoch=epoch)


class TestReusedName:
    """By somebody who knows it: it stands in a bucket that they say they need not look into."""

    async def answered(self, chat: Chat, **changes: object) -> bool:
        draft = chat.draft(chat.bob, after_seq=2**53 - 1, **changes)
        try:
            await chat.log.append(draft, seal, NOW)
        except Reused:
            return False
        return True

    @pytest.mark.parametrize("same_salt", [False, True])
    async def test_takes_no_salt_of_the_other(self, long, same_salt) -> None:
        first = long.draft(long.alice, ttl=3600)
        await long.log.append(first, seal, NOW)
        await fill(long, 2 * ROWS)
        salt = {"salt": first.salt} if same_salt else {}
        assert not await self.answered(long, client_id=first.client_id, ttl=60, **salt)
        there = await long.log.salts(long.conv, [first.client_id], NOW + 120_000)
        assert there == {first.client_id: first.salt}

    async def test_takes_none_by_an_erasure(self, long) -> None:
        first = long.draft(long.alice, ttl=3600)
        await long.log.append(first, seal, NOW)
        await fill(long, 2 * ROWS)
        assert await self.answered(long, client_id=first.client_id)
        [row] = await long.log.page(long.conv, 1, NOW)
        await long.log.erase(long.conv, long.bob, row.seq, row.client_id)
        assert await long.log.salts(long.conv, [first.client_id], NOW)
        [row] = await long.log.page(long.conv, 1, NOW, after=0)
        assert (row.gone, row.text) == (None, first.text)

    async def test_after_the_first_has_expired_is_another_message(self, long) -> None:
        """And then who wrote the first one takes nothing of it."""
        first = long.draft(long.alice, ttl=60)
        await long.log.append(first, seal, NOW)
        await fill(long, 2 * ROWS)
        later = long.draft(long.bob, after_seq=2**53 - 1, client_id=first.client_id, ttl=60)
        await long.log.append(later, seal, NOW + 61_000)
        await long.log.erase(long.conv, long.alice, 1, first.client_id)
        there = await long.log.salts(long.conv, [first.client_id], NOW + 61_000)
        assert there == {first.client_id: later.salt}


async def test_what_is_kept_no_longer_crosses_the_edges(tables, long) -> None:
    await fill(long, 2 * ROWS + 2)
    whole = CassandraTables(tables, ROWS)
    rows = await whole.rows(long.conv, 0, 2 * ROWS + 1)
    await whole.purge(rows)
    assert await whole.purged(long.conv) == 2 * ROWS + 1
    page = await long.log.page(long.conv, 50, NOW)
    assert [row.gone for row in page] == [None, *[Gone.EXPIRED] * (2 * ROWS + 1)]
    assert (await long.send(long.bob)).seq == 2 * ROWS + 3


async def test_a_name_that_is_there_twice_ends_no_copy(tables, long, elsewhere) -> None:
    """By a client that lies about what it knows. Other stores take a name once, backups too."""
    [name, *_] = await fill(long, ROWS)
    draft = replace(long.draft(long.alice), client_id=name, after_seq=ROWS)
    assert (await long.log.append(draft, seal, NOW)).seq == ROWS + 1
    source = CassandraTables(tables, ROWS)
    pair = await CassandraConnectionStore(tables).pair(long.alice, long.bob)
    assert pair is not None
    await conversations.move(source, elsewhere.tables, pair)
    assert await conversations.different(source, elsewhere.tables, pair) == (ROWS + 1, [])
    rows = await elsewhere.log.page(long.conv, 50, NOW)
    assert len({row.client_id for row in rows}) == ROWS + 1
    assert [row.text for row in rows] == [
        row.text for row in await long.log.page(long.conv, 50, NOW)
    ]


async def test_a_partner_takes_nothing_of_the_other(long) -> None:
    await a_partner_takes_nothing(long)
