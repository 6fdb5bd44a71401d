"""What somebody keeps to himself reaches nobody else, from the moment he says so."""

from typing import Any

import pytest
from asgiref.sync import sync_to_async

from accounts import privacy as settings_of
from accounts.models import User
from accounts.protocol import Privacy
from accounts.wire import Id
from messaging import protocol, receipts
from messaging.backends import connection_store, log
from messaging.domain import block_bit
from messaging.sessions.upkeep import upkeep
from tests.cast import Person, now_ms
from tests.messaging.socket import arrived, spoken

pytestmark = pytest.mark.usefixtures("carrier", "soon")  # WebSocket and long poll


async def show(who: Person, **wanted: Any) -> None:
    """Through the settings page's use case, announcement included."""
    settings: Any = {"receipts": True, "typing": True, "presence": "contacts"} | wanted

    def change() -> None:
        settings_of.change(User.objects.get(uid=who.uid), Privacy(**settings))

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
    assert (await at_bobs_laptop.next(protocol.Receipt)).read == 1  # his badge is right everywhere
    assert await at_alice.silence() == []  # not even a second `got`, which would tell the moment
    [hers], [his] = await log().vector(alice.uid), await log().vector(bob.uid)
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
    await upkeep().marks.flush()
    await show(bob, receipts=True)
    assert await at_alice.silence() == []
    [hers] = await log().vector(alice.uid)
    assert hers.peer_read == 0
    at_alice.send(alice.letter(conv, "now he shows it"))
    await at_alice.next(protocol.Sent)
    at_bob.send(protocol.Read(conv=Id(conv), seq=3, ord=3))
    assert (await at_alice.next(protocol.Receipt)).read == 3


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
    await upkeep().watching.tick()
    [seen] = (await at_alice.next(protocol.Presence)).users
    assert (seen.state, seen.seen) == ("unknown", None)
    await show(bob)
    await upkeep().watching.tick()
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
    await upkeep().watching.tick()
    assert await at_mallory.silence() == []
    at_mallory.send(protocol.Typing(conv=Id(conv)))
    at_mallory.send(protocol.Read(conv=Id(conv), seq=0, ord=0))
    assert [frame.code for frame in await at_mallory.silence()] == ["unknown", "unknown"]
