"""What each call costs: statements, and partitions that they touch. Most of the work of a cluster
is counted in these."""

from collections.abc import Awaitable

import pytest

from messaging.backends.cassandra.store import Spent, Store
from messaging.domain import NewEpoch, PairState
from tests.contracts.adapters import NOW, new_id


class Accounts:
    def __init__(self, store: Store) -> None:
        self._store = store

    async def of(self, call: Awaitable[object]) -> Spent:
        before = self._store.spent
        await call
        now = self._store.spent
        return Spent(now.statements - before.statements, now.partitions - before.partitions)


@pytest.fixture
def costs(tables: Store) -> Accounts:
    return Accounts(tables)


async def test_a_request(store, costs) -> None:
    alice, bob, conv = new_id(), new_id(), new_id()
    assert await costs.of(store.ask(alice, bob, conv, NOW)) == (4, 5)
    assert await costs.of(store.ask(bob, alice, new_id(), NOW)) == (3, 4)


async def test_a_change(store, chat, costs) -> None:
    pair = await store.pair(chat.alice, chat.bob)
    assert await costs.of(store.change(pair, PairState.CONNECTED, 1, NOW)) == (3, 4)


async def test_reading_of_pairs(store, chat, costs) -> None:
    assert await costs.of(store.pair(chat.alice, chat.bob)) == (1, 1)
    assert await costs.of(store.contacts(chat.alice)) == (1, 1)
    assert await costs.of(store.contact(chat.alice, chat.conv)) == (2, 2)


async def test_epochs(store, chat, costs) -> None:
    assert await costs.of(store.head(chat.conv)) == (1, 1)
    assert await costs.of(store.advance(chat.conv, NewEpoch(1, b"E1", False, NOW, 1, 1))) == (1, 1)
    assert await costs.of(store.epochs(chat.conv, chat.alice, 50)) == (2, 2)
    assert await costs.of(store.put_box(chat.alice, chat.conv, 1, 1, b"box")) == (3, 3)


async def test_the_name_of_the_data(meta, costs) -> None:
    await meta.data()
    assert await costs.of(meta.data()) == (1, 1)
