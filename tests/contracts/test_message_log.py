"""What every MessageLog does: the docstrings of messaging/backends/base.py, one by one."""

import asyncio
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from chatsite.edge.refusals import Unknown
from messaging.backends.base import BadSeq, MessageLog, Reused, StaleEpoch
from messaging.domain import EpochHead, Gone, VectorRow
from messaging.gaps import GAPS_MAX, Gap, GapKind, Marked
from testkit.running import ROOT
from tests.contracts.adapters import NOW, Chat, connected, new_id, seal, vector_of
from tests.contracts.hostile import a_partner_takes_nothing

MINUTE = 60_000
WITHHELD, PRIVATE = GapKind


async def seen_by(log: MessageLog, chat: Chat, user: bytes) -> VectorRow:
    [row] = [row for row in await vector_of(log, user) if row.conv == chat.conv]
    return row


def in_gap(gaps: Sequence[Gap], seq: int) -> bool:
    return any(gap.first <= seq <= gap.last for gap in gaps)


async def other_process(order: dict) -> list[int]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.contracts.writer", cwd=ROOT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "chatsite.settings"},
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    answer, _ = await process.communicate(json.dumps(order).encode())
    return json.loads(answer)


async def everything(log: MessageLog, chat: Chat, now: int = NOW):
    return await log.page(chat.conv, 50, now, after=0)


class TestAppend:
    async def test_gives_1_2_3_to_both_senders(self, chat):
        places = [await chat.send(who) for who in (chat.alice, chat.bob, chat.alice)]
        assert [place.seq for place in places] == [1, 2, 3]

    async def test_counts_each_sender_apart_and_silent_rows_not_at_all(self, chat):
        kinds = [(chat.alice, 1), (chat.alice, 2), (chat.bob, 1), (chat.alice, 1), (chat.bob, 2)]
        places = [await chat.send(who, kind=kind) for who, kind in kinds]
        assert [place.ord for place in places] == [1, 1, 1, 2, 1]

    async def test_keeps_what_was_sent(self, log, chat):
        draft = chat.draft(chat.alice, kind=2, url="blob1 blob2", after_seq=0)
        row = await log.append(draft, seal, NOW)
        assert (row.text, row.salt, row.url) == (draft.text, draft.salt, draft.url)
        assert (row.client_id, row.sender, row.device) == (
            draft.client_id,
            chat.alice,
            draft.device,
        )
        assert (row.ctr, row.kind, row.epoch, row.ttl) == (draft.ctr, 2, 0, 0)
        assert (row.seq, row.ord, row.time) == (1, 0, NOW)
        assert (row.kid, row.tag) == seal(NOW)
        assert (row.gone, row.withheld) == (None, False)

    @pytest.mark.parametrize("ttl", [0, 60])
    @pytest.mark.parametrize("withheld", [False, True])
    async def test_answers_the_row_that_pages_show(self, log, chat, ttl, withheld):
        await chat.send(chat.alice)
        row = await chat.send(chat.alice, ttl=ttl, withheld=withheld, url="blob")
        assert await log.page(chat.conv, 1, NOW) == [row]

    async def test_time_rises_even_when_the_clock_falls_back(self, log, chat):
        times = [(await chat.send(chat.alice, now=now)).time for now in (NOW, NOW - 5000, NOW)]
        assert times == [NOW, NOW + 1, NOW + 2]
        assert [row.tag for row in await everything(log, chat)] == [seal(time)[1] for time in times]

    async def test_knows_no_other_conversation(self, log, chat):
        with pytest.raises(Unknown):
            await log.append(chat.draft(chat.alice, conv=new_id()), seal, NOW)

    async def test_raises_the_sent_watermark_with_it(self, log, chat):
        await chat.send(chat.alice, now=NOW)
        await chat.send(chat.alice, kind=2, now=NOW + 5)
        for user in (chat.alice, chat.bob):
            row = await seen_by(log, chat, user)
            assert (row.last_seq, row.last_time) == (2, NOW + 5)
        assert (await seen_by(log, chat, chat.alice)).my_ord == 1
        assert (await seen_by(log, chat, chat.bob)).peer_ord == 1

    async def test_knows_a_conversation_from_the_first_request_on(self, adapters, log):
        """Both ports are of one store; whether the two are connected was asked before."""
        alice, bob, conv = new_id(), new_id(), new_id()
        await adapters.store.ask(alice, bob, conv, NOW)
        await log.raise_floor(conv, 0)
        assert await log.page(conv, 50, NOW) == []
        row = await Chat(log, alice, bob, conv).send(bob)
        assert (row.seq, row.time) == (1, NOW)
        assert (await adapters.store.contact(alice, conv)).peer == bob

    async def test_answered_it_is_in_everybodys_reads(self, log, chat):
        """Whatever steps it took: nothing lags behind an answer, in either direction."""
        for n, who in enumerate([chat.alice, chat.bob] * 5, 1):
            row = await chat.send(who, withheld=n % 3 == 0, kind=1 + n % 2)
            assert await log.page(chat.conv, 1, NOW) == [row]
            assert (await seen_by(log, chat, who)).last_seq == n
            other = chat.bob if who == chat.alice else chat.alice
            assert row.withheld or (await seen_by(log, chat, other)).last_seq == n
            await log.mark(chat.conv, other, who, NOW, got=n)


class TestRepeat:
    @pytest.mark.parametrize("ttl", [0, 60])
    async def test_gives_the_first_answer(self, log, chat, ttl):
        draft = chat.draft(chat.alice, ttl=ttl)
        first = await log.append(draft, seal, NOW)
        await chat.send(chat.bob)
        assert await log.append(draft, seal, NOW + 30_000) == first
        assert len(await everything(log, chat)) == 2

    async def test_gives_it_below_the_floor_too(self, log, chat):
        draft = chat.draft(chat.alice)
        first = await log.append(draft, seal, NOW)
        await log.raise_floor(chat.conv, 1)
        assert await log.append(draft, seal, NOW) == first

    async def test_of_an_erased_message(self, log, chat):
        draft = chat.draft(chat.alice)
        first = await log.append(draft, seal, NOW)
        await chat.erase(first)
        again = await log.append(draft, seal, NOW)
        assert (again.seq, again.time, again.gone) == (first.seq, first.time, Gone.ERASED)
        assert [row.gone for row in await everything(log, chat)] == [Gone.ERASED, None]

    @pytest.mark.parametrize(
        "change",
        [
            {"text": b"another"},
            {"salt": b"s" * 32},
            {"device": new_id()},
            {"ctr": 99},
            {"kind": 2},
            {"url": "blob"},
            {"ttl": 60},
        ],
        ids=lambda change: next(iter(change)),
    )
    @pytest.mark.parametrize("ttl", [0, 120])
    async def test_with_anything_else_is_refused(self, log, chat, change, ttl):
        draft = chat.draft(chat.alice, ttl=ttl)
        await log.append(draft, seal, NOW)
        with pytest.raises(Reused):
            await log.append(replace(draft, **change), seal, NOW)
        assert len(await everything(log, chat)) == 1

    async def test_by_the_other_is_refused(self, log, chat):
        draft = chat.draft(chat.alice)
        await log.append(draft, seal, NOW)
        with pytest.raises(Reused):
            await log.append(replace(draft, sender=chat.bob, peer=chat.alice), seal, NOW)

    async def test_the_same_name_elsewhere_is_another_message(self, adapters, log, chat):
        other = await connected(adapters)
        draft = chat.draft(chat.alice)
        await log.append(draft, seal, NOW)
        there = replace(draft, conv=other.conv, sender=other.alice, peer=other.bob)
        assert (await log.append(there, seal, NOW)).conv == other.conv

    async def test_does_not_prolong_a_salt(self, log, chat):
        draft = chat.draft(chat.alice, ttl=60)
        await log.append(draft, seal, NOW)
        await log.append(draft, seal, NOW + 30_000)
        ids = [draft.client_id]
        assert await log.salts(chat.conv, ids, NOW + MINUTE - 1) == {draft.client_id: draft.salt}
        assert await log.salts(chat.conv, ids, NOW + MINUTE) == {}


async def test_find_knows_what_is_there_and_from_where(log, chat):
    draft = chat.draft(chat.alice)
    assert await log.find(chat.conv, draft.client_id, 0) is None
    await chat.send(chat.bob)
    await log.append(draft, seal, NOW)
    assert await log.find(chat.conv, draft.client_id, 0) == 2
    assert await log.find(chat.conv, draft.client_id, 2) is None
    assert await log.find(new_id(), draft.client_id, 0) is None


class TestFloor:
    async def test_the_parent_is_good_for_a_minute(self, log, chat):
        second = EpochHead(n=1, forced=False, time=NOW, k1=1, k2=1)
        await chat.send(chat.alice, head=second, epoch=0, now=NOW + MINUTE)
        with pytest.raises(StaleEpoch) as refused:
            await chat.send(chat.alice, head=second, epoch=0, now=NOW + MINUTE + 1)
        assert refused.value.floor == 1
        await chat.send(chat.alice, head=second, epoch=1, now=NOW + MINUTE + 1)

    async def test_the_grandparent_is_not(self, log, chat):
        third = EpochHead(n=2, forced=False, time=NOW, k1=1, k2=1)
        with pytest.raises(StaleEpoch):
            await chat.send(chat.alice, head=third, epoch=0)
        await chat.send(chat.alice, head=third, epoch=1)

    async def test_a_forced_epoch_counts_at_once(self, chat):
        forced = EpochHead(n=1, forced=True, time=NOW, k1=2, k2=1)
        with pytest.raises(StaleEpoch):
            await chat.send(chat.alice, head=forced, epoch=0)
        await chat.send(chat.alice, head=forced, epoch=1)

    async def test_it_stays_where_it_was(self, chat):
        """A session that has not heard of the rotation, or a clock that fell back."""
        second = EpochHead(n=1, forced=False, time=NOW, k1=1, k2=1)
        await chat.send(chat.alice, head=second, epoch=1, now=NOW + MINUTE + 1)
        with pytest.raises(StaleEpoch):
            await chat.send(chat.bob, epoch=0, now=NOW)

    async def test_raised_it_refuses_everything_below(self, log, chat):
        await chat.send(chat.alice, epoch=0)
        await log.raise_floor(chat.conv, 1)
        with pytest.raises(StaleEpoch):
            await chat.send(chat.alice, epoch=0)
        await log.raise_floor(chat.conv, 0)
        with pytest.raises(StaleEpoch):
            await chat.send(chat.alice, epoch=0)

    async def test_a_refused_draft_leaves_nothing(self, log, chat):
        await log.raise_floor(chat.conv, 1)
        draft = chat.draft(chat.alice, ttl=60)
        with pytest.raises(StaleEpoch):
            await log.append(draft, seal, NOW)
        assert await everything(log, chat) == []
        assert await log.salts(chat.conv, [draft.client_id], NOW) == {}
        assert (await seen_by(log, chat, chat.bob)).last_seq == 0

    async def test_it_exists_only_with_the_conversation(self, log):
        with pytest.raises(Unknown):
            await log.raise_floor(new_id(), 1)


class TestMarks:
    async def test_got_and_read_are_registers(self, log, chat):
        for _ in range(3):
            await chat.send(chat.alice)
        await log.mark(chat.conv, chat.bob, chat.alice, NOW, got=3, read=(2, 2))
        await log.mark(chat.conv, chat.bob, chat.alice, NOW + 9, got=1, read=(1, 1))
        mine = await seen_by(log, chat, chat.bob)
        assert (mine.my_got, mine.my_read, mine.my_read_ord) == (3, 2, 2)
        theirs = await seen_by(log, chat, chat.alice)
        assert (theirs.peer_got, theirs.peer_read) == (3, 2)
        assert (theirs.got_time, theirs.read_time) == (NOW, NOW)

    async def test_of_one_seq_the_higher_ord_stays_and_is_no_news(self, log, chat):
        for _ in range(2):
            await chat.send(chat.alice)
        mark = partial(log.mark, chat.conv, chat.bob, chat.alice)
        assert await mark(NOW, read=(2, 1)) == Marked(read=2)
        assert await mark(NOW, read=(2, 2)) == Marked()
        assert await mark(NOW, read=(2, 1)) == Marked()
        row = await seen_by(log, chat, chat.bob)
        assert (row.my_read, row.my_read_ord) == (2, 2)

    async def test_a_row_counts_before_its_reader_may_see_it(self, log, chat):
        """A mark above the reader's own last_seq: the log has the row, and shows it to nobody."""
        await chat.send(chat.alice)
        await chat.send(chat.alice, withheld=True)
        await log.mark(chat.conv, chat.bob, chat.alice, NOW, got=2, read=(2, 1))
        row = await seen_by(log, chat, chat.bob)
        assert (row.last_seq, row.my_got, row.my_read) == (1, 2, 2)
        assert row.peer_ord - row.my_read_ord == 0
        await chat.send(chat.alice)
        row = await seen_by(log, chat, chat.bob)
        assert (row.last_seq, row.peer_ord - row.my_read_ord) == (3, 1)

    async def test_either_alone(self, log, chat):
        await chat.send(chat.alice)
        await log.mark(chat.conv, chat.bob, chat.alice, NOW, read=(1, 1))
        assert (await seen_by(log, chat, chat.alice)).peer_got == 0
        await log.mark(chat.conv, chat.bob, chat.alice, NOW, got=1)
        assert (await seen_by(log, chat, chat.alice)).peer_got == 1

    async def test_unread_is_the_difference_of_ords(self, log, chat):
        for kind in (1, 2, 1, 1):
            await chat.send(chat.alice, kind=kind)
        await log.mark(chat.conv, chat.bob, chat.alice, NOW, read=(3, 2))
        row = await seen_by(log, chat, chat.bob)
        assert row.peer_ord - row.my_read_ord == 1

    async def test_with_receipts_off_the_peer_sees_nothing_then_or_later(self, log, chat):
        for _ in range(3):
            await chat.send(chat.alice)
        await log.mark(chat.conv, chat.bob, chat.alice, NOW, read=(1, 1))
        await log.mark(chat.conv, chat.bob, chat.alice, NOW + 5, read=(2, 2), own_only=True)
        assert (await seen_by(log, chat, chat.bob)).my_read == 2
        row = await seen_by(log, chat, chat.alice)
        assert (row.peer_read, row.read_time) == (1, NOW)
        await log.mark(chat.conv, chat.bob, chat.alice, NOW + 9, read=(2, 2), own_only=True)
        assert (await seen_by(log, chat, chat.alice)).peer_read == 1
        await log.mark(chat.conv, chat.bob, chat.alice, NOW + 9, read=(3, 3))
        assert (await seen_by(log, chat, chat.alice)).peer_read == 3

    @pytest.mark.parametrize("lie", [{"got": 3}, {"read": (3, 2)}, {"read": (2, 3)}])
    async def test_above_the_head_is_refused(self, log, chat, lie):
        for _ in range(2):
            await chat.send(chat.alice)
        await log.mark(chat.conv, chat.bob, chat.alice, NOW, got=2, read=(2, 2))
        with pytest.raises(BadSeq):
            await log.mark(chat.conv, chat.bob, chat.alice, NOW, **lie)
        with pytest.raises(BadSeq):
            await log.mark(new_id(), chat.bob, chat.alice, NOW, got=1)
        row = await seen_by(log, chat, chat.bob)
        assert (row.my_got, row.my_read, row.my_read_ord) == (2, 2, 2)


class TestVector:
    async def test_a_pair_without_messages_is_a_row_of_zeros(self, log, chat):
        row = await seen_by(log, chat, chat.alice)
        assert (row.peer, row.state, row.since) == (chat.bob, 3, NOW)
        assert row == replace(
            row, last_seq=0, my_ord=0, peer_ord=0, my_read=0, my_read_ord=0, my_got=0,
            peer_read=0, peer_got=0, cleared=0, last_time=0, read_time=0, got_time=0,
        )  # fmt: skip

    async def test_a_stranger_has_none(self, log, chat):
        assert await vector_of(log, new_id()) == []

    async def test_each_pair_once(self, adapters, log, chat):
        carol = new_id()
        await adapters.store.ask(carol, chat.alice, new_id(), NOW)
        assert {row.peer for row in await vector_of(log, chat.alice)} == {chat.bob, carol}
        assert {row.peer for row in await vector_of(log, chat.bob)} == {chat.alice}

    @pytest.mark.parametrize("n", [1, 2, 3, 5, 6])
    async def test_comes_in_pages_each_pair_on_one(self, adapters, log, chat, n):
        """With what belongs to each, and with a pair that is made between two pages."""
        peers = [new_id() for _ in range(4)]
        for peer in peers:
            await adapters.store.ask(peer, chat.alice, new_id(), NOW)
        await chat.send(chat.alice, withheld=True)
        await chat.send(chat.alice)
        await log.mark(chat.conv, chat.bob, chat.alice, NOW, got=2)
        page = await log.vector(chat.alice, n)
        rows = page.rows
        await adapters.store.ask(new_id(), chat.alice, new_id(), NOW)
        while page.after is not None:
            assert len(page.rows) <= n
            page = await log.vector(chat.alice, n, page.after)
            rows = rows + page.rows
        of_peer = [row.peer for row in rows]
        assert len(of_peer) == len(set(of_peer))
        assert {chat.bob, *peers} <= set(of_peer)
        gaps = {row.peer: row.gaps for row in rows if row.gaps}
        assert gaps == {chat.bob: (Gap(WITHHELD, 1, 1),)}


class TestPages:
    async def test_back_and_forth(self, log, chat):
        for _ in range(7):
            await chat.send(chat.alice)

        async def seqs(**where):
            return [row.seq for row in await log.page(chat.conv, 3, NOW, **where)]

        assert await seqs() == [7, 6, 5]
        assert await seqs(before=5) == [4, 3, 2]
        assert await seqs(before=2) == [1]
        assert await seqs(before=1) == []
        assert await seqs(after=0) == [1, 2, 3]
        assert await seqs(after=6) == [7]
        assert await seqs(after=7) == []

    async def test_bounded_in_bytes_a_page_ends_with_the_row_that_is_too_much(self, log, chat):
        """Small ones first, so that an adapter which reads a few rows reads on."""
        sizes = [1] * 12 + [5000, 1, 5000, 3000, 7000, 1, 1, 1]
        for size in sizes:
            await chat.send(chat.alice, text=b"x" * size)
        await chat.erase((await everything(log, chat))[13])

        async def seqs(n: int, size: int, **where):
            return [row.seq for row in await log.page(chat.conv, n, NOW, size=size, **where)]

        assert await seqs(50, 100_000, after=0) == [*range(1, 22)]
        assert await seqs(50, 5012, after=0) == [*range(1, 16)]
        assert await seqs(50, 5011, after=0) == [*range(1, 14)]
        assert await seqs(9, 5012, after=0) == [*range(1, 10)]
        assert await seqs(50, 0, after=12) == [13]
        assert await seqs(50, 0, before=14) == [13]
        assert await seqs(50, 9000) == [21, 20, 19, 18, 17, 16]
        assert await seqs(50, 15_100, before=17) == [*range(16, 0, -1)]
        assert await seqs(50, 0, after=21) == []
        assert await seqs(50, 0, before=1) == []
        assert await log.page(new_id(), 50, NOW, size=0) == []

    async def test_what_has_expired_takes_no_room_on_a_page(self, log, chat):
        for ttl in (60, 60, 0, 0):
            await chat.send(chat.alice, ttl=ttl, text=b"x" * 100)
        later = NOW + 61_000
        found = await log.page(chat.conv, 50, later, after=0, size=99)
        assert [row.seq for row in found] == [1, 2, 3]

    async def test_another_conversation_is_empty(self, log, chat):
        await chat.send(chat.alice)
        assert len(await everything(log, chat)) == 1
        assert await log.page(new_id(), 50, NOW) == []

    async def test_last_of_several(self, adapters, log, chat):
        other, silent = await connected(adapters), await connected(adapters)
        await chat.send(chat.alice)
        await chat.send(chat.bob)
        await other.send(other.bob)
        third = await adapters.store.ask(chat.alice, other.bob, new_id(), NOW)
        await adapters.store.ask(other.bob, chat.alice, new_id(), NOW)
        await log.append(chat.draft(chat.alice, conv=third.conv, peer=other.bob), seal, NOW)
        asked = [chat.conv, third.conv, other.conv, silent.conv, new_id()]
        found = await log.last(chat.alice, asked, NOW)
        assert {conv: row.seq for conv, row in found.items()} == {chat.conv: 2, third.conv: 1}
        assert await log.last(chat.alice, [], NOW) == {}


class TestGone:
    @pytest.mark.parametrize("ttl", [0, 3600])
    async def test_erased_the_row_stays_and_the_content_goes(self, log, chat, ttl):
        draft = chat.draft(chat.alice, ttl=ttl)
        await log.append(draft, seal, NOW)
        note = chat.draft(chat.alice, kind=2, erase=(1, draft.client_id))
        for _ in range(2):
            said = await log.append(note, seal, NOW)
            [row, last] = await everything(log, chat)
            assert (last, last.text) == (said, note.text)
            assert (row.gone, row.seq, row.ord, row.ttl) == (Gone.ERASED, 1, 1, ttl)
            assert (row.text, row.salt, row.tag, row.kid, row.url) == (None, None, None, None, "")
            assert await log.salts(chat.conv, [draft.client_id], NOW) == {}

    async def test_nobody_erases_what_is_not_theirs_or_not_there(self, log, chat):
        row = await chat.send(chat.alice)
        wrong = [(1, new_id()), (2, row.client_id), (2, new_id())]
        drafts = [chat.draft(chat.alice, erase=erase) for erase in wrong]
        drafts.append(chat.draft(chat.bob, erase=(1, row.client_id)))
        for draft in drafts:
            with pytest.raises(Unknown):
                await log.append(draft, seal, NOW)
        assert await everything(log, chat) == [row]

    @pytest.mark.parametrize("ttl", [0, 3600])
    async def test_erased_without_a_word_too(self, log, chat, ttl):
        draft = chat.draft(chat.alice, ttl=ttl)
        await log.append(draft, seal, NOW)
        kept = await chat.send(chat.bob)
        for _ in range(2):
            await log.erase(chat.conv, chat.alice, 1, draft.client_id)
            [row, other] = await everything(log, chat)
            assert (row.gone, row.seq, row.ord, row.text, row.salt, row.tag, row.url) == (
                *(Gone.ERASED, 1, 1, None, None, None, ""),
            )
            assert other == kept
            assert await log.salts(chat.conv, [draft.client_id], NOW) == {}
        for sender, seq, client_id in (
            (chat.bob, 1, draft.client_id), (chat.alice, 2, kept.client_id),
            (chat.bob, 3, kept.client_id), (chat.bob, 2, new_id()),
        ):  # fmt: skip
            with pytest.raises(Unknown):
                await log.erase(chat.conv, sender, seq, client_id)

    async def test_what_is_refused_erases_nothing(self, log, chat):
        row = await chat.send(chat.alice)
        await log.raise_floor(chat.conv, 1)
        with pytest.raises(StaleEpoch):
            await chat.erase(row)
        assert await everything(log, chat) == [row]
        other = await chat.send(chat.alice, epoch=1)
        reused = chat.draft(
            chat.alice, epoch=1, client_id=other.client_id, erase=(1, row.client_id)
        )
        with pytest.raises(Reused):
            await log.append(reused, seal, NOW)
        assert await everything(log, chat) == [row, other]

    async def test_expired_content_is_gone_at_its_time(self, log, chat):
        draft = chat.draft(chat.alice, ttl=60)
        await log.append(draft, seal, NOW)
        [row] = await everything(log, chat, NOW + MINUTE - 1)
        assert (row.gone, row.text, row.salt) == (None, draft.text, None)
        [row] = await everything(log, chat, NOW + MINUTE)
        assert (row.gone, row.text, row.tag) == (Gone.EXPIRED, None, None)

    async def test_expire_clears_it_for_good(self, adapters, log, chat):
        if adapters.lapses_itself:  # by its own clock; tests of the adapter wait for it
            return
        while await log.expire(NOW + 900 * MINUTE, 1000):
            pass  # of other tests
        kept, short, long = (chat.draft(chat.alice, ttl=ttl) for ttl in (0, 60, 3600))
        for draft in (kept, short, long):
            await log.append(draft, seal, NOW)
        assert await log.expire(NOW + MINUTE - 1, 1000) == 0
        assert await log.expire(NOW + 2 * MINUTE, 1000) == 1
        assert await log.expire(NOW + 2 * MINUTE, 1000) == 0
        rows = await everything(log, chat, NOW)  # even by a clock that fell back
        assert [row.gone for row in rows] == [None, Gone.EXPIRED, None]
        ids = [short.client_id, long.client_id]
        assert await log.salts(chat.conv, ids, NOW) == {long.client_id: long.salt}
        again = await log.append(short, seal, NOW)
        assert (again.seq, again.gone) == (2, Gone.EXPIRED)

    async def test_expire_takes_no_more_than_its_limit(self, adapters, log, chat):
        if adapters.lapses_itself:
            assert await log.expire(NOW + 9 * MINUTE, 2) == 0
            return
        while await log.expire(NOW + 900 * MINUTE, 1000):
            pass
        for _ in range(3):
            await chat.send(chat.alice, ttl=60)
        assert [await log.expire(NOW + 9 * MINUTE, 2) for _ in range(3)] == [2, 1, 0]


class TestWithheld:
    async def test_the_sender_sees_his_message_sent(self, log, chat):
        await chat.send(chat.alice, now=NOW)
        place = await chat.send(chat.alice, withheld=True, now=NOW + 10)
        assert (place.seq, place.ord) == (2, 2)
        row = await seen_by(log, chat, chat.alice)
        assert (row.last_seq, row.my_ord, row.last_time) == (2, 2, NOW + 10)

    async def test_the_blocker_does_not(self, log, chat):
        await chat.send(chat.alice, now=NOW)
        before = await seen_by(log, chat, chat.bob)
        await chat.send(chat.alice, withheld=True, now=NOW + 10)
        after = await seen_by(log, chat, chat.bob)
        assert (after.last_seq, after.peer_ord, after.last_time) == (
            before.last_seq,
            before.peer_ord,
            before.last_time,
        )

    async def test_it_never_counts_as_unread_later(self, log, chat):
        await chat.send(chat.alice, withheld=True)
        await chat.send(chat.alice, withheld=True, kind=2)
        place = await chat.send(chat.alice)
        row = await seen_by(log, chat, chat.bob)
        assert (row.peer_ord, row.my_read, row.my_read_ord) == (1, 0, 0)
        assert (place.ord, place.hid) == (2, 1)
        [*_, last] = await everything(log, chat)
        assert (last.ord_for(chat.alice), last.ord_for(chat.bob)) == (2, 1)

    async def test_what_was_unread_stays_unread(self, log, chat):
        await chat.send(chat.alice)
        await chat.send(chat.alice)
        await log.mark(chat.conv, chat.bob, chat.alice, NOW, read=(1, 1))
        await chat.send(chat.alice, withheld=True)
        row = await seen_by(log, chat, chat.bob)
        assert (row.peer_ord - row.my_read_ord, row.my_read) == (1, 1)
        await chat.send(chat.alice)
        row = await seen_by(log, chat, chat.bob)
        assert row.peer_ord - row.my_read_ord == 2
        await log.mark(chat.conv, chat.bob, chat.alice, NOW, read=(4, row.peer_ord))
        assert (await seen_by(log, chat, chat.bob)).my_read_ord == row.peer_ord

    async def test_a_mark_counts_what_its_reader_sees(self, log, chat):
        await chat.send(chat.alice, withheld=True)
        await chat.send(chat.alice)
        with pytest.raises(BadSeq):
            await log.mark(chat.conv, chat.bob, chat.alice, NOW, read=(2, 2))
        moved = await log.mark(chat.conv, chat.bob, chat.alice, NOW, read=(2, 1))
        assert moved == Marked(read=2, gaps=(Gap(WITHHELD, 1, 1),))

    async def test_the_newest_row_is_the_newest_its_owner_may_see(self, log, chat):
        await chat.send(chat.alice)
        await chat.send(chat.alice, withheld=True)
        for owner, seq in ((chat.alice, 2), (chat.bob, 1)):
            found = await log.last(owner, [chat.conv], NOW)
            assert found[chat.conv].seq == seq

    async def test_a_repeat_tells_the_same_count(self, log, chat):
        await chat.send(chat.alice, withheld=True)
        draft = chat.draft(chat.alice)
        first = await log.append(draft, seal, NOW)
        assert await log.append(draft, seal, NOW) == first
        assert first.hid == 1

    async def test_the_sender_gets_no_receipt_by_it(self, log, chat):
        await chat.send(chat.alice, withheld=True)
        row = await seen_by(log, chat, chat.alice)
        assert (row.peer_read, row.peer_got, row.read_time) == (0, 0, 0)

    async def test_the_log_stays_dense_and_says_so(self, log, chat):
        for withheld in (False, True, False):
            await chat.send(chat.alice, withheld=withheld)
        rows = await everything(log, chat)
        assert [(row.seq, row.withheld) for row in rows] == [(1, False), (2, True), (3, False)]
        assert rows[1].text is not None


class TestGaps:
    """What a mark passed over; `gaps` of the sender's row, and what `mark` answers."""

    async def test_withheld_rows_in_a_row_are_one_gap(self, log, chat):
        for withheld in (False, True, True, False, True, False):
            await chat.send(chat.alice, withheld=withheld)
        moved = await log.mark(chat.conv, chat.bob, chat.alice, NOW, got=6, read=(6, 3))
        assert moved == Marked(6, 6, (Gap(WITHHELD, 2, 3), Gap(WITHHELD, 5, 5)))
        assert (await seen_by(log, chat, chat.alice)).gaps == moved.gaps
        assert (await seen_by(log, chat, chat.bob)).gaps == ()

    async def test_nothing_shows_above_the_mark(self, log, chat):
        for withheld in (False, True, True, True):
            await chat.send(chat.alice, withheld=withheld)
        assert (await seen_by(log, chat, chat.alice)).gaps == ()
        assert await log.mark(chat.conv, chat.bob, chat.alice, NOW, got=1) == Marked(got=1)
        for upto in (2, 3):
            moved = await log.mark(chat.conv, chat.bob, chat.alice, NOW, got=upto)
            assert moved == Marked(got=upto, gaps=(Gap(WITHHELD, 2, upto),))
            assert (await seen_by(log, chat, chat.alice)).gaps == moved.gaps
        await chat.send(chat.alice, withheld=True)
        assert (await seen_by(log, chat, chat.alice)).gaps == moved.gaps

    async def test_only_the_direction_that_was_withheld_has_a_gap(self, log, chat):
        await chat.send(chat.alice, withheld=True)
        await chat.send(chat.bob, withheld=True)
        await chat.send(chat.alice)
        await chat.send(chat.bob)
        await log.mark(chat.conv, chat.bob, chat.alice, NOW, got=3)
        await log.mark(chat.conv, chat.alice, chat.bob, NOW, got=4)
        ours, theirs = await seen_by(log, chat, chat.alice), await seen_by(log, chat, chat.bob)
        assert in_gap(ours.gaps, 1)
        assert not in_gap(ours.gaps, 3)
        assert in_gap(theirs.gaps, 2)
        assert not in_gap(theirs.gaps, 4)

    async def test_read_in_private_is_never_told(self, log, chat):
        for _ in range(5):
            await chat.send(chat.alice)
        mark = partial(log.mark, chat.conv, chat.bob, chat.alice)
        assert await mark(NOW, read=(1, 1)) == Marked(read=1)
        for seq in (2, 3):  # one gap
            assert await mark(NOW, read=(seq, seq), own_only=True) == Marked()
        for seq in (2, 3):  # told to everybody by now: repeated, it tells nothing
            assert await mark(NOW, read=(seq, seq)) == Marked()
        assert (await seen_by(log, chat, chat.alice)).gaps == ()
        assert await mark(NOW, read=(4, 4)) == Marked(read=4, gaps=(Gap(PRIVATE, 2, 3),))
        assert await mark(NOW, read=(5, 5), own_only=True) == Marked()
        row = await seen_by(log, chat, chat.alice)
        assert (row.peer_read, row.gaps) == (4, (Gap(PRIVATE, 2, 3),))

    async def test_received_in_private_is_told_with_the_next(self, log, chat):
        for _ in range(3):
            await chat.send(chat.alice)
        mark = partial(log.mark, chat.conv, chat.bob, chat.alice)
        assert await mark(NOW, got=2, own_only=True) == Marked()
        assert (await seen_by(log, chat, chat.bob)).my_got == 2
        row = await seen_by(log, chat, chat.alice)
        assert (row.peer_got, row.got_time) == (0, 0)
        assert await mark(NOW + 5, got=3) == Marked(got=3)
        row = await seen_by(log, chat, chat.alice)
        assert (row.peer_got, row.got_time, row.gaps) == (3, NOW + 5, ())

    async def test_the_newest_are_told(self, log, chat):
        count = GAPS_MAX + 3
        for _ in range(count):
            await chat.send(chat.alice, withheld=True)
            await chat.send(chat.alice)
        moved = await log.mark(chat.conv, chat.bob, chat.alice, NOW, got=2 * count)
        assert [gap.first for gap in moved.gaps] == list(range(7, 2 * count, 2))
        assert (await seen_by(log, chat, chat.alice)).gaps == moved.gaps

    async def test_of_each_peer_their_own(self, adapters, log, chat):
        await chat.send(chat.alice, withheld=True)
        await chat.send(chat.alice)
        await log.mark(chat.conv, chat.bob, chat.alice, NOW, got=2)
        carol = new_id()
        await adapters.store.ask(carol, chat.alice, new_id(), NOW)
        gaps = {row.peer: row.gaps for row in await vector_of(log, chat.alice)}
        assert gaps == {chat.bob: (Gap(WITHHELD, 1, 1),), carol: ()}


class TestManyAtOnce:
    async def test_two_people_at_once_leave_a_dense_log(self, log, chat):
        drafts = [chat.draft(who) for who in (chat.alice, chat.bob) for _ in range(60)]
        places = await asyncio.gather(*[log.append(draft, seal, NOW) for draft in drafts])
        assert sorted(place.seq for place in places) == list(range(1, 121))
        assert sorted(place.ord for place in places[:60]) == list(range(1, 61))
        assert len({place.time for place in places}) == 120

    async def test_the_same_message_many_times_at_once_is_there_once(self, log, chat):
        draft = chat.draft(chat.alice)
        places = await asyncio.gather(*[log.append(draft, seal, NOW) for _ in range(20)])
        assert {place.seq for place in places} == {1}
        assert await everything(log, chat) == places[:1]

    async def test_a_bad_one_among_good_ones_spoils_none(self, log, chat):
        def broken(time: int) -> tuple[str, bytes]:
            raise ZeroDivisionError

        good = [chat.draft(chat.alice) for _ in range(10)]
        calls = [log.append(draft, seal, NOW) for draft in good]
        calls.insert(5, log.append(chat.draft(chat.alice), broken, NOW))
        calls.insert(7, log.append(chat.draft(chat.alice, conv=new_id()), seal, NOW))
        answers: list[Any] = await asyncio.gather(*calls, return_exceptions=True)
        assert isinstance(answers.pop(7), Unknown)
        assert isinstance(answers.pop(5), ZeroDivisionError)
        assert sorted(place.seq for place in answers) == list(range(1, 11))

    async def test_processes_share_a_conversation(self, adapters, log, chat):
        """A command beside the server, or two servers on PostgreSQL."""
        order = {"store": adapters.elsewhere, "conv": chat.conv.hex(), "count": 40}
        ways = [(chat.alice, chat.bob), (chat.bob, chat.alice)]
        orders = [order | {"sender": a.hex(), "peer": b.hex()} for a, b in ways]
        ours = asyncio.gather(*[chat.send(chat.alice) for _ in range(40)])
        theirs = await asyncio.gather(*[other_process(order) for order in orders])
        seqs = [place.seq for place in await ours] + [seq for seqs in theirs for seq in seqs]
        assert sorted(seqs) == list(range(1, 121))
        assert all(seqs == sorted(seqs) for seqs in theirs)
        row = await seen_by(log, chat, chat.bob)
        assert (row.last_seq, row.peer_ord, row.my_ord) == (120, 80, 40)

    async def test_marks_and_appends_at_once(self, log, chat):
        await chat.send(chat.alice)
        calls = [chat.send(chat.alice) for _ in range(20)]
        calls += [log.mark(chat.conv, chat.bob, chat.alice, NOW, got=1) for _ in range(20)]
        await asyncio.gather(*calls)
        row = await seen_by(log, chat, chat.alice)
        assert (row.last_seq, row.peer_got) == (21, 1)


async def test_a_partner_takes_nothing_of_the_other(chat):
    await a_partner_takes_nothing(chat)
