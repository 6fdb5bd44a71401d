"""What a live session knows is dropped when it changes: device lists, epochs, contacts."""

import pytest
from django.db import OperationalError

from accounts import devices
from accounts.models import User
from chatsite.edge.wire import Id
from chatsite.running import threads
from e2ee import epochs as reasons
from e2ee.records import Link, parse_link
from messaging import fanout, hooks, protocol
from messaging.backends import connection_store, log
from messaging.domain import block_bit
from messaging.sessions.node import here
from testkit import cast
from testkit.cast import Person, now_ms
from testkit.client.m1 import devicelist, epochs
from testkit.client.m1.epochs import OpenEpoch
from tests.messaging.socket import Socket, arrived


def revoke_a_device(who: Person) -> Link:
    """The second device is gone: link 2 says so."""
    raw = devicelist.next_link(
        who.link, aik=who.aik, devices=who.link.devices[:1], ms=now_ms(), revokes=True
    )
    link = parse_link(raw)
    devices.append(User.objects.get(uid=who.uid), link, "a browser")
    return link


def next_epoch(maker: Person, peer: Link, conv: bytes, me: Link, reason: int) -> OpenEpoch:
    parent = maker.epochs[conv]
    low, high = (me, peer) if me.uid < peer.uid else (peer, me)
    return epochs.create(
        conn=conv, n=parent.record.header.n + 1, parent=parent, previous_hash=parent.record.hash,
        low=low, high=high, creator=maker.uid, device=maker.devices[0].keys, reason=reason,
        ms=now_ms(),
    )  # fmt: skip


async def sent(socket: Socket, message: protocol.Send) -> protocol.Sent | protocol.StaleEpoch:
    socket.send(message)
    answer = await socket.anything()
    while not isinstance(answer, protocol.Sent | protocol.StaleEpoch):
        answer = await socket.anything()
    return answer


@pytest.mark.parametrize("revoked", ["sender", "peer"])
async def test_an_epoch_made_before_a_device_was_lost_is_stale(
    alice: Person, bob: Person, conv: bytes, revoked: str
) -> None:
    at_alice = await arrived(alice)
    assert isinstance(await sent(at_alice, alice.message(conv, "before")), protocol.Sent)
    loser = alice if revoked == "sender" else bob
    link = await threads.run(revoke_a_device, loser)
    await hooks.list_changed(loser.uid, link.k)
    stale = await sent(at_alice, alice.message(conv, "after"))
    assert isinstance(stale, protocol.StaleEpoch)
    assert stale.head == 0
    me, peer = (link, bob.link) if revoked == "sender" else (alice.link, link)
    epoch = next_epoch(alice, peer, conv, me, reasons.REVOKES)
    await connection_store().advance(conv, cast.new_epoch(epoch, forced=True))
    alice.epochs[conv] = epoch
    answer = await sent(at_alice, alice.message(conv, "under the new one"))
    assert isinstance(answer, protocol.Sent)
    heads = {"me": answer.heads.me, "peer": answer.heads.peer}
    assert heads["me" if revoked == "sender" else "peer"] == (2, link.hash)


async def test_a_new_device_list_is_told_to_those_who_may_know(
    alice: Person, bob: Person, mallory: Person, conv: bytes
) -> None:
    await cast.ask(mallory, alice)  # is no contact yet
    at_laptop, at_bob, at_mallory = await arrived(alice, 1), await arrived(bob), None
    at_mallory = await arrived(mallory)
    link = await threads.run(revoke_a_device, alice)
    await hooks.list_changed(alice.uid, link.k)
    for socket in (at_laptop, at_bob):
        frame = await socket.next(protocol.List)
        assert (frame.user, frame.k) == (alice.uid, 2)
    assert await at_mallory.silence() == []


async def test_the_parent_of_an_ordinary_epoch_stays_good_for_a_minute(
    alice: Person, bob: Person, conv: bytes
) -> None:
    at_alice = await arrived(alice)
    old = alice.message(conv, "sealed before it came")
    epoch = next_epoch(bob, alice.link, conv, bob.link, reasons.AGE)
    await connection_store().advance(conv, cast.new_epoch(epoch))
    await fanout.deliver([alice.uid, bob.uid], protocol.Epoch(conv=Id(conv), n=1))
    assert (await at_alice.next(protocol.Epoch)).n == 1
    assert isinstance(await sent(at_alice, old), protocol.Sent)
    assert isinstance(await sent(at_alice, alice.message(conv, "again")), protocol.Sent)
    alice.epochs[conv] = epoch
    assert isinstance(await sent(at_alice, alice.message(conv, "in the new one")), protocol.Sent)


async def test_a_forced_epoch_retires_its_parent_at_once(
    alice: Person, bob: Person, conv: bytes
) -> None:
    at_alice = await arrived(alice)
    old = alice.message(conv, "sealed before it came")
    assert isinstance(await sent(at_alice, alice.message(conv, "warm")), protocol.Sent)
    epoch = next_epoch(bob, alice.link, conv, bob.link, reasons.REVOKES)
    await connection_store().advance(conv, cast.new_epoch(epoch, forced=True))
    await fanout.forget([alice.uid], conv)
    answer = await sent(at_alice, old)
    assert isinstance(answer, protocol.StaleEpoch)
    assert answer.head == 1


async def test_a_block_reaches_a_warm_session(alice: Person, bob: Person, conv: bytes) -> None:
    at_alice, at_bob = await arrived(alice), await arrived(bob)
    assert isinstance(await sent(at_alice, alice.message(conv, "warm")), protocol.Sent)
    await at_bob.next(protocol.Msg)
    pair = await connection_store().pair(alice.uid, bob.uid)
    assert pair
    await connection_store().change(pair, pair.state, block_bit(bob.uid, alice.uid), now_ms())
    await fanout.forget([alice.uid], conv)
    assert isinstance(await sent(at_alice, alice.message(conv, "and now?")), protocol.Sent)
    assert await at_bob.silence() == []


async def test_the_owners_connection_frame_changes_what_the_session_knows(
    alice: Person, bob: Person, conv: bytes
) -> None:
    at_alice = await arrived(alice)
    assert isinstance(await sent(at_alice, alice.message(conv, "warm")), protocol.Sent)
    pair = await connection_store().pair(alice.uid, bob.uid)
    assert pair
    await connection_store().change(pair, pair.state, block_bit(alice.uid, bob.uid), now_ms())
    frame = protocol.Connection(conv=Id(conv), peer=Id(bob.uid), since=now_ms(), state=5)
    await fanout.deliver([alice.uid], frame)
    at_alice.send(alice.message(conv, "to whom I block"))
    assert (await at_alice.next(protocol.Error)).code == "not_connected"


async def test_who_unblocked_by_another_node_may_write_before_the_event_is_here(
    alice: Person, bob: Person, conv: bytes
) -> None:
    pair = await connection_store().pair(alice.uid, bob.uid)
    assert pair
    blocked = await connection_store().change(
        pair, pair.state, block_bit(alice.uid, bob.uid), now_ms()
    )
    at_alice = await arrived(alice)
    at_alice.send(alice.message(conv, "to whom I block"))
    assert (await at_alice.next(protocol.Error)).code == "not_connected"
    await connection_store().change(blocked, blocked.state, 0, now_ms())
    assert isinstance(await sent(at_alice, alice.message(conv, "and now?")), protocol.Sent)


async def test_after_a_gap_nothing_goes_that_the_accounts_cannot_vouch_for(
    alice: Person, bob: Person, conv: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody could have been revoked in it. What is known already still goes without them."""
    at_alice = await arrived(alice)
    assert isinstance(await sent(at_alice, alice.message(conv, "before")), protocol.Sent)

    def away(*_: object) -> None:
        raise OperationalError("no database")

    monkeypatch.setattr(devices, "newest_links", away)
    assert isinstance(await sent(at_alice, alice.message(conv, "known")), protocol.Sent)
    here().hub.recheck_all()
    late = alice.message(conv, "after")
    at_alice.send(late)
    assert (await at_alice.next(protocol.Busy)).client_id == late.client_id
    assert len(await log().page(conv, 10, now_ms())) == 2
    monkeypatch.undo()
    assert isinstance(await sent(at_alice, late), protocol.Sent)
