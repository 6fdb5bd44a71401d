"""A call that breaks off between any two of its steps; a repeat makes good what is missing."""

import pytest

from messaging.domain import PairState
from tests.contracts.adapters import NOW, new_id
from tests.messaging.backends.cassandra.faults import Gone
from tests.messaging.backends.steps import (
    a_change_at_each_step,
    an_epoch_at_each_step,
    at_each_step,
)


@pytest.fixture
def gone(monkeypatch: pytest.MonkeyPatch) -> Gone:
    return Gone(monkeypatch)


async def test_asking_is_made_good(store, gone) -> None:
    alice, bob = sorted([new_id(), new_id()])
    conv = new_id()

    async def attempt():
        return await store.ask(alice, bob, conv, NOW)

    async def check():
        nonlocal alice, bob, conv
        pair = await attempt()
        assert pair.conv == conv
        for who in (alice, bob):
            assert [row.conv for row in await store.contacts(who)] == [conv]
            assert await store.contact(who, conv) is not None
        alice, bob = sorted([new_id(), new_id()])
        conv = new_id()

    assert await at_each_step(gone, attempt, check) == 4  # pair, conversation, new pair, contacts


async def test_two_requests_that_cross_leave_one_conversation(store, gone) -> None:
    alice, bob = sorted([new_id(), new_id()])
    first = (await store.ask(alice, bob, new_id(), NOW)).conv

    async def attempt():
        return await store.ask(bob, alice, new_id(), NOW + 1)

    async def check():
        nonlocal alice, bob, first
        pair = await attempt()
        assert (pair.conv, pair.state, pair.version) == (first, PairState.CONNECTED, 2)
        [mine], [theirs] = await store.contacts(alice), await store.contacts(bob)
        assert (mine.conv, mine.since) == (theirs.conv, theirs.since) == (first, NOW + 1)
        alice, bob = sorted([new_id(), new_id()])
        first = (await store.ask(alice, bob, new_id(), NOW)).conv

    assert await at_each_step(gone, attempt, check) == 3


async def test_a_change_is_made_good(store, chat, gone) -> None:
    assert await a_change_at_each_step(store, chat, gone) == 3


async def test_an_epoch_and_its_head_are_one(store, chat, gone) -> None:
    assert await an_epoch_at_each_step(store, chat, gone) == 1


async def test_the_name_of_the_data_is_one(meta, gone) -> None:
    async def check():
        assert await meta.data() == await meta.data()

    assert await at_each_step(gone, meta.renew_data, check) == 2
