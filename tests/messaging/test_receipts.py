"""Watermarks travel back: to the peer, to the reader's other devices, and to nobody else."""

import asyncio

import pytest

from chatsite.edge.wire import Id
from messaging import fanout, protocol, receipts
from messaging.backends import connection_store
from messaging.backends.base import Busy
from messaging.domain import block_bit
from messaging.sessions import vector
from messaging.sessions.node import here
from testkit.cast import Person, now_ms
from testkit.client.vector import Vector
from tests.faulty import faulty
from tests.messaging import socket as sockets
from tests.messaging.socket import SOON, arrived, spoken

pytestmark = pytest.mark.usefixtures("transport", "soon")  # WebSocket and long poll


async def blocks(blocker: Person, blocked: Person, on: bool = True) -> None:
    pair = await connection_store().pair(blocker.uid, blocked.uid)
    assert pair
    bits = block_bit(blocker.uid, blocked.uid) if on else 0
    await connection_store().change(pair, pair.state, bits, now_ms())
    await fanout.forget([blocker.uid, blocked.uid], pair.conv)


async def arrived_with(who: Person, device: int) -> protocol.State:
    state = await (await sockets.dial(who, device)).hello(who, device=device)
    assert isinstance(state, protocol.State)
    return state


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
    [row] = await vector.read(alice.uid)
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


async def test_marks_are_stored_in_the_order_they_come_each_in_its_time(
    alice: Person, bob: Person, conv: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not all at once: messages would wait behind them."""
    monkeypatch.setattr(receipts, "TOGETHER_SECONDS", 60)
    at_alice, at_bob = await spoken(alice, conv), await arrived(bob)
    at_bob.send(protocol.Got(conv=Id(conv), seq=1))
    await at_bob.silence()
    then = asyncio.get_running_loop().time()
    at_alice.send(protocol.Got(conv=Id(conv), seq=1))
    await at_alice.silence()
    await here().marks.flush(then)
    assert (await at_alice.next(protocol.Receipt)).by == bob.uid
    assert await at_bob.silence() == []
    await here().marks.flush()
    assert (await at_bob.next(protocol.Receipt)).by == alice.uid


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
    [row] = await vector.read(bob.uid)
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
    [row] = await vector.read(alice.uid)
    assert (row.peer_got, row.peer_read) == (0, 0)


async def test_who_is_blocked_learns_nothing_by_their_own_marks(
    alice: Person, bob: Person, conv: bytes
) -> None:
    """Theirs are kept as for a peer who is offline, and the blocker is told of none."""
    at_alice = await spoken(alice, conv)
    await blocks(alice, bob)
    at_bob = await arrived(bob)
    at_bob.send(protocol.Got(conv=Id(conv), seq=1))
    at_bob.send(protocol.Read(conv=Id(conv), seq=1, ord=1))
    await at_bob.silence()
    await here().marks.flush()
    assert await at_alice.silence() == []
    [hers], [his] = await vector.read(alice.uid), await vector.read(bob.uid)
    assert (hers.peer_got, hers.peer_read) == (0, 0)
    assert (his.my_got, his.my_read) == (1, 1)


async def test_what_was_withheld_stays_sent(alice: Person, bob: Person, conv: bytes) -> None:
    at_alice, at_bob, at_bobs_laptop = [await arrived(*who) for who in ((alice,), (bob,), (bob, 1))]
    await blocks(bob, alice)
    at_alice.send(alice.message(conv, "withheld"))
    await at_alice.next(protocol.Sent)
    await blocks(bob, alice, False)
    at_alice.send(alice.message(conv, "after it"))
    await at_alice.next(protocol.Sent)
    shown = await at_bob.next(protocol.Msg)
    assert (shown.seq, shown.ord) == (2, 1)
    at_bob.send(protocol.Read(conv=Id(conv), seq=2, ord=1))
    receipt = await at_alice.next(protocol.Receipt)
    assert (receipt.got, receipt.read, receipt.gaps) == (2, 2, [(1, 1, 1)])
    own = await at_bobs_laptop.next(protocol.Receipt)
    assert (own.got, own.read, own.read_ord, own.gaps) == (2, 2, 1, None)
    at_laptop = Vector()
    at_laptop.replace((await arrived_with(alice, 1)).rows)
    assert [at_laptop.rows[conv].tick(seq) for seq in (1, 2)] == ["sent", "read"]


async def test_marks_of_another_audience_are_not_one(
    alice: Person, bob: Person, conv: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of what was read while blocking, nothing is told by what is read right after it."""
    monkeypatch.setattr(receipts, "TOGETHER_SECONDS", 60)
    at_alice, at_bob = await spoken(alice, conv, 2), await arrived(bob)
    await blocks(bob, alice)
    at_bob.send(protocol.Read(conv=Id(conv), seq=1, ord=1))
    await at_bob.silence()
    await blocks(bob, alice, False)
    at_bob.send(protocol.Read(conv=Id(conv), seq=2, ord=2))
    await at_bob.silence()
    with faulty("MESSAGE_LOG") as store, store.failing("mark", Busy()) as left:
        await here().marks.flush()
    assert not left
    await here().marks.flush()
    receipt = await at_alice.next(protocol.Receipt)
    assert (receipt.read, receipt.gaps) == (2, [(2, 1, 1)])


async def test_a_repeated_mark_is_told_once(alice: Person, bob: Person, conv: bytes) -> None:
    at_alice, at_bob = await spoken(alice, conv), await arrived(bob)
    at_bob.send(protocol.Read(conv=Id(conv), seq=1, ord=1))
    assert (await at_alice.next(protocol.Receipt)).read == 1
    at_bob.send(protocol.Read(conv=Id(conv), seq=1, ord=1))
    await at_bob.silence()
    await here().marks.flush()
    assert await at_alice.silence() == []


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
    with faulty("MESSAGE_LOG") as store, store.failing("mark", Busy(), Busy()) as left:
        at_bob.send(protocol.Got(conv=Id(conv), seq=1))
        assert (await at_alice.next(protocol.Receipt)).got == 1
    assert not left


async def test_a_mark_that_the_store_breaks_on_harms_no_other(
    alice: Person, bob: Person, conv: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    at_alice, at_bob = await spoken(alice, conv, 2), await arrived(bob)
    fault = RuntimeError("a fault of the store")
    with faulty("MESSAGE_LOG") as store, store.failing("mark", fault) as left:
        at_bob.send(protocol.Got(conv=Id(conv), seq=1))
        async with asyncio.timeout(SOON):
            while left:  # noqa: ASYNC110 -- nobody is told of a fault
                await asyncio.sleep(0)
        at_bob.send(protocol.Got(conv=Id(conv), seq=2))
        assert (await at_alice.next(protocol.Receipt)).got == 2
    assert "a mark was lost" in caplog.text
