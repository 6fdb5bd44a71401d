"""How many statements each use case sends, and how many partitions they touch. Each is a round trip
and about 0.4 ms of the store's CPU; more of them is a decision."""

import asyncio
from collections.abc import Awaitable
from functools import partial

import pytest

from messaging.backends.cassandra.log import CassandraMessageLog
from messaging.backends.cassandra.store import Spent, Store
from messaging.domain import PAGE_MAX, VECTOR_MAX
from tests.contracts.adapters import NOW, connected, new_id, seal


@pytest.fixture
def cost(tables: Store):
    async def of(call: Awaitable[object]) -> Spent:
        before = tables.spent
        await call
        after = tables.spent
        return Spent(*(now - was for now, was in zip(after, before, strict=True)))

    return of


@pytest.fixture
def cold(tables: Store):
    """Another node, which knows nothing."""
    return lambda: CassandraMessageLog(tables)


class TestAppend:
    @pytest.mark.parametrize(
        ("changes", "spent"),
        [
            ({}, (2, 3)),  # the batch, then both watermarks
            ({"kind": 2}, (2, 3)),
            ({"withheld": True}, (4, 4)),  # one watermark, how far gaps reach, the gap
            ({"ttl": 60}, (5, 6)),  # is it there already, or another's salt, the salt
        ],
    )
    async def test_that_goes_through(self, chat, cost, changes, spent) -> None:
        await chat.send(chat.alice)
        assert await cost(chat.send(chat.alice, **changes)) == spent

    async def test_first_of_a_node(self, chat, cost, cold) -> None:
        await chat.send(chat.alice)
        chat.log = cold()
        assert await cost(chat.send(chat.alice)) == (4, 5)  # whose it is, the head

    async def test_after_another_node(self, chat, cost, cold) -> None:
        """A refusal says what the head is."""
        await chat.send(chat.alice)
        await cold().append(chat.draft(chat.bob), seal, NOW)
        assert await cost(chat.send(chat.alice)) == (3, 4)

    async def test_again(self, log, chat, cost) -> None:
        """The refusal says where it is; the row, the watermarks."""
        draft = chat.draft(chat.alice)
        await log.append(draft, seal, NOW)
        assert await cost(log.append(draft, seal, NOW)) == (3, 4)

    @pytest.mark.parametrize(("ttl", "spent"), [(0, (5, 6)), (60, (7, 8))])
    async def test_that_erases(self, chat, cost, ttl, spent) -> None:
        row = await chat.send(chat.alice, ttl=ttl)
        assert await cost(chat.erase(row)) == spent


class TestReading:
    async def test_newest_page(self, log, chat, cost, cold) -> None:
        await chat.send(chat.alice)
        assert await cost(log.page(chat.conv, 50, NOW)) == (1, 1)
        assert await cost(cold().page(chat.conv, 50, NOW)) == (2, 2)

    async def test_other_pages(self, chat, cost, cold) -> None:
        for _ in range(3):
            await chat.send(chat.alice)
        assert await cost(cold().page(chat.conv, 50, NOW, before=3)) == (1, 1)
        assert await cost(cold().page(chat.conv, 50, NOW, after=1)) == (1, 1)
        assert await cost(cold().page(chat.conv, 50, NOW, after=3)) == (1, 1)

    async def test_state_vector(self, adapters, log, chat, cost) -> None:
        """Four partitions, however many contacts; who has none has one."""
        for _ in range(3):
            await adapters.store.ask(chat.alice, new_id(), new_id(), NOW)
        assert await cost(log.vector(chat.alice, VECTOR_MAX)) == (4, 4)
        assert await cost(log.vector(chat.alice, 2)) == (6, 6)
        assert await cost(log.vector(new_id(), VECTOR_MAX)) == (1, 1)

    async def test_previews(self, adapters, log, chat, cost) -> None:
        other = await connected(adapters)
        await chat.send(chat.alice)
        asked = [chat.conv, other.conv]
        assert await cost(log.last(chat.alice, asked, NOW)) == (2, 2)

    async def test_salts(self, log, chat, cost) -> None:
        ids = [new_id() for _ in range(PAGE_MAX)]
        assert await cost(log.salts(chat.conv, ids, NOW)) == (1, 1)

    async def test_find(self, log, chat, cost, cold) -> None:
        await chat.send(chat.alice)
        assert await cost(log.find(chat.conv, new_id(), 0)) == (2, 2)
        assert await cost(cold().find(chat.conv, new_id(), 0)) == (3, 3)


class TestMarks:
    async def test_that_are_told(self, log, chat, cost) -> None:
        """How they stand, both rows."""
        await chat.send(chat.alice)
        mark = log.mark(chat.conv, chat.bob, chat.alice, NOW, got=1, read=(1, 1))
        assert await cost(mark) == (2, 4)
        again = log.mark(chat.conv, chat.bob, chat.alice, NOW, got=1, read=(1, 1))
        assert await cost(again) == (1, 2)

    async def test_that_pass_over_a_gap(self, log, chat, cost) -> None:
        """It is read once."""
        mark = partial(log.mark, chat.conv, chat.bob, chat.alice, NOW)
        await chat.send(chat.alice, withheld=True)
        for seq, spent in ((2, (3, 5)), (3, (2, 4))):
            await chat.send(chat.alice)
            assert await cost(mark(got=seq, read=(seq, seq - 1))) == spent

    async def test_in_private(self, log, chat, cost) -> None:
        """How they stand, how far gaps reach, the gap, one row. The second time the gap grows."""
        mark = partial(log.mark, chat.conv, chat.bob, chat.alice, NOW, own_only=True)
        for seq, spent in ((1, (4, 5)), (2, (5, 6))):
            await chat.send(chat.alice)
            assert await cost(mark(read=(seq, seq))) == spent

    async def test_of_a_node_that_does_not_know_the_head(self, chat, cost, cold) -> None:
        await chat.send(chat.alice)
        log = cold()
        mark = log.mark(chat.conv, chat.bob, chat.alice, NOW, got=1)
        assert await cost(mark) == (4, 6)

    async def test_of_several_people(self, adapters, log, cost) -> None:
        """Those of one moment share their statements, five at a time."""
        chats = [await connected(adapters) for _ in range(7)]
        for chat in chats:
            await chat.send(chat.alice)
        marks = [log.mark(chat.conv, chat.bob, chat.alice, NOW, got=1) for chat in chats]
        assert await cost(asyncio.gather(*marks)) == (4, 28)


async def test_floor(log, chat, cost) -> None:
    await chat.send(chat.alice)
    assert await cost(log.raise_floor(chat.conv, 1)) == (1, 1)
    assert await cost(log.raise_floor(chat.conv, 1)) == (0, 0)
    assert await cost(log.expire(NOW, 1000)) == (0, 0)
