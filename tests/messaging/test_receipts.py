"""Watermarks travel back: to the peer, to the reader's other devices, and to nobody else."""

import asyncio

import pytest

from accounts.wire import Id
from messaging import protocol, receipts
from messaging.backends import connection_store, log
from messaging.backends.base import Busy
from messaging.domain import block_bit
from tests.cast import Person, now_ms
from tests.messaging.failing import failing
from tests.messaging.socket import arrived, spoken

pytestmark = pytest.mark.usefixtures("carrier", "soon")  # WebSocket and long poll


async def test_got_and_read_reach_the_sender_and_the_readers_other_devices(
    alice: Person, bob: Person, conv: bytes
) -> None:
    at_alice = await spoken(alice, conv)
    at_bob, at_bobs_laptop = await arrived(bob), await arrived(bob, 1)
    at_bob.send(protocol.Got(conv=Id(conv), seq=1))
    for socket in (at_alice, at_bobs_laptop):
        got = await socket.next(protocol.Receipt)
        assert (got.conv, got.by, got.got, got.read) == (conv, bob.uid, 1, None)
    at_bob.send(protocol.Read(conv=Id(conv), seq=1, ord=1))
    for socket in (at_alice, at_bobs_laptop):
        read = await socket.next(protocol.Receipt)
        assert (read.got, read.read, read.read_ord) == (1, 1, 1)
        assert read.read_time
    assert await at_bob.silence() == []
    [row] = await log().vector(alice.uid)
    assert (row.peer_got, row.peer_read) == (1, 1)


async def test_marks_that_come_together_travel_as_one(
    alice: Person, bob: Person, conv: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receipts, "TOGETHER_SECONDS", 1)
    at_alice, at_bob = await spoken(alice, conv, 3), await arrived(bob)
    for seq in (1, 3, 2):
        at_bob.send(protocol.Got(conv=Id(conv), seq=seq))
    at_bob.send(protocol.Read(conv=Id(conv), seq=2, ord=2))
    receipt = await at_alice.next(protocol.Receipt)
    assert (receipt.got, receipt.read, receipt.read_ord) == (3, 2, 2)
    assert await at_alice.silence() == []


async def test_a_lie_above_the_head_is_refused_and_harms_no_other_device(
    alice: Person, bob: Person, conv: bytes
) -> None:
    at_alice = await spoken(alice, conv)
    liar, honest = await arrived(bob), await arrived(bob, 1)
    liar.send(protocol.Got(conv=Id(conv), seq=2))
    honest.send(protocol.Got(conv=Id(conv), seq=1))
    assert (await liar.next(protocol.Error)).code == "bad_seq"
    assert (await at_alice.next(protocol.Receipt)).got == 1
    liar.send(protocol.Read(conv=Id(conv), seq=1, ord=2))
    assert (await liar.next(protocol.Error)).code == "bad_seq"
    [row] = await log().vector(bob.uid)
    assert (row.my_got, row.my_read) == (1, 0)


async def test_whom_one_blocks_learns_nothing(alice: Person, bob: Person, conv: bytes) -> None:
    at_alice = await spoken(alice, conv)
    pair = await connection_store().pair(alice.uid, bob.uid)
    assert pair
    await connection_store().change(pair, pair.state, block_bit(bob.uid, alice.uid), now_ms())
    at_bob, at_bobs_laptop = await arrived(bob), await arrived(bob, 1)
    at_bob.send(protocol.Read(conv=Id(conv), seq=1, ord=1))
    assert (await at_bobs_laptop.next(protocol.Receipt)).read == 1
    assert await at_alice.silence() == []
    [row] = await log().vector(alice.uid)
    assert (row.peer_got, row.peer_read) == (0, 0)


async def test_typing_is_told_to_the_peer_now_and_then(
    alice: Person, bob: Person, conv: bytes
) -> None:
    at_alice, at_bob = await arrived(alice), await arrived(bob)
    at_alice.send(protocol.Typing(conv=Id(conv)))
    typing = await at_bob.next(protocol.PeerTyping)
    assert (typing.conv, typing.sender) == (conv, alice.uid)
    at_alice.send(protocol.Typing(conv=Id(conv)))  # too soon: dropped
    await at_alice.silence()
    assert await at_bob.silence() == []


async def test_who_is_blocked_types_to_nobody(alice: Person, bob: Person, conv: bytes) -> None:
    pair = await connection_store().pair(alice.uid, bob.uid)
    assert pair
    await connection_store().change(pair, pair.state, block_bit(bob.uid, alice.uid), now_ms())
    for typist, listener in ((alice, bob), (bob, alice)):
        typing, listening = await arrived(typist), await arrived(listener)
        typing.send(protocol.Typing(conv=Id(conv)))
        assert await typing.silence() == []
        assert await listening.silence() == []


async def test_a_mark_waits_for_a_store_that_is_busy(
    alice: Person, bob: Person, conv: bytes
) -> None:
    at_alice, at_bob = await spoken(alice, conv), await arrived(bob)
    with failing(Busy(), Busy()) as left:
        at_bob.send(protocol.Got(conv=Id(conv), seq=1))
        assert (await at_alice.next(protocol.Receipt)).got == 1
    assert not left


async def test_a_mark_that_the_store_breaks_on_harms_no_other(
    alice: Person, bob: Person, conv: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    at_alice, at_bob = await spoken(alice, conv, 2), await arrived(bob)
    with failing(RuntimeError("a fault of the store")) as left:
        at_bob.send(protocol.Got(conv=Id(conv), seq=1))
        async with asyncio.timeout(10):
            while left:  # noqa: ASYNC110 -- nobody is told of a fault
                await asyncio.sleep(0)
        at_bob.send(protocol.Got(conv=Id(conv), seq=2))
        assert (await at_alice.next(protocol.Receipt)).got == 2
    assert "a mark was lost" in caplog.text
