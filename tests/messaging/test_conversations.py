"""The one gate to a conversation."""

import pytest

from chatsite.edge.refusals import Unknown
from messaging import conversations


async def test_it_opens_for_its_two_people_alone(alice, bob, mallory, conv):
    mine = await conversations.require_member(alice.uid, conv)
    assert (mine.owner, mine.peer) == (alice.uid, bob.uid)
    assert (await conversations.require_member(bob.uid, conv)).peer == alice.uid
    with pytest.raises(Unknown) as foreign:
        await conversations.require_member(mallory.uid, conv)
    with pytest.raises(Unknown) as absent:
        await conversations.require_member(mallory.uid, bytes(16))
    assert str(foreign.value) == str(absent.value)
