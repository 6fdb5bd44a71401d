"""Invite links: whom they show, to whom, for how long, and whom one that connects connects."""

import asyncio

import pytest
from asgiref.sync import sync_to_async

from accounts import profile
from accounts.models import User
from chatsite.edge.refusals import Unknown
from messaging import connections, invites, protocol
from messaging.backends.base import Busy
from messaging.domain import ContactState
from messaging.http import INVITE_DAYS, INVITES_MAX
from messaging.models import Invite
from testkit.cast import Person
from tests.messaging.socket import arrived
from tests.messaging.test_connections import act, contested, pair_of, request, seen

NOW = 1_790_000_000_000
WEEK_MS = INVITE_DAYS * invites.DAY_MS
ASKED, ASKS, CONNECTED, CLOSED, BLOCKED = ContactState


async def row_of(person: Person) -> User:
    return await User.objects.aget(uid=person.uid)


async def link(maker: Person, *, connects: bool = True, now: int = NOW) -> str:
    _, token = await invites.make(await row_of(maker), connects, now)
    return token


async def opened(maker: Person, now: int = NOW) -> list[Invite]:
    return await sync_to_async(invites.opened)(await row_of(maker), now)


async def show(viewer: Person, token: str, now: int = NOW) -> tuple[profile.Person, bool]:
    return await sync_to_async(invites.show)(viewer.uid, token, now)


async def accept(who: Person, token: str, now: int = NOW) -> ContactState:
    return (await invites.accept(who.uid, token, now)).state


async def withdraw(maker: Person, invite: Invite) -> None:
    await invites.withdraw(await row_of(maker), invite.ident)


async def leads_nowhere(who: Person, token: str, now: int = NOW) -> bool:
    """Neither shown nor accepted, and both in the same words."""
    for use in (show, accept):
        with pytest.raises(Unknown):
            await use(who, token, now)
    return True


class TestOpen:
    async def test_it_shows_whom_it_is_from_and_nothing_else(self, alice, bob):
        person, connects = await show(bob, await link(alice))
        assert person._asdict() == {
            "uid": alice.uid,
            "username": alice.name,
            "display_name": alice.name.capitalize(),
        }
        assert connects

    async def test_the_token_is_not_kept(self, alice):
        token = await link(alice)
        row = await Invite.objects.filter(user__uid=alice.uid).values().aget()
        assert token not in str(row)
        assert token.encode() not in row["digest"]

    async def test_a_guess_leads_nowhere(self, alice, bob):
        token = await link(alice)
        for guess in ("", token[:-1], token.swapcase(), token + "="):
            assert await leads_nowhere(bob, guess)

    async def test_it_works_for_a_week(self, alice, bob):
        token = await link(alice)
        await show(bob, token, NOW + WEEK_MS - 1)
        assert await leads_nowhere(bob, token, NOW + WEEK_MS)
        assert await opened(alice, NOW + WEEK_MS) == []

    async def test_a_suspended_maker_is_not_shown(self, alice, bob):
        token = await link(alice)
        await User.objects.filter(uid=alice.uid).aupdate(is_active=False)
        assert await leads_nowhere(bob, token)

    async def test_only_so_many_are_open_at_a_time(self, alice, bob):
        tokens = [await link(alice) for _ in range(INVITES_MAX)]
        with pytest.raises(invites.TooMany):
            await link(alice)
        await accept(bob, tokens[0])
        await link(alice)
        await withdraw(alice, (await opened(alice))[0])
        await link(alice)

    async def test_the_pages_of_its_maker_hear_of_each_change(self, alice, bob):
        at_alice, at_bob = await arrived(alice), await arrived(bob)
        await link(alice)
        await at_alice.next(protocol.Settings)
        await withdraw(alice, (await opened(alice))[0])
        await at_alice.next(protocol.Settings)
        token = await link(alice)
        await at_alice.next(protocol.Settings)
        await accept(bob, token)
        await at_alice.next(protocol.Settings)
        assert not [f for f in await at_bob.silence() if isinstance(f, protocol.Settings)]


class TestWithdrawn:
    async def test_it_leads_nowhere(self, alice, bob):
        token = await link(alice)
        (invite,) = await opened(alice)
        await withdraw(alice, invite)
        assert await leads_nowhere(bob, token)
        with pytest.raises(Unknown):
            await withdraw(alice, invite)

    async def test_nobody_else_lists_or_withdraws_it(self, alice, bob, mallory):
        token = await link(alice)
        (invite,) = await opened(alice)
        assert await opened(mallory) == []
        with pytest.raises(Unknown):
            await withdraw(mallory, invite)
        assert await accept(bob, token) is CONNECTED

    async def test_too_late_it_says_so(self, alice, bob):
        token = await link(alice)
        (invite,) = await opened(alice)
        await accept(bob, token)
        with pytest.raises(invites.Used):
            await withdraw(alice, invite)
        assert await seen(alice, bob) is CONNECTED

    async def test_after_a_backup_was_put_back_none_is_open(self, alice, bob):
        """One of them may have been withdrawn since the copy was made."""
        token = await link(alice)
        await sync_to_async(invites.withdraw_all)()
        assert await leads_nowhere(bob, token)


class TestAccepted:
    async def test_both_are_connected_and_hear_of_it_at_once(self, alice, bob, mallory):
        token = await link(alice)
        at_alice, at_bob, at_mallory = [await arrived(who) for who in (alice, bob, mallory)]
        assert await accept(bob, token) is CONNECTED
        for socket, peer in ((at_alice, bob), (at_bob, alice)):
            told = await socket.next(protocol.Connection)
            assert (told.peer, told.state) == (peer.uid, CONNECTED)
        assert not [f for f in await at_alice.silence() if isinstance(f, protocol.Request)]
        assert await at_mallory.silence() == []

    async def test_showing_it_uses_nothing_up(self, alice, bob, mallory):
        token = await link(alice)
        for viewer in (bob, mallory, alice, bob):
            await show(viewer, token)
        assert [row.uses for row in await opened(alice)] == [4]
        assert await accept(mallory, token) is CONNECTED

    async def test_it_is_good_for_one_person(self, alice, bob, mallory):
        token = await link(alice)
        await accept(bob, token)
        assert await leads_nowhere(mallory, token)
        assert await seen(alice, mallory) is None
        assert await opened(alice) == []

    async def test_of_many_at_once_one_is_connected(self, alice, enrol):
        token = await link(alice)
        crowd = [await enrol("one of many") for _ in range(6)]
        answers = await asyncio.gather(
            *(accept(one, token) for one in crowd), return_exceptions=True
        )
        assert sorted(map(repr, answers)) == [repr(CONNECTED), *["Unknown('unknown')"] * 5]
        assert len(await connections.listed(alice.uid)) == 1

    async def test_withdrawn_in_the_same_instant_it_is_one_or_the_other(self, alice, bob):
        token = await link(alice)
        (invite,) = await opened(alice)
        accepted, withdrawn = await asyncio.gather(
            accept(bob, token), withdraw(alice, invite), return_exceptions=True
        )
        if withdrawn is None:
            assert isinstance(accepted, Unknown)
            assert await seen(alice, bob) is None
        else:
            assert isinstance(withdrawn, invites.Used)
            assert accepted is CONNECTED

    async def test_repeated_it_is_the_same_answer(self, alice, bob):
        token = await link(alice)
        await accept(bob, token)
        person, _ = await show(bob, token)
        assert person.uid == alice.uid
        at_alice = await arrived(alice)
        assert await accept(bob, token, NOW + WEEK_MS - 1) is CONNECTED
        assert await at_alice.silence() == []

    async def test_broken_off_half_way_it_is_finished_by_a_repeat(self, alice, bob, mallory):
        token = await link(alice)
        await request(bob, alice)
        with contested(await pair_of(alice, bob), connections.TRIES), pytest.raises(Busy):
            await accept(bob, token, NOW + WEEK_MS - 1)
        assert await leads_nowhere(mallory, token)
        assert await accept(bob, token, NOW + WEEK_MS) is CONNECTED  # a week more, for repeats
        assert await seen(alice, bob) is CONNECTED

    async def test_the_others_change_in_the_same_instant_is_waited_for(self, alice, bob):
        token = await link(alice)
        await request(bob, alice)
        with contested(await pair_of(alice, bob), connections.TRIES - 1):
            assert await accept(bob, token) is CONNECTED

    async def test_its_maker_is_told_who_came_by_it(self, alice, bob, mallory):
        await accept(bob, await link(alice))
        await request(mallory, alice)
        await act(alice, mallory, "accept", ASKS)
        assert await sync_to_async(invites.joined)(await row_of(alice)) == [bob.uid]
        assert await sync_to_async(invites.joined)(await row_of(bob)) == []

    async def test_ones_own_is_refused_and_not_used_up(self, alice, bob):
        token = await link(alice)
        with pytest.raises(invites.Own):
            await accept(alice, token)
        assert await accept(bob, token) is CONNECTED

    async def test_one_that_lets_people_ask_connects_nobody(self, alice, bob):
        token = await link(alice, connects=False)
        _, connects = await show(bob, token)
        assert not connects
        with pytest.raises(Unknown):
            await accept(bob, token)
        assert len(await opened(alice)) == 1


class TestWhatWasBefore:
    """Requests, refusals and blocks that the link meets."""

    async def test_connected_already_the_link_stays_open(self, alice, bob, mallory, conv):
        token = await link(alice)
        assert await accept(bob, token) is CONNECTED
        assert await accept(mallory, token) is CONNECTED

    @pytest.mark.parametrize("asks_first", [True, False])
    async def test_open_requests_either_way_are_answered(self, alice, bob, asks_first):
        await (request(bob, alice) if asks_first else request(alice, bob))
        assert await accept(bob, await link(alice)) is CONNECTED
        assert await seen(alice, bob) is CONNECTED

    @pytest.mark.parametrize("withdrawn", [True, False])
    async def test_the_link_is_a_later_yes_than_a_no(self, alice, bob, withdrawn):
        await request(bob, alice)
        await act(alice, bob, "decline", ASKS)
        if withdrawn:
            await act(bob, alice, "withdraw", ASKED)
        assert await accept(bob, await link(alice)) is CONNECTED
        assert await seen(alice, bob) is CONNECTED

    async def test_who_blocks_its_maker_unblocks_first(self, alice, bob, mallory):
        await request(alice, bob)
        await act(bob, alice, "block", ASKS)
        token = await link(alice)
        with pytest.raises(connections.Moved) as moved:
            await accept(bob, token)
        assert moved.value.contact is not None
        assert moved.value.contact.state is BLOCKED
        assert await accept(mallory, token) is CONNECTED  # it was not used up

    async def test_a_block_in_the_same_instant_holds(self, alice, bob):
        """Both have looked before either acts: the store itself refuses."""
        await request(alice, bob)
        await act(bob, alice, "block", ASKS)
        with pytest.raises(connections.Moved):
            await connections.join(bob.uid, alice.uid, NOW)
        assert await seen(alice, bob) is ASKED

    async def test_a_block_by_its_maker_does_not_show(self, alice, bob, mallory):
        await request(bob, alice)
        await act(alice, bob, "block", ASKS)
        token, other = await link(alice), await link(alice)
        at_alice, at_bob, at_mallory = [await arrived(who) for who in (alice, bob, mallory)]
        for who, socket, one in ((bob, at_bob, token), (mallory, at_mallory, other)):
            assert await accept(who, one) is CONNECTED
            assert (await socket.next(protocol.Connection)).state == CONNECTED
            assert await socket.silence() == []
        assert await seen(alice, bob) is BLOCKED
        told = [f for f in await at_alice.silence() if isinstance(f, protocol.Connection)]
        assert [frame.peer for frame in told] == [mallory.uid]
        await act(alice, bob, "unblock", BLOCKED)
        assert await seen(alice, bob) is CONNECTED
