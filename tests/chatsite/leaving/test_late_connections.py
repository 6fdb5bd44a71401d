"""Somebody connects with an account in the moment in which it ends: they are left with nobody."""

import asyncio
from typing import Any

import pytest

from accounts import closing
from accounts.models import User
from chatsite.edge.refusals import Unknown
from chatsite.leaving import deletion
from chatsite.running import threads
from messaging import connections
from messaging.domain import ContactState
from testkit.cast import Person, now_ms
from tests.faulty import faulty

LONG = 1e9  # seconds


async def ended(who: Person) -> None:
    user = await User.objects.aget(uid=who.uid)
    begun = await threads.run(lambda: closing.begin(user, erase=False, now_ms=now_ms()))
    assert (await deletion.go_on(begun, LONG)).ended


@pytest.mark.parametrize("leaves", ["me", "peer"])
@pytest.mark.parametrize(
    ("connect", "held"),
    [(connections.request, "ask"), (connections.join, "ask"), (connections.join, "change")],
)
async def test_nobody_is_connected_with_an_account_that_has_ended(
    alice: Person, bob: Person, connect: Any, held: str, leaves: str
) -> None:
    with faulty("CONNECTION_STORE") as store, store.holding(held) as go:
        connecting = asyncio.ensure_future(connect(bob.uid, alice.uid, now_ms()))
        while not store.struck:  # noqa: ASYNC110 -- the switch tells nobody
            await asyncio.sleep(0)
        await ended(bob if leaves == "me" else alice)
        go.set()
        with pytest.raises(Unknown):
            await connecting
    contact = await connections.between(bob.uid, alice.uid)
    assert contact is not None
    assert contact.state is ContactState.CLOSED
