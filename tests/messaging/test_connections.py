"""From strangers to connected and back, in the eyes of both sides and of their live sockets."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from chatsite.edge.refusals import Unknown
from chatsite.edge.wire import Id
from chatsite.running import threads
from messaging import connections, hooks, protocol
from messaging.backends import connection_store
from messaging.backends.base import BadSeq, Busy, PairConflict
from messaging.backends.sql.models import Contact
from messaging.domain import ContactState, Pair
from testkit.cast import Person, now_ms
from tests.faulty import faulty
from tests.messaging.socket import arrived

ASKED, ASKS, CONNECTED, CLOSED, BLOCKED = ContactState
RIGHT_ANSWERS = [("accept", ASKS), ("decline", ASKS), ("withdraw", ASKED)]


async def pair_of(a: Person, b: Person) -> Pair:
    pair = await connection_store().pair(a.uid, b.uid)
    assert pair
    return pair


@contextmanager
def contested(pair: Pair, rivals: int) -> Iterator[None]:
    """The other side's change comes first, so many times."""
    lost = [PairConflict(pair)] * rivals
    with faulty("CONNECTION_STORE") as store, store.failing("change", *lost) as left:
        yield
    assert not left


async def request(a: Person, b: Person) -> ContactState:
    return (await connections.request(a.uid, b.uid, now_ms())).state


async def act(who: Person, peer: Person, action, seen: ContactState | None) -> ContactState:
    return (await connections.act(who.uid, peer.uid, action, seen, now_ms())).state


async def seen(who: Person, peer: Person) -> ContactState | None:
    rows = {person.uid: row.state for row, person in await connections.listed(who.uid)}
    return rows.get(peer.uid)


async def letters_reach(sender: Person, reader: Person, conv: bytes) -> bool:
    """Whether a text of the sender, who is told `sent` in any case, comes to the reader."""
    at_sender, at_reader = await arrived(sender), await arrived(reader)
    at_sender.send(sender.message(conv, "hello?"))
    await at_sender.next(protocol.Sent)
    frames = await at_reader.silence()
    return any(isinstance(frame, protocol.Msg) for frame in frames)


class TestRequest:
    async def test_it_shows_a_name_and_nothing_else(self, alice, bob):
        await request(alice, bob)
        [(contact, person)] = await connections.listed(bob.uid)
        assert (contact.state, contact.peer) == (ASKS, alice.uid)
        assert person._asdict() == {
            "uid": alice.uid,
            "username": alice.name,
            "display_name": alice.name.capitalize(),
        }

    async def test_both_sides_hear_of_it_at_once(self, alice, bob, mallory):
        at_alice, at_bob, at_mallory = [await arrived(who) for who in (alice, bob, mallory)]
        await request(alice, bob)
        told = await at_bob.next(protocol.Request)
        assert told.peer == alice.uid
        mine = await at_alice.next(protocol.Connection)
        assert (mine.peer, mine.state, mine.conv) == (bob.uid, ASKED, told.conv)
        assert await at_mallory.silence() == []

    async def test_half_made_it_is_repeated(self, alice, bob):
        """A server that went between the pair and its rows: the browser asks again."""
        with (
            faulty("CONNECTION_STORE") as store,
            store.failing("contact", None),
            pytest.raises(Busy),
        ):
            await request(alice, bob)
        assert await request(alice, bob) is ASKED
        assert await seen(bob, alice) is ASKS

    async def test_repeated_it_tells_nobody_again(self, alice, bob):
        await request(alice, bob)
        at_bob = await arrived(bob)
        assert await request(alice, bob) is ASKED
        assert await at_bob.silence() == []

    async def test_two_that_cross_connect(self, alice, bob):
        at_alice, at_bob = await arrived(alice), await arrived(bob)
        await asyncio.gather(request(alice, bob), request(bob, alice))
        assert (await seen(alice, bob), await seen(bob, alice)) == (CONNECTED, CONNECTED)
        for socket in (at_alice, at_bob):
            frames = [f for f in await socket.silence() if isinstance(f, protocol.Connection)]
            assert frames[-1].state == CONNECTED

    async def test_nobody_can_be_asked(self, alice):
        for uid in (alice.uid, bytes(16)):
            with pytest.raises(Unknown):
                await connections.request(alice.uid, uid, now_ms())


class TestAnswer:
    async def test_accepted_they_can_talk(self, alice, bob):
        await request(alice, bob)
        at_alice = await arrived(alice)
        assert await act(bob, alice, "accept", ASKS) is CONNECTED
        assert (await at_alice.next(protocol.Connection)).state == CONNECTED

    async def test_a_no_is_told_to_nobody(self, alice, bob):
        await request(alice, bob)
        at_alice, at_bob = await arrived(alice), await arrived(bob, 1)
        assert await act(bob, alice, "decline", ASKS) is CLOSED
        assert (await at_bob.next(protocol.Connection)).state == CLOSED
        assert await at_alice.silence() == []
        assert await seen(alice, bob) is ASKED

    async def test_asking_again_after_a_no_disturbs_nobody(self, alice, bob):
        await request(alice, bob)
        await act(bob, alice, "decline", ASKS)
        at_bob = await arrived(bob)
        assert await act(alice, bob, "withdraw", ASKED) is CLOSED
        assert await request(alice, bob) is ASKED
        assert await at_bob.silence() == []
        assert await seen(bob, alice) is CLOSED

    async def test_a_no_can_be_taken_back_and_nobody_is_told(self, alice, bob):
        await request(alice, bob)
        await act(bob, alice, "decline", ASKS)
        at_alice, at_bob = await arrived(alice), await arrived(bob)
        assert await act(bob, alice, "reopen", CLOSED) is ASKS
        assert (await at_bob.next(protocol.Request)).peer == alice.uid
        assert await at_alice.silence() == []
        assert await act(bob, alice, "reopen", CLOSED) is ASKS  # repeated
        assert await act(bob, alice, "accept", ASKS) is CONNECTED

    async def test_taken_back_too_late_it_lets_the_next_request_through(self, alice, bob):
        await request(alice, bob)
        await act(bob, alice, "decline", ASKS)
        await act(alice, bob, "withdraw", ASKED)
        assert await act(bob, alice, "reopen", CLOSED) is CLOSED
        assert await act(bob, alice, "reopen", CLOSED) is CLOSED
        await request(alice, bob)
        assert await seen(bob, alice) is ASKS

    async def test_who_asked_reopens_nothing_and_learns_nothing(self, alice, bob, mallory):
        for declines in (True, False):
            await request(mallory, bob)
            if declines:
                await act(bob, mallory, "decline", ASKS)
            with pytest.raises(connections.Moved):
                await act(mallory, bob, "reopen", ASKED)
            with pytest.raises(connections.Moved):
                await act(mallory, bob, "reopen", CLOSED)
            await act(mallory, bob, "withdraw", ASKED)
            assert await act(mallory, bob, "reopen", CLOSED) is CLOSED
            assert await request(mallory, bob) is ASKED
            assert await seen(bob, mallory) is (CLOSED if declines else ASKS)
            if declines:
                await act(bob, mallory, "reopen", CLOSED)
                await act(mallory, bob, "withdraw", ASKED)

    async def test_withdrawn_it_is_gone_from_the_other(self, alice, bob):
        await request(alice, bob)
        at_bob = await arrived(bob)
        await act(alice, bob, "withdraw", ASKED)
        assert (await at_bob.next(protocol.Connection)).state == CLOSED

    @pytest.mark.parametrize(("action", "state"), RIGHT_ANSWERS)
    async def test_repeating_an_answer_is_the_same_answer(self, alice, bob, action, state):
        await request(alice, bob)
        who, peer = (alice, bob) if state is ASKED else (bob, alice)
        first = await act(who, peer, action, state)
        assert await act(who, peer, action, state) is first

    @pytest.mark.parametrize(("action", "state"), RIGHT_ANSWERS)
    async def test_only_the_right_side_may_answer(self, alice, bob, mallory, action, state):
        await request(alice, bob)
        wrong, peer = (bob, alice) if state is ASKED else (alice, bob)
        with pytest.raises(connections.Moved):
            await act(wrong, peer, action, state)
        for uid in (alice, bob):
            with pytest.raises(Unknown):
                await act(mallory, uid, action, state)
        assert (await seen(alice, bob), await seen(bob, alice)) == (ASKED, ASKS)

    async def test_what_has_moved_on_is_shown_as_it_is(self, alice, bob):
        await request(alice, bob)
        await act(alice, bob, "withdraw", ASKED)
        with pytest.raises(connections.Moved) as moved:
            await act(bob, alice, "accept", ASKS)
        assert moved.value.contact is not None
        assert moved.value.contact.state is CLOSED

    async def test_the_others_change_in_the_same_instant_is_waited_for(self, alice, bob):
        await request(alice, bob)
        with contested(await pair_of(alice, bob), connections.TRIES - 1):
            assert await act(bob, alice, "accept", ASKS) is CONNECTED

    async def test_but_not_for_ever(self, alice, bob):
        await request(alice, bob)
        with contested(await pair_of(alice, bob), connections.TRIES), pytest.raises(Busy):
            await act(bob, alice, "accept", ASKS)
        assert await seen(bob, alice) is ASKS


class TestBlock:
    async def test_the_blocked_side_notices_nothing(self, alice, bob, conv):
        at_alice = await arrived(alice)
        assert await act(bob, alice, "block", CONNECTED) is BLOCKED
        assert await at_alice.silence() == []
        assert await seen(alice, bob) is CONNECTED

    async def test_its_texts_go_nowhere(self, alice, bob, conv):
        assert await letters_reach(alice, bob, conv)
        await act(bob, alice, "block", CONNECTED)
        assert not await letters_reach(alice, bob, conv)
        await act(bob, alice, "unblock", BLOCKED)
        assert await letters_reach(alice, bob, conv)

    async def test_also_over_a_socket_that_was_open_before(self, alice, bob, conv):
        at_alice, at_bob = await arrived(alice), await arrived(bob)
        at_alice.send(alice.message(conv, "before"))
        assert bob.read(await at_bob.next(protocol.Msg)) == "before"
        await act(bob, alice, "block", CONNECTED)
        at_alice.send(alice.message(conv, "after"))
        assert (await at_alice.next(protocol.Sent)).seq in (1, 2)
        await at_alice.next(protocol.Sent)
        assert not [f for f in await at_bob.silence() if isinstance(f, protocol.Msg)]

    async def test_half_made_it_is_repeated(self, alice, bob, conv):
        """A store in partitions went between the pair and its rows: the browser asks again."""
        await act(bob, alice, "block", CONNECTED)
        hers = Contact.objects.filter(owner=alice.uid, peer=bob.uid)
        await threads.run(hers.update, withheld=False)
        assert await act(bob, alice, "block", CONNECTED) is BLOCKED
        contact = await connection_store().contact(alice.uid, conv)
        assert contact is not None
        assert contact.withheld

    async def test_a_request_to_who_blocks_looks_unanswered(self, alice, bob, mallory):
        await request(mallory, bob)
        await act(bob, mallory, "block", ASKS)
        at_bob = await arrived(bob)
        await act(mallory, bob, "withdraw", ASKED)
        assert await request(mallory, bob) is await request(alice, bob) is ASKED
        [told] = [f for f in await at_bob.silence() if isinstance(f, protocol.Request)]
        assert told.peer == alice.uid
        assert await seen(bob, mallory) is BLOCKED

    async def test_who_blocks_unblocks_before_asking(self, alice, bob):
        await request(alice, bob)
        await act(bob, alice, "block", ASKS)
        with pytest.raises(connections.Moved) as moved:
            await request(bob, alice)
        assert moved.value.contact is not None
        assert moved.value.contact.state is BLOCKED
        assert await act(bob, alice, "unblock", BLOCKED) is ASKS


class TestClear:
    async def test_it_hides_the_past_from_my_devices_alone(self, alice, bob, conv):
        at_alice = await arrived(alice)
        at_alice.send(alice.message(conv, "one"))
        await at_alice.next(protocol.Sent)
        contact = await connections.clear(bob.uid, alice.uid, 1)
        assert contact.cleared == 1
        for who, count in ((bob, 0), (alice, 1)):
            socket = await arrived(who)
            socket.send(protocol.Get(ref=1, conv=Id(conv)))
            assert len((await socket.next(protocol.Page)).rows) == count

    async def test_my_devices_empty_it_at_once_and_the_peer_hears_nothing(self, alice, bob, conv):
        at_alice, at_bob = await arrived(alice), await arrived(bob)
        at_alice.send(alice.message(conv, "one"))
        for socket, frame in ((at_alice, protocol.Sent), (at_bob, protocol.Msg)):
            await socket.next(frame)
        await connections.clear(bob.uid, alice.uid, 1)
        told = await at_bob.next(protocol.Connection)
        assert (told.conv, told.cleared) == (conv, 1)
        assert await at_alice.silence() == []

    async def test_not_what_is_not_there(self, alice, bob, mallory, conv):
        with pytest.raises(BadSeq):
            await connections.clear(bob.uid, alice.uid, 1)
        with pytest.raises(Unknown):
            await connections.clear(mallory.uid, alice.uid, 0)


class TestDirectory:
    """Whose device lists I may read."""

    async def test_of_strangers_not_of_those_i_talk_with(self, alice, bob, mallory):
        assert not await may_read(alice, bob)
        await request(alice, bob)
        assert await may_read(alice, bob)
        assert await may_read(bob, alice)
        assert not await may_read(mallory, alice)

    async def test_a_no_and_a_block_do_not_show_by_it(self, alice, bob):
        await request(alice, bob)
        await act(bob, alice, "decline", ASKS)
        assert await may_read(alice, bob)
        await act(bob, alice, "block", CLOSED)
        assert await may_read(alice, bob)
        assert not await may_read(bob, alice)


async def may_read(me: Person, other: Person) -> bool:
    return await hooks.readable_lists(me.uid, [other.uid, bytes(16)]) == {other.uid}


class TestLeave:
    """Whose account is deleted. The rest is in tests/chatsite/leaving."""

    async def test_strangers_are_left_without_a_pair(self, alice, bob):
        await connections.leave(alice.uid, bob.uid, now_ms())
        assert await connection_store().pair(alice.uid, bob.uid) is None

    async def test_a_change_of_the_other_that_comes_first_is_no_obstacle(self, alice, bob, conv):
        with contested(await pair_of(alice, bob), 1):
            await connections.leave(alice.uid, bob.uid, now_ms())
        assert await seen(bob, alice) is CLOSED

    async def test_one_that_never_gets_its_turn_is_busy(self, alice, bob, conv):
        with contested(await pair_of(alice, bob), connections.TRIES), pytest.raises(Busy):
            await connections.leave(alice.uid, bob.uid, now_ms())
        assert await seen(bob, alice) is CONNECTED
