"""What must hold when the two people, or two devices of one, are on different nodes."""

import asyncio
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count

import pytest
from asgiref.sync import sync_to_async
from django.conf import settings

from accounts import suspending
from accounts.models import Device, SessionRecord, User
from accounts.signals import device_revoked, session_ended
from accounts.suspending import FOREVER, Kind, Reason, Suspension
from chatsite.edge.wire import Id
from chatsite.running import threads
from messaging import fanout, internode, protocol
from messaging.backends import connection_store
from messaging.domain import block_bit
from messaging.sessions import arrivals, comparing
from testkit.cast import Person, now_ms
from tests.faulty import Faulty
from tests.messaging.nodes import Nodes, arrived_at, dialled
from tests.messaging.socket import Socket

AWAY = pytest.mark.parametrize("fault", ["raising", "hanging"])


@contextmanager
def given_up(adapter: Faulty, fault: str, *methods: str) -> Iterator[None]:
    """What hangs is given up soon; before and after, nodes have time for each other."""
    with pytest.MonkeyPatch.context() as patch, getattr(adapter, fault)(*methods):
        patch.setattr(internode, "WAIT_SECONDS", 0.05)
        yield


async def says(socket: Socket, who: Person, conv: bytes, text: str) -> protocol.Sent:
    socket.send(who.message(conv, text))
    return await socket.next(protocol.Sent)


async def test_a_message_and_its_receipt_cross(
    nodes: Nodes, alice: Person, bob: Person, conv: bytes, soon: None
) -> None:
    at_alice, at_bob = await arrived_at(nodes.a, alice), await arrived_at(nodes.b, bob)
    await says(at_alice, alice, conv, "over there")
    row = await at_bob.next(protocol.Msg)
    assert bob.read(row) == "over there"
    at_bob.send(protocol.Read(conv=Id(conv), seq=1, ord=1))
    assert (await at_alice.next(protocol.Receipt)).read == 1


async def test_who_came_a_moment_ago_is_reached(
    nodes: Nodes, alice: Person, bob: Person, conv: bytes
) -> None:
    """Where somebody is, is asked for each message: nobody learns that they have moved."""
    at_alice = await arrived_at(nodes.a, alice)
    await says(at_alice, alice, conv, "you are nowhere")
    at_bob = await arrived_at(nodes.b, bob)
    await says(at_alice, alice, conv, "you are there now")
    assert (await at_bob.next(protocol.Msg)).seq == 2


@AWAY
async def test_a_send_is_told_while_nobody_knows_who_is_where(
    nodes: Nodes, alice: Person, bob: Person, conv: bytes, fault: str
) -> None:
    at_alice, laptop = await arrived_at(nodes.a, alice), await arrived_at(nodes.a, alice, 1)
    with given_up(nodes.presence, fault, "where"):
        assert (await says(at_alice, alice, conv, "into the dark")).seq == 1
        assert (await laptop.next(protocol.Msg)).seq == 1
    assert nodes.presence.struck
    assert (await says(at_alice, alice, conv, "again")).seq == 2


@AWAY
async def test_what_was_lost_with_the_registry_shows_as_a_gap(
    nodes: Nodes, alice: Person, bob: Person, conv: bytes, fault: str
) -> None:
    """It is not known to which node an event did not go: the next frame to any of them tells."""
    at_alice, at_bob = await arrived_at(nodes.a, alice), await arrived_at(nodes.b, bob)
    with given_up(nodes.presence, fault, "where"):
        await says(at_alice, alice, conv, "lost on the way")
    await says(at_alice, alice, conv, "arrives")
    assert (await at_bob.next(protocol.Msg)).seq == 2
    assert nodes.b.hub.heard.gaps == 1


async def test_a_block_that_was_lost_on_the_way_holds_after_the_gap(
    nodes: Nodes, alice: Person, bob: Person, conv: bytes
) -> None:
    at_alice, at_bob = await arrived_at(nodes.b, alice), await arrived_at(nodes.a, bob)
    await says(at_alice, alice, conv, "warm")
    await at_bob.next(protocol.Msg)
    pair = await connection_store().pair(alice.uid, bob.uid)
    assert pair
    await connection_store().change(pair, pair.state, block_bit(bob.uid, alice.uid), now_ms())
    with nodes.layer.dropping("group_send"):
        await fanout.forget([alice.uid], conv)
    await fanout.deliver([alice.uid], protocol.Pong())  # the next frame, whatever it brings
    await at_alice.next(protocol.Pong)
    await says(at_alice, alice, conv, "and now?")
    assert await at_bob.silence() == []


async def test_a_gap_makes_the_client_compare_its_state(
    nodes: Nodes, alice: Person, bob: Person, conv: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("messaging.hub.GAP_SECONDS", 0)
    at_alice, at_bob = await arrived_at(nodes.a, alice), await arrived_at(nodes.b, bob)
    with nodes.layer.dropping("group_send"):
        await says(at_alice, alice, conv, "lost")
    await says(at_alice, alice, conv, "arrives")
    await at_bob.next(protocol.Msg)
    assert (await at_bob.next(protocol.Same)).vec_hash


async def test_what_was_lost_without_a_trace_is_found_in_time(
    nodes: Nodes, alice: Person, bob: Person, conv: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_alice, at_bob = await arrived_at(nodes.a, alice), await arrived_at(nodes.b, bob)
    await says(at_bob, bob, conv, "we have spoken")
    with nodes.layer.dropping("group_send"):
        await says(at_alice, alice, conv, "the last one, and lost")
    await at_bob.silence()
    monkeypatch.setattr(comparing, "SEEN_TO_SECONDS", 1)
    later = nodes.b.ticks() + 1
    monkeypatch.setattr(nodes.b._comparing, "_ticks", lambda: later)
    await nodes.b._comparing.round()
    assert (await at_bob.next(protocol.Same)).vec_hash


async def test_while_others_are_out_of_reach_who_is_focused_compares_first(
    nodes: Nodes, alice: Person, bob: Person, conv: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(comparing, "COMPARED_PER_SECOND", 1)
    phone, laptop = await arrived_at(nodes.a, alice), await arrived_at(nodes.a, alice, 1)
    laptop.send(protocol.Watch(users=[], focus=True))
    await laptop.silence()
    nodes.a.hub.reach.lost("deaf")
    now = nodes.a.ticks()
    for number, (first, other) in enumerate([(laptop, phone), (phone, laptop)], start=1):
        monkeypatch.setattr(nodes.a._comparing, "_ticks", lambda number=number: now + number)
        await nodes.a._comparing.round()
        assert [type(frame) for frame in await first.silence()] == [protocol.Same]
        assert await other.silence() == []


async def test_a_newer_socket_of_the_device_displaces_the_older_on_another_node(
    nodes: Nodes, alice: Person
) -> None:
    older, laptop = await arrived_at(nodes.a, alice), await arrived_at(nodes.a, alice, 1)
    newer = await arrived_at(nodes.b, alice)
    assert await older.closed() == protocol.CLOSE_DISPLACED
    await older.leave()
    assert await newer.silence() == []
    assert await laptop.silence() == []
    device = alice.devices[0].keys.id
    entries = (await nodes.presence.where([alice.uid], now_ms()))[alice.uid]
    assert {one.node for one in entries if one.device == device} == {"host-b:8000"}


@AWAY
async def test_a_displacement_that_was_lost_is_found_by_the_next_refresh(
    nodes: Nodes, alice: Person, bob: Person, conv: bytes, fault: str
) -> None:
    older = await arrived_at(nodes.a, alice)
    with given_up(nodes.layer, fault, "group_send"):
        newer = await arrived_at(nodes.b, alice)
    await nodes.a.refresh()
    assert await older.closed() == protocol.CLOSE_DISPLACED
    await nodes.b.refresh()
    at_bob = await arrived_at(nodes.a, bob)
    await says(at_bob, bob, conv, "to where you are now")
    assert (await newer.next(protocol.Msg)).seq == 1


async def test_who_is_signed_out_on_one_node_is_out_on_all(nodes: Nodes, alice: Person) -> None:
    phone, laptop = await arrived_at(nodes.b, alice), await arrived_at(nodes.b, alice, 1)
    ended = alice.devices[0].session
    await session_ended.asend(sender=None, uid=alice.uid, session=ended)
    assert await phone.closed() == protocol.CLOSE_SIGN_IN
    assert (await phone.next(protocol.SignedOut)).reason == "session"
    for node in (nodes.a, nodes.b):  # the token is ten minutes young
        assert await refused(node, alice) == protocol.CLOSE_SIGN_IN
    assert await laptop.silence() == []


async def test_a_revoked_device_is_told_to_wipe_on_every_node(nodes: Nodes, alice: Person) -> None:
    phone = await arrived_at(nodes.b, alice)
    device = alice.devices[0].keys.id
    await device_revoked.asend(sender=None, uid=alice.uid, device=device, k=2)
    assert await phone.closed() == protocol.CLOSE_REVOKED
    assert (await phone.next(protocol.SignedOut)).reason == "device"
    for node in (nodes.a, nodes.b):
        assert await refused(node, alice) == protocol.CLOSE_REVOKED


async def test_a_suspended_account_is_out_everywhere_until_that_is_taken_back(
    nodes: Nodes, alice: Person, bob: Person
) -> None:
    sockets = [await arrived_at(nodes.a, alice), await arrived_at(nodes.b, alice, 1)]
    at_bob = await arrived_at(nodes.b, bob)
    decision = await suspended(alice, FOREVER)
    for socket in sockets:
        assert await socket.closed() == protocol.CLOSE_SIGN_IN
        assert (await socket.next(protocol.SignedOut)).reason == "suspended"
    assert await refused(nodes.b, alice) == protocol.CLOSE_SIGN_IN
    assert await at_bob.silence() == []
    await threads.run(suspending.lift, decision, now_ms())
    assert await (await arrived_at(nodes.b, alice)).silence() == []


async def test_who_is_let_in_again_comes_in_where_presence_was_not_told(
    nodes: Nodes, alice: Person
) -> None:
    decision = await suspended(alice, FOREVER)
    with nodes.presence.dropping("pardon"):
        await threads.run(suspending.lift, decision, now_ms())
    assert nodes.presence.struck
    for node in (nodes.b, nodes.a):
        assert await (await arrived_at(node, alice)).silence() == []


async def test_a_suspension_that_time_ended_keeps_nobody_out(nodes: Nodes, alice: Person) -> None:
    """Also who comes with a token from before it."""
    phone = await arrived_at(nodes.a, alice)
    await fanout.evict(alice.uid, reason="suspended", until=now_ms())
    assert await phone.closed() == protocol.CLOSE_SIGN_IN
    assert await (await arrived_at(nodes.b, alice)).silence() == []


async def suspended(person: Person, until: int) -> bytes:
    """By this decision."""
    user, decision = await User.objects.aget(uid=person.uid), secrets.token_bytes(16)
    await threads.run(
        lambda: suspending.suspend(
            user, Kind.ALL, until=until, reason=Reason.SPAM, decision=decision, now_ms=now_ms()
        )
    )
    return decision


async def test_an_end_that_no_node_heard_of_is_found_with_its_reason(
    nodes: Nodes, alice: Person, bob: Person
) -> None:
    phone, laptop = await arrived_at(nodes.b, alice), await arrived_at(nodes.b, alice, 1)
    at_bob = await arrived_at(nodes.b, bob)
    await sync_to_async(SessionRecord.objects.filter(hash=alice.devices[0].session).delete)()
    laptops = Device.objects.filter(device=alice.devices[1].keys.id)
    await sync_to_async(laptops.update)(gone_at=now_ms())
    await nodes.b.revalidate()
    assert await at_bob.silence() == []
    await sync_to_async(Suspension.objects.create)(
        user=await User.objects.aget(uid=bob.uid), kind=Kind.ALL, until=FOREVER, reason=1,
        decision=secrets.token_bytes(16),
    )  # fmt: skip
    await nodes.b.revalidate()
    for socket, reason in ((phone, "session"), (laptop, "device"), (at_bob, "suspended")):
        revoked = reason == "device"
        code = protocol.CLOSE_REVOKED if revoked else protocol.CLOSE_SIGN_IN
        assert await socket.closed() == code
        assert (await socket.next(protocol.SignedOut)).reason == reason


@AWAY
async def test_without_the_registry_the_accounts_say_who_may_come(
    nodes: Nodes, alice: Person, bob: Person, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arrivals, "REGISTRY_SECONDS", 0.05)
    await sync_to_async(SessionRecord.objects.filter(hash=alice.devices[0].session).delete)()
    with given_up(nodes.presence, fault, "join"):
        assert await (await arrived_at(nodes.a, bob)).silence() == []
        assert await refused(nodes.a, alice) == protocol.CLOSE_SIGN_IN

        def away(*_: object) -> None:
            raise OSError("no database")

        monkeypatch.setattr("accounts.sessions.ended", away)
        socket = await dialled(nodes.a)
        assert socket.challenge
        socket.send(bob.hello(socket.challenge.nonce, settings.SITE_HOST, device=1))
        assert (await socket.next(protocol.Busy)).retry_ms
        assert await socket.closed() == protocol.CLOSE_RESTART


@AWAY
async def test_a_registry_that_is_away_keeps_nothing_else_from_its_turn(
    nodes: Nodes, alice: Person, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("messaging.sessions.node.ROUND_SECONDS", 0.5)
    monkeypatch.setattr("messaging.sessions.lease.WAIT_SECONDS", 0.05)
    socket = await arrived_at(nodes.a, alice)
    await sync_to_async(SessionRecord.objects.filter(hash=alice.devices[0].session).delete)()
    with given_up(nodes.presence, fault, "lease", "where", "refresh"):
        closed = asyncio.ensure_future(socket.closed())
        for minutes in count(1):
            later = 1000.0 + 61 * minutes
            monkeypatch.setattr(nodes.a, "ticks", lambda later=later: later)
            monkeypatch.setattr(nodes.a._lease, "_beat", float("-inf"))
            await nodes.a.beat()
            await nodes.a.tick()
            if closed.done():
                break
    assert await closed == protocol.CLOSE_SIGN_IN  # revalidation had its turn
    await socket.next(protocol.Ping)


async def test_watchers_ask_the_registry_once_for_all(
    nodes: Nodes, alice: Person, bob: Person, conv: bytes
) -> None:
    at_alice, at_bob = await arrived_at(nodes.a, alice), await arrived_at(nodes.a, bob)
    for socket, other in ((at_alice, bob), (at_bob, alice)):
        socket.send(protocol.Watch(users=[Id(other.uid)], focus=True))
        assert [one.state for one in (await socket.next(protocol.Presence)).users] == ["online"]
    await fanout.forget([alice.uid, bob.uid], conv)
    with nodes.presence.raising("where"):
        before = nodes.presence.struck
        await nodes.a.watching.tick()
        assert nodes.presence.struck == before + 1


async def test_nobody_is_shown_as_gone_because_the_registry_is_away(
    nodes: Nodes, alice: Person, bob: Person, conv: bytes
) -> None:
    await arrived_at(nodes.b, bob)
    at_alice, laptop = await arrived_at(nodes.a, alice), await arrived_at(nodes.b, alice, 1)
    at_alice.send(protocol.Watch(users=[Id(bob.uid)], focus=True))
    assert [one.state for one in (await at_alice.next(protocol.Presence)).users] == ["online"]
    with nodes.presence.raising("where"):
        await nodes.a.watching.tick()
        assert await at_alice.silence() == []
        laptop.send(protocol.Watch(users=[Id(bob.uid)], focus=True))
        assert [one.state for one in (await laptop.next(protocol.Presence)).users] == ["unknown"]


async def refused(node: object, who: Person) -> int:
    """The close code that the first device's hello earns."""
    socket = await dialled(node)  # type: ignore[arg-type]
    assert socket.challenge
    socket.send(who.hello(socket.challenge.nonce, settings.SITE_HOST))
    return await socket.closed()
