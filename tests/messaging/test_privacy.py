"""What somebody keeps private reaches nobody else, from the moment they say so."""

import asyncio
from typing import Any

import pytest
from asgiref.sync import sync_to_async

from accounts import privacy as settings_of
from accounts.models import User
from accounts.protocol import Privacy
from chatsite.edge.wire import Id
from messaging import protocol, receipts
from messaging.backends import connection_store, log
from messaging.domain import block_bit
from messaging.sessions import vector
from messaging.sessions.node import here
from testkit.cast import Person, now_ms
from tests.faulty import faulty
from tests.messaging.socket import SOON, arrived, spoken

pytestmark = pytest.mark.usefixtures("transport", "soon")  # WebSocket and long poll


async def show(who: Person, **wanted: Any) -> None:
    """Through the settings page's use case, announcement included."""
    settings: Any = {"receipts": True, "typing": True, "presence": "contacts"} | wanted

    def change() -> None:
        settings_of.change(User.objects.get(uid=who.uid), Privacy(**settings), now_ms())

    await sync_to_async(change)()


async def test_a_change_is_told_to_the_owners_devices_and_to_nobody_else(
    alice: Person, bob: Person, conv: bytes
) -> None:
    at_alice, at_bob, at_bobs_laptop = (
        await arrived(alice), await arrived(bob), await arrived(bob, 1),
    )  # fmt: skip
    await show(bob, receipts=False)
    for socket in (at_bob, at_bobs_laptop):
        assert (await socket.next(protocol.Settings)).version == 1
    assert await at_alice.silence() == []


async def test_without_read_receipts_the_sender_sees_delivered_and_no_more(
    alice: Person, bob: Person, conv: bytes
) -> None:
    at_alice = await spoken(alice, conv)
    at_bob, at_bobs_laptop = await arrived(bob), await arrived(bob, 1)
    await show(bob, receipts=False)
    for socket in (at_bob, at_bobs_laptop):
        await socket.next(protocol.Settings)
    at_bob.send(protocol.Got(conv=Id(conv), seq=1))
    got = await at_alice.next(protocol.Receipt)
    assert (got.got, got.read) == (1, None)
    await at_bobs_laptop.next(protocol.Receipt)
    at_bob.send(protocol.Read(conv=Id(conv), seq=1, ord=1))
    assert (await at_bobs_laptop.next(protocol.Receipt)).read == 1  # right on all devices
    assert await at_alice.silence() == []  # not even a second `got`, which would tell the moment
    [hers], [his] = await vector.read(alice.uid), await vector.read(bob.uid)
    assert (hers.peer_got, hers.peer_read, hers.read_time) == (1, 0, 0)
    assert (his.my_read, his.my_read_ord) == (1, 1)


async def test_received_and_read_in_one_moment_the_sender_sees_received(
    alice: Person, bob: Person, conv: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receipts, "TOGETHER_SECONDS", 1)
    at_alice = await spoken(alice, conv)
    await show(bob, receipts=False)
    at_bob, at_bobs_laptop = await arrived(bob), await arrived(bob, 1)
    at_bob.send(protocol.Got(conv=Id(conv), seq=1))
    at_bob.send(protocol.Read(conv=Id(conv), seq=1, ord=1))
    whole = await at_bobs_laptop.next(protocol.Receipt)
    assert (whole.got, whole.read) == (1, 1)
    got = await at_alice.next(protocol.Receipt)
    assert (got.got, got.read, got.read_time) == (1, None, None)
    assert await at_alice.silence() == []


async def test_what_was_read_in_silence_is_not_told_afterwards(
    alice: Person, bob: Person, conv: bytes
) -> None:
    at_alice, at_bob = await spoken(alice, conv, 2), await arrived(bob)
    await show(bob, receipts=False)
    at_bob.send(protocol.Got(conv=Id(conv), seq=2))
    await at_alice.next(protocol.Receipt)
    at_bob.send(protocol.Read(conv=Id(conv), seq=2, ord=2))
    await at_bob.silence()
    await show(bob, receipts=True)
    at_bob.send(protocol.Read(conv=Id(conv), seq=2, ord=2))  # it is on the screen again
    await at_bob.silence()
    await here().marks.flush()
    assert await at_alice.silence() == []
    [hers] = await vector.read(alice.uid)
    assert hers.peer_read == 0
    at_alice.send(alice.message(conv, "now it is shown"))
    await at_alice.next(protocol.Sent)
    at_bob.send(protocol.Read(conv=Id(conv), seq=3, ord=3))
    receipt = await at_alice.next(protocol.Receipt)
    assert (receipt.read, receipt.gaps) == (3, [(2, 1, 2)])
    [hers] = await vector.read(alice.uid)
    assert (hers.peer_read, hers.gaps) == (3, ((2, 1, 2),))


async def test_a_later_mark_does_not_overtake_one_that_is_being_stored(
    alice: Person, bob: Person, conv: bytes
) -> None:
    """What was read in silence would be told. A drain stores marks beside the timer."""
    at_alice, at_bob = await spoken(alice, conv), await arrived(bob)
    at_bob.send(protocol.Got(conv=Id(conv), seq=1))
    await at_alice.next(protocol.Receipt)
    await show(bob, receipts=False)
    with faulty("MESSAGE_LOG") as store, store.holding("mark") as go:
        at_bob.send(protocol.Read(conv=Id(conv), seq=1, ord=1))
        async with asyncio.timeout(SOON):
            while not store.struck:  # noqa: ASYNC110 -- nobody tells
                await asyncio.sleep(0)
        await show(bob, receipts=True)
        at_bob.send(protocol.Read(conv=Id(conv), seq=1, ord=1))
        await at_bob.silence()
        stored = asyncio.ensure_future(here().marks.flush())
        for _ in range(3):  # what could overtake it has time to
            await log().mark(conv, alice.uid, bob.uid, now_ms(), got=0)
        go.set()
        await stored
    assert await at_alice.silence() == []
    [hers], [his] = await vector.read(alice.uid), await vector.read(bob.uid)
    assert (hers.peer_read, his.my_read) == (0, 1)


async def test_what_was_read_offline_in_silence_is_not_told_on_the_return(
    alice: Person, bob: Person, conv: bytes
) -> None:
    at_alice = await spoken(alice, conv, 3)
    await show(bob, receipts=False)
    await show(bob, receipts=True)
    at_bob, at_bobs_laptop = await arrived(bob), await arrived(bob, 1)
    at_bob.send(protocol.Read(conv=Id(conv), seq=2, ord=2, ago=60_000))
    assert (await at_bobs_laptop.next(protocol.Receipt)).read == 2
    assert await at_alice.silence() == []
    at_bob.send(protocol.Read(conv=Id(conv), seq=3, ord=3))
    receipt = await at_alice.next(protocol.Receipt)
    assert (receipt.read, receipt.gaps) == (3, [(2, 1, 2)])


@pytest.mark.parametrize("again", [False, True])
async def test_what_was_read_offline_and_aloud_is_told_on_the_return(
    alice: Person, bob: Person, conv: bytes, again: bool
) -> None:
    """By who has always told it, or changed something else meanwhile."""
    at_alice = await spoken(alice, conv)
    if again:
        await show(bob, typing=False)
        await show(bob, typing=True)
    at_bob = await arrived(bob)
    at_bob.send(protocol.Read(conv=Id(conv), seq=1, ord=1, ago=60_000))
    assert (await at_alice.next(protocol.Receipt)).read == 1


async def test_a_mark_after_switching_on_is_not_lost_in_one_before(
    alice: Person, bob: Person, conv: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receipts, "TOGETHER_SECONDS", 60)
    at_alice, at_bob = await spoken(alice, conv, 2), await arrived(bob)
    for shown, seq in ((False, 1), (True, 2)):
        await show(bob, receipts=shown)
        await at_bob.next(protocol.Settings)
        at_bob.send(protocol.Read(conv=Id(conv), seq=seq, ord=seq))
        await at_bob.silence()
    await here().marks.flush()
    receipt = await at_alice.next(protocol.Receipt)
    assert (receipt.read, receipt.gaps) == (2, [(2, 1, 1)])


async def test_typing_is_told_only_by_who_wants_it(alice: Person, bob: Person, conv: bytes) -> None:
    at_alice, at_bob = await arrived(alice), await arrived(bob)
    await show(alice, typing=False)
    await at_alice.next(protocol.Settings)
    at_alice.send(protocol.Typing(conv=Id(conv)))
    assert await at_alice.silence() == []
    assert await at_bob.silence() == []
    await show(alice, typing=True)
    await at_alice.next(protocol.Settings)
    at_alice.send(protocol.Typing(conv=Id(conv)))
    assert (await at_bob.next(protocol.PeerTyping)).sender == alice.uid


async def test_who_shows_nobody_that_he_is_here_is_unknown_from_then_on(
    alice: Person, bob: Person, conv: bytes
) -> None:
    at_alice = await arrived(alice)
    await arrived(bob)
    at_alice.send(protocol.Watch(users=[Id(bob.uid)], focus=True))
    [seen] = (await at_alice.next(protocol.Presence)).users
    assert seen.state == "online"
    await show(bob, presence="nobody")
    await here().watching.tick()
    [seen] = (await at_alice.next(protocol.Presence)).users
    assert (seen.state, seen.seen) == ("unknown", None)
    await show(bob)
    await here().watching.tick()
    [seen] = (await at_alice.next(protocol.Presence)).users
    assert seen.state == "online"


async def test_who_hides_looks_the_same_to_somebody_he_blocks(
    alice: Person, bob: Person, conv: bytes
) -> None:
    await show(bob, presence="nobody")
    pair = await connection_store().pair(alice.uid, bob.uid)
    assert pair
    await connection_store().change(pair, pair.state, block_bit(bob.uid, alice.uid), now_ms())
    at_alice = await arrived(alice)
    at_alice.send(protocol.Watch(users=[Id(bob.uid)], focus=True))
    [seen] = (await at_alice.next(protocol.Presence)).users
    assert (seen.state, seen.seen) == ("unknown", None)


async def test_a_stranger_learns_nothing_of_it(
    alice: Person, bob: Person, mallory: Person, conv: bytes
) -> None:
    at_mallory = await arrived(mallory)
    at_mallory.send(protocol.Watch(users=[Id(bob.uid)], focus=True))
    await show(bob, presence="nobody")
    await show(bob)
    await here().watching.tick()
    assert await at_mallory.silence() == []
    at_mallory.send(protocol.Typing(conv=Id(conv)))
    at_mallory.send(protocol.Read(conv=Id(conv), seq=0, ord=0))
    assert [frame.code for frame in await at_mallory.silence()] == ["unknown", "unknown"]
