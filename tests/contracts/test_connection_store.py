"""What every ConnectionStore does: the docstrings of messaging/backends/base.py, one by one."""

import asyncio
from typing import Any

import pytest

from chatsite.edge.refusals import Unknown
from messaging.backends.base import BadSeq, Blocks, ConnectionStore, EpochConflict, PairConflict
from messaging.domain import ContactState, EpochHead, NewEpoch, Pair, PairState, block_bit
from tests.contracts.adapters import NOW, Chat, new_id, vector_of

ASKED, ASKS, CONNECTED, CLOSED, BLOCKED = ContactState


class People:
    """Two strangers, and what each sees of the other."""

    def __init__(self, store: ConnectionStore) -> None:
        self.store = store
        self.alice, self.bob = sorted([new_id(), new_id()])

    async def ask(self, who: bytes, time: int = NOW) -> Pair:
        return await self.store.ask(who, self.other(who), new_id(), time)

    async def become(self, state: PairState, time: int = NOW) -> Pair:
        pair = await self.now()
        return await self.store.change(pair, state, pair.blocked, time)

    async def block(self, who: bytes, time: int = NOW) -> Pair:
        pair = await self.now()
        bit = block_bit(who, self.other(who))
        return await self.store.change(pair, pair.state, pair.blocked | bit, time)

    async def unblock(self, who: bytes, time: int = NOW) -> Pair:
        pair = await self.now()
        bit = block_bit(who, self.other(who))
        return await self.store.change(pair, pair.state, pair.blocked & ~bit, time)

    async def now(self) -> Pair:
        pair = await self.store.pair(self.alice, self.bob)
        assert pair is not None
        return pair

    async def seen(self) -> tuple[ContactState, ContactState]:
        """As alice and as bob see it."""
        return (await self.row(self.alice)).state, (await self.row(self.bob)).state

    async def row(self, who: bytes):
        [row] = await self.store.contacts(who)
        return row

    def other(self, who: bytes) -> bytes:
        return self.bob if who == self.alice else self.alice


@pytest.fixture
def people(store: ConnectionStore) -> People:
    return People(store)


class TestAsking:
    async def test_strangers_have_no_pair(self, store, people):
        assert await store.pair(people.alice, people.bob) is None
        assert await store.contacts(people.alice) == []

    @pytest.mark.parametrize("first", ["alice", "bob"])
    async def test_a_request_waits_for_the_other(self, people, first):
        who = getattr(people, first)
        await people.ask(who)
        assert (await people.row(who)).state is ASKED
        assert (await people.row(people.other(who))).state is ASKS

    async def test_the_pair_is_one_in_either_order(self, store, people):
        pair = await people.ask(people.bob)
        assert await store.pair(people.bob, people.alice) == pair
        assert (pair.user1, pair.user2) == (people.alice, people.bob)

    async def test_asking_again_changes_nothing(self, people):
        first = await people.ask(people.alice, NOW)
        assert await people.ask(people.alice, NOW + 5) == first
        assert (await people.row(people.bob)).since == NOW

    async def test_two_requests_that_cross_connect_under_one_id(self, people):
        first = await people.ask(people.alice)
        second = await people.ask(people.bob)
        assert second.conv == first.conv
        assert await people.seen() == (CONNECTED, CONNECTED)

    async def test_both_in_the_same_instant_leave_one_connection(self, store):
        for _ in range(10):
            people = People(store)
            await asyncio.gather(people.ask(people.alice), people.ask(people.bob))
            assert await people.seen() == (CONNECTED, CONNECTED)
            assert (await people.row(people.alice)).conv == (await people.row(people.bob)).conv

    async def test_the_id_stays_for_good(self, people):
        conv = (await people.ask(people.alice)).conv
        await people.become(PairState.WITHDRAWN)
        assert (await people.ask(people.bob)).conv == conv


class TestAnswers:
    async def test_accepted(self, people):
        await people.ask(people.alice)
        await people.become(PairState.CONNECTED, NOW + 7)
        assert await people.seen() == (CONNECTED, CONNECTED)
        assert (await people.row(people.alice)).since == NOW + 7

    async def test_a_no_looks_like_no_answer(self, people):
        await people.ask(people.alice)
        before = await people.row(people.alice)
        await people.become(PairState.DECLINED, NOW + 7)
        assert await people.row(people.alice) == before
        assert (await people.row(people.bob)).state is CLOSED

    async def test_who_was_refused_may_ask_for_ever_in_vain(self, people):
        await people.ask(people.alice)
        await people.become(PairState.DECLINED)
        await people.ask(people.alice)
        assert await people.seen() == (ASKED, CLOSED)
        await people.become(PairState.DROPPED)
        assert await people.seen() == (CLOSED, CLOSED)
        await people.ask(people.alice)
        assert await people.seen() == (ASKED, CLOSED)

    async def test_who_refused_may_think_it_over(self, people):
        await people.ask(people.alice)
        await people.become(PairState.DECLINED)
        await people.ask(people.bob)
        assert await people.seen() == (CONNECTED, CONNECTED)

    async def test_a_no_taken_back_leaves_no_trace_with_who_asked(self, people):
        await people.ask(people.alice)
        before = await people.row(people.alice)
        await people.become(PairState.DECLINED)
        await people.become(PairState.REQUESTED, NOW + 7)
        assert await people.row(people.alice) == before
        assert await people.seen() == (ASKED, ASKS)

    async def test_who_refused_asks_again_once_it_was_dropped(self, people):
        await people.ask(people.alice)
        await people.become(PairState.DECLINED)
        await people.become(PairState.DROPPED)
        await people.ask(people.bob)
        assert await people.seen() == (ASKS, ASKED)

    async def test_withdrawn_it_is_closed_and_may_be_asked_again(self, people):
        await people.ask(people.alice)
        await people.become(PairState.WITHDRAWN)
        assert await people.seen() == (CLOSED, CLOSED)
        await people.ask(people.bob)
        assert await people.seen() == (ASKS, ASKED)


class TestBlocking:
    async def test_the_blocked_side_sees_no_change(self, people):
        await people.ask(people.alice)
        await people.become(PairState.CONNECTED)
        before = await people.row(people.alice)
        await people.block(people.bob, NOW + 7)
        after = await people.row(people.alice)
        assert (after.state, after.since, before.withheld) == (before.state, before.since, False)
        assert after.withheld is True
        assert (await people.row(people.bob)).state is BLOCKED

    async def test_unblocked_it_is_as_it_was(self, people):
        await people.ask(people.alice)
        await people.become(PairState.CONNECTED)
        await people.block(people.bob)
        await people.unblock(people.bob, NOW + 9)
        assert await people.seen() == (CONNECTED, CONNECTED)
        assert (await people.row(people.alice)).since == NOW
        assert (await people.row(people.alice)).withheld is False

    async def test_the_blocker_cannot_ask(self, people):
        await people.ask(people.alice)
        await people.block(people.bob)
        with pytest.raises(Blocks):
            await people.ask(people.bob)
        assert await people.seen() == (ASKED, BLOCKED)

    async def test_the_blocked_may_ask_and_nobody_hears(self, people):
        await people.ask(people.alice)
        await people.become(PairState.WITHDRAWN)
        await people.block(people.bob)
        await people.ask(people.alice)
        assert await people.seen() == (ASKED, BLOCKED)
        await people.unblock(people.bob)
        assert await people.seen() == (ASKED, ASKS)

    async def test_each_blocks_for_himself(self, people):
        await people.ask(people.alice)
        await people.block(people.alice)
        await people.block(people.bob)
        assert await people.seen() == (BLOCKED, BLOCKED)
        await people.unblock(people.bob)
        assert await people.seen() == (BLOCKED, ASKS)


class TestChange:
    async def test_an_old_version_loses_and_sees_the_winner(self, store, people):
        was = await people.ask(people.alice)
        winner = await store.change(was, PairState.WITHDRAWN, 0, NOW)
        with pytest.raises(PairConflict) as lost:
            await store.change(was, PairState.CONNECTED, 0, NOW)
        assert lost.value.pair == winner == await people.now()
        assert await people.seen() == (CLOSED, CLOSED)

    async def test_repeating_the_winning_change_gives_the_same_pair(self, store, people):
        was = await people.ask(people.alice)
        changed = await store.change(was, PairState.CONNECTED, 0, NOW)
        assert await store.change(was, PairState.CONNECTED, 0, NOW + 5) == changed
        assert (await people.row(people.alice)).since == NOW

    async def test_of_two_at_once_one_wins(self, store, people):
        was = await people.ask(people.alice)
        changes = [
            store.change(was, state, 0, NOW) for state in (PairState.CONNECTED, PairState.DECLINED)
        ]
        answers = await asyncio.gather(*changes, return_exceptions=True)
        assert sum(isinstance(answer, PairConflict) for answer in answers) == 1
        assert (await people.now()).version == was.version + 1

    async def test_a_pair_that_is_not_there(self, store, people):
        pair = await people.ask(people.alice)
        ghost = Pair(new_id(), new_id(), new_id(), NOW, pair.state, pair.asked_by, 0, 1)
        with pytest.raises(Unknown):
            await store.change(ghost, PairState.CONNECTED, 0, NOW)


class TestMembership:
    async def test_a_conversation_is_known_to_its_two_alone(self, store, chat):
        mine = await store.contact(chat.alice, chat.conv)
        assert mine is not None
        assert (mine.owner, mine.peer, mine.conv) == (chat.alice, chat.bob, chat.conv)
        assert await store.contact(new_id(), chat.conv) is None
        assert await store.contact(chat.alice, new_id()) is None


class TestClear:
    async def test_it_moves_up_only_and_for_one_side(self, store, log, chat):
        for _ in range(3):
            await chat.send(chat.alice)
        for seq in (2, 1):
            await store.clear(chat.bob, chat.alice, seq)
        cleared = {row.owner: row.cleared for row in await both(store, chat)}
        assert cleared == {chat.bob: 2, chat.alice: 0}
        assert [row.cleared for row in await vector_of(log, chat.bob)] == [2]

    async def test_not_above_the_head_and_not_without_a_pair(self, store, chat):
        await chat.send(chat.alice)
        with pytest.raises(BadSeq):
            await store.clear(chat.bob, chat.alice, 2)
        with pytest.raises(Unknown):
            await store.clear(new_id(), chat.alice, 0)
        await store.clear(chat.bob, chat.alice, 1)


async def both(store: ConnectionStore, chat: Chat):
    return [row for who in (chat.alice, chat.bob) for row in await store.contacts(who)]


def epoch(n: int, record: bytes = b"", forced: bool = False, k1: int = 1) -> NewEpoch:
    return NewEpoch(n, record or b"E%d" % n, forced, NOW + n, k1, 1)


class TestEpochs:
    async def test_without_a_message_there_is_none(self, store, people):
        conv = (await people.ask(people.alice)).conv
        assert await store.head(conv) is None
        assert await store.epochs(conv, people.alice, 50) == []

    async def test_one_follows_the_other(self, store, chat):
        await store.advance(chat.conv, epoch(1, forced=True, k1=2**32 + 7))
        assert await store.head(chat.conv) == EpochHead(1, True, NOW + 1, 2**32 + 7, 1)
        found = await store.epochs(chat.conv, chat.alice, 50)
        assert [(row.n, row.record, row.forced, row.box) for row in found] == [
            (1, b"E1", True, None),
            (0, b"E0", False, None),
        ]

    @pytest.mark.parametrize("n", [0, 1, 3])
    async def test_another_at_a_taken_or_a_later_number_loses(self, store, chat, n):
        await store.advance(chat.conv, epoch(1))
        with pytest.raises(EpochConflict) as lost:
            await store.advance(chat.conv, epoch(n, b"other"))
        assert (lost.value.head, lost.value.record) == (1, b"E1")
        assert (await store.head(chat.conv)).n == 1

    async def test_the_first_must_be_0(self, store, people):
        conv = (await people.ask(people.alice)).conv
        with pytest.raises(EpochConflict) as lost:
            await store.advance(conv, epoch(1))
        assert (lost.value.head, lost.value.record) == (None, None)
        await store.advance(conv, epoch(0))

    async def test_repeating_is_success_also_later(self, store, chat):
        for n in (1, 1, 2, 1):
            await store.advance(chat.conv, epoch(n))
        assert (await store.head(chat.conv)).n == 2

    async def test_of_many_at_once_one_wins_and_all_agree(self, store, chat):
        rivals = [epoch(1, b"rival %d" % i) for i in range(8)]
        calls = [store.advance(chat.conv, rival) for rival in rivals]
        answers: list[Any] = await asyncio.gather(*calls, return_exceptions=True)
        [row, _] = await store.epochs(chat.conv, chat.alice, 50)
        winners = [r for r, answer in zip(rivals, answers, strict=True) if answer is None]
        assert [winner.record for winner in winners] == [row.record]
        lost = [answer for answer in answers if answer is not None]
        assert {(answer.head, answer.record) for answer in lost} == {(1, row.record)}

    async def test_pages_go_down(self, store, chat):
        for n in range(1, 6):
            await store.advance(chat.conv, epoch(n))

        async def numbers(n: int, **where):
            return [row.n for row in await store.epochs(chat.conv, chat.alice, n, **where)]

        assert await numbers(2) == [5, 4]
        assert await numbers(3, upto=3) == [3, 2, 1]
        assert await numbers(9, upto=0) == [0]

    async def test_no_conversation_no_epoch(self, store):
        with pytest.raises(Unknown):
            await store.advance(new_id(), epoch(0))


class TestBoxes:
    async def test_each_has_his_own(self, store, chat):
        await store.put_box(chat.alice, chat.conv, 0, 1, b"of alice")
        [mine] = await store.epochs(chat.conv, chat.alice, 1)
        [theirs] = await store.epochs(chat.conv, chat.bob, 1)
        assert (mine.g, mine.box) == (1, b"of alice")
        assert (theirs.g, theirs.box) == (None, None)

    async def test_the_highest_generation_stays(self, store, chat):
        for g, box in [(2, b"two"), (1, b"one"), (2, b"two again"), (3, b"three")]:
            await store.put_box(chat.alice, chat.conv, 0, g, box)
        [row] = await store.epochs(chat.conv, chat.alice, 1)
        assert (row.g, row.box) == (3, b"three")

    async def test_of_equals_one_stays(self, store, chat):
        boxes = [b"first", b"second", b"third"]
        puts = [store.put_box(chat.alice, chat.conv, 0, 1, box) for box in boxes]
        await asyncio.gather(*puts)
        [row] = await store.epochs(chat.conv, chat.alice, 1)
        assert row.box in boxes
        await store.put_box(chat.alice, chat.conv, 0, 1, row.box)
        assert await store.epochs(chat.conv, chat.alice, 1) == [row]

    async def test_dropped_they_are_gone_and_those_of_the_other_stay(self, store, chat):
        for owner in (chat.alice, chat.bob):
            await store.put_box(owner, chat.conv, 0, 7, b"box")
        for _ in range(2):
            await store.drop_boxes(chat.alice, chat.conv)
            [mine] = await store.epochs(chat.conv, chat.alice, 1)
            [theirs] = await store.epochs(chat.conv, chat.bob, 1)
            assert (mine.box, theirs.box) == (None, b"box")

    async def test_not_above_the_head(self, store, chat):
        with pytest.raises(Unknown):
            await store.put_box(chat.alice, chat.conv, 1, 1, b"box")
        with pytest.raises(Unknown):
            await store.put_box(chat.alice, new_id(), 0, 1, b"box")
