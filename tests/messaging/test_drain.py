"""How a node ends: who is there leaves, nobody comes, and nothing that was promised is lost."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from asgiref.sync import sync_to_async

from chatsite.edge.wire import Id
from messaging import protocol, receipts
from messaging.backends import log
from messaging.backends.base import Busy
from messaging.sessions import drain as draining
from messaging.sessions import node
from messaging.sessions.drain import drain
from presence.registry import last_seen
from testkit.cast import Person
from tests.faulty import faulty
from tests.messaging.nodes import Nodes, arrived_at, dialled
from tests.messaging.socket import Closed, Socket

Enrol = Callable[..., Awaitable[Person]]


async def test_who_is_there_hears_when_to_come_back(nodes: Nodes, alice: Person) -> None:
    socket = await arrived_at(nodes.a, alice)
    await drain(nodes.a, elsewhere=False)
    assert await socket.closed() == protocol.CLOSE_RESTART
    assert (await socket.next(protocol.Drain)).in_ms == draining.RESTART_MS


async def test_where_others_take_them_they_leave_a_slice_at_a_time(
    nodes: Nodes, enrol: Enrol, monkeypatch: pytest.MonkeyPatch
) -> None:
    crowd = await enrol("crowd", 3)
    sockets = [await arrived_at(nodes.a, crowd, device) for device in range(3)]
    monkeypatch.setattr(draining, "SLICE", 1)
    monkeypatch.setattr(draining, "SLICE_SECONDS", 0.02)
    began = asyncio.get_running_loop().time()
    await drain(nodes.a, elsewhere=True)
    assert asyncio.get_running_loop().time() - began >= 2 * 0.02
    for socket in sockets:
        assert await socket.closed() == protocol.CLOSE_RESTART
        assert (await socket.next(protocol.Drain)).in_ms == 20


async def test_a_crowd_is_away_in_time_all_the_same(
    nodes: Nodes, enrol: Enrol, monkeypatch: pytest.MonkeyPatch
) -> None:
    crowd = await enrol("crowd", 3)
    sockets = [await arrived_at(nodes.a, crowd, device) for device in range(3)]
    monkeypatch.setattr(draining, "SLICE", 1)
    monkeypatch.setattr(draining, "MOVE_SECONDS", 0.375)
    await drain(nodes.a, elsewhere=True)
    for socket in sockets:
        assert (await socket.next(protocol.Drain)).in_ms == 125


async def test_a_message_under_way_gets_its_answer(
    nodes: Nodes, alice: Person, bob: Person, conv: bytes
) -> None:
    socket = await arrived_at(nodes.a, alice)
    with faulty("MESSAGE_LOG") as store, store.holding("append") as go:
        socket.send(alice.message(conv, "the last one"))
        while not store.struck:  # noqa: ASYNC110 -- nobody tells
            await asyncio.sleep(0)
        await drain(nodes.a, elsewhere=True)
        socket.send(alice.message(conv, "one too many"))
        go.set()
        assert await socket.closed() == protocol.CLOSE_RESTART
    sent = await socket.next(protocol.Sent)
    assert sent.seq == 1
    assert len(await log().page(conv, 10, nodes.a.clock())) == 1  # the client says it again


async def test_a_node_that_ends_lets_nobody_in(nodes: Nodes, alice: Person) -> None:
    await drain(nodes.a, elsewhere=True)
    with pytest.raises(Closed) as closed:
        await dialled(nodes.a)
    assert closed.value.code == protocol.CLOSE_RESTART
    assert await arrived_at(nodes.b, alice)


async def test_marks_are_stored_and_the_place_is_given_up(
    nodes: Nodes, alice: Person, bob: Person, conv: bytes
) -> None:
    at_alice = await arrived_at(nodes.b, alice)
    await mark_as_read(nodes, at_alice, alice, bob, conv)
    assert await nodes.presence.where([bob.uid], nodes.b.clock())
    await nodes.a.end()
    assert (await at_alice.next(protocol.Receipt)).read == 1
    assert not await nodes.presence.where([bob.uid], nodes.b.clock())
    assert bob.uid in await sync_to_async(last_seen)([bob.uid])


async def test_the_last_marks_wait_for_a_store_that_is_busy(
    nodes: Nodes, alice: Person, bob: Person, conv: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receipts, "TOGETHER_SECONDS", 60)  # the end comes first
    at_alice = await arrived_at(nodes.b, alice)
    await mark_as_read(nodes, at_alice, alice, bob, conv)
    with faulty("MESSAGE_LOG") as store, store.failing("mark", Busy(), Busy()) as left:
        await nodes.a.end()
    assert left == []
    assert (await at_alice.next(protocol.Receipt)).read == 1


async def test_a_store_that_stays_away_does_not_hold_up_the_end(
    nodes: Nodes,
    alice: Person,
    bob: Person,
    conv: bytes,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(receipts, "TOGETHER_SECONDS", 60)
    monkeypatch.setattr(node, "ROUND_SECONDS", 3)  # each of them; a busy machine takes its time
    await mark_as_read(nodes, await arrived_at(nodes.b, alice), alice, bob, conv)
    with faulty("MESSAGE_LOG") as store, store.failing("mark", *[Busy() for _ in range(99)]):
        await nodes.a.end()
    assert "receipts of 1 conversations were not stored" in caplog.text
    assert bob.uid in await sync_to_async(last_seen)([bob.uid])


async def mark_as_read(
    nodes: Nodes, at_alice: Socket, alice: Person, bob: Person, conv: bytes
) -> None:
    """Bob at the first node, who then leaves."""
    at_bob = await arrived_at(nodes.a, bob)
    at_alice.send(alice.message(conv, "read it"))
    row = await at_bob.next(protocol.Msg)
    assert row.ord is not None
    at_bob.send(protocol.Read(conv=Id(conv), seq=row.seq, ord=row.ord))
    await at_bob.silence()
    await drain(nodes.a, elsewhere=True)
    assert await at_bob.closed() == protocol.CLOSE_RESTART


async def test_what_is_away_at_the_end_keeps_nothing_else_from_it(
    nodes: Nodes, alice: Person
) -> None:
    await (await arrived_at(nodes.a, alice)).leave()
    with nodes.presence.raising("release"):
        await nodes.a.end()
    assert alice.uid in await sync_to_async(last_seen)([alice.uid])
