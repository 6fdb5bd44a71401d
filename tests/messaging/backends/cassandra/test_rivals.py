"""Two nodes that change the same pair at the same time."""

import asyncio
from collections.abc import Iterator

import pytest

from messaging.backends.base import Busy, PairConflict
from messaging.backends.cassandra.connections import CassandraConnectionStore
from messaging.backends.cassandra.store import Store
from messaging.domain import NewEpoch, Pair, PairState
from tests.contracts.adapters import NOW, connected, new_id

TURNS = 10  # of each; an even number
FRESH = 3  # pairs that both make at once
EPOCHS = 4


@pytest.fixture
def nodes(tables: Store) -> Iterator[list[CassandraConnectionStore]]:
    stores = [Store(tables.options) for _ in range(2)]
    yield [CassandraConnectionStore(store) for store in stores]
    for store in stores:
        store.close()


async def turn(node: CassandraConnectionStore, pair: Pair, bit: int) -> None:
    """Block, or unblock, in the end."""
    while True:
        was = await node.pair(pair.user1, pair.user2)
        assert was is not None
        try:
            await node.change(was, PairState.CONNECTED, was.blocked ^ bit, NOW + was.version)
            return
        except (PairConflict, Busy):
            continue


async def test_every_change_counts_once(adapters, store, nodes) -> None:
    chat = await connected(adapters)
    pair = await store.pair(chat.alice, chat.bob)

    async def write(node: CassandraConnectionStore, bit: int) -> None:
        for _ in range(TURNS):
            await turn(node, pair, bit)

    await asyncio.gather(*(write(node, bit) for bit, node in enumerate(nodes, 1)))
    now = await store.pair(chat.alice, chat.bob)
    assert now.version == pair.version + 2 * TURNS
    assert now.blocked == 0
    for who in (chat.alice, chat.bob):
        [row] = await store.contacts(who)
        assert (row.state, row.withheld) == (now.seen_by(who), False)


async def test_a_pair_that_both_make_is_one(store, nodes) -> None:
    for _ in range(FRESH):
        alice, bob = sorted([new_id(), new_id()])
        asked = [
            nodes[0].ask(alice, bob, new_id(), NOW),
            nodes[1].ask(bob, alice, new_id(), NOW),
        ]
        first, second = await asyncio.gather(*asked)
        assert first.conv == second.conv
        assert (await store.pair(alice, bob)).state is PairState.CONNECTED
        for who in (alice, bob):
            assert [row.conv for row in await store.contacts(who)] == [first.conv]


async def test_each_epoch_is_one(adapters, nodes) -> None:
    chat = await connected(adapters)
    for n in range(1, EPOCHS):
        rivals = [
            (node, NewEpoch(n, b"%d of %d" % (i, n), False, NOW, 1, 1))
            for node in nodes
            for i in range(2)
        ]
        calls = [node.advance(chat.conv, epoch) for node, epoch in rivals]
        answers = await asyncio.gather(*calls, return_exceptions=True)
        [newest] = await nodes[0].epochs(chat.conv, chat.alice, 1)
        assert newest.n == n
        assert answers.count(None) >= 1
        winners = {
            epoch.record
            for (_, epoch), answer in zip(rivals, answers, strict=True)
            if answer is None
        }
        assert winners == {newest.record}
