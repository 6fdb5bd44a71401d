"""Every table as `browse` shows it: the same records, whatever the store."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from messaging.backends.tables import (
    BROWSE_MAX,
    BadCursor,
    Box,
    Head,
    Key,
    Mark,
    Passed,
    Salt,
    Sent,
    Table,
    Tables,
)
from messaging.domain import ContactState, Gone, NewEpoch, block_bit
from messaging.gaps import GapKind
from tests.contracts.adapters import NOW, Adapters, Chat, connected, new_id, seal

MANY = 12  # pairs, which are several pages of SOME
SOME = 5
HOUR = 3_600  # seconds


@pytest.fixture
def whole(adapters: Adapters) -> Tables:
    return adapters.tables


async def everything(whole: Tables, table: Table, n: int = BROWSE_MAX) -> list[Any]:
    records, cursor = await whole.browse(table, None, n, sure=True)
    while cursor is not None:
        more, cursor = await whole.browse(table, cursor, n, sure=True)
        records += more
    return records


async def of(whole: Tables, table: Table, mine: Callable[[Any], bool]) -> list[Any]:
    """Others write to the same store."""
    return [record for record in await everything(whole, table) if mine(record)]


def by_conv(chat: Chat) -> Callable[[Any], bool]:
    return lambda record: record.conv == chat.conv


def by_way(chat: Chat) -> Callable[[Any], bool]:
    return lambda record: {record.sender, record.reader} == {chat.alice, chat.bob}


async def block(adapters: Adapters, chat: Chat, who: bytes) -> None:
    peer = chat.bob if who == chat.alice else chat.alice
    pair = await adapters.store.pair(chat.alice, chat.bob)
    assert pair is not None
    await adapters.store.change(pair, pair.state, pair.blocked | block_bit(who, peer), NOW)


class TestRecords:
    async def test_a_pair_and_its_two_sides(self, adapters, whole, chat):
        await chat.send(chat.alice)
        await adapters.store.clear(chat.bob, chat.alice, 1)
        await block(adapters, chat, chat.bob)
        pair = await adapters.store.pair(chat.alice, chat.bob)
        assert await of(whole, Table.CONNECTION, by_conv(chat)) == [pair]
        sides = await of(whole, Table.CONTACT, by_conv(chat))
        hers, his = sorted(sides, key=lambda side: side.owner)
        assert [hers] == await adapters.store.contacts(chat.alice)
        assert [his] == await adapters.store.contacts(chat.bob)
        assert (hers.state, hers.withheld, hers.cleared) == (ContactState.CONNECTED, True, 0)
        assert (his.state, his.withheld, his.cleared) == (ContactState.BLOCKED, False, 1)

    async def test_epochs_and_boxes(self, adapters, whole, chat):
        await adapters.store.advance(chat.conv, NewEpoch(1, b"E1", True, NOW + 1, 2, 3))
        await adapters.store.put_box(chat.bob, chat.conv, 1, 4, b"box")
        keys = await of(whole, Table.CONNECTION_KEY, by_conv(chat))
        assert sorted(keys, key=lambda key: key.epoch) == [
            Key(chat.conv, 0, b"E0", False, NOW, 1, 1),
            Key(chat.conv, 1, b"E1", True, NOW + 1, 2, 3),
        ]
        assert await of(whole, Table.ES_BOX, by_conv(chat)) == [
            Box(chat.bob, chat.conv, 1, 4, b"box")
        ]

    async def test_messages_and_the_end_of_their_log(self, adapters, whole, chat):
        first = await chat.send(chat.alice, url="a b")
        second = await chat.send(chat.bob, kind=2)
        lost = await chat.send(chat.alice, NOW + 9, withheld=True)
        rows = await of(whole, Table.CONVERSATION, by_conv(chat))
        assert sorted(rows, key=lambda row: row.seq) == [first, second, lost]
        await adapters.log.raise_floor(chat.conv, 0)
        assert await of(whole, Table.HEAD, by_conv(chat)) == [
            Head(chat.conv, 3, lost.time, ord1=2, ord2=0, hid1=1, hid2=0, run=3, floor=0)
        ]

    async def test_a_log_without_a_message_has_an_end(self, adapters, whole, chat):
        assert await of(whole, Table.HEAD, by_conv(chat)) == [
            Head(chat.conv, 0, 0, ord1=0, ord2=0, hid1=0, hid2=0, run=0, floor=0)
        ]
        await adapters.log.raise_floor(chat.conv, 7)
        [head] = await of(whole, Table.HEAD, by_conv(chat))
        assert (head.last_seq, head.floor) == (0, 7)

    async def test_what_was_erased_is_gone(self, whole, chat):
        row = await chat.send(chat.alice)
        await chat.erase(row)
        [erased] = await of(
            whole, Table.CONVERSATION, lambda record: record.client_id == row.client_id
        )
        assert erased == replace(
            row, gone=Gone.ERASED, text=None, salt=None, url="", tag=None, kid=None
        )

    async def test_what_is_left_of_its_time_does_not_matter(self, adapters, whole, chat):
        draft = chat.draft(chat.alice, ttl=HOUR)
        row = await adapters.log.append(draft, seal, NOW)
        [kept] = await of(whole, Table.CONVERSATION, by_conv(chat))
        assert (kept.text, kept.salt, kept.gone) == (draft.text, None, None)
        [salt] = await of(whole, Table.MESSAGE_SALT, by_conv(chat))
        assert salt == Salt(chat.conv, row.client_id, draft.salt, NOW + HOUR * 1000)

    async def test_the_newest_of_each_as_each_sees_it(self, whole, chat):
        await chat.send(chat.alice)
        shown = await chat.send(chat.alice, NOW + 1)
        lost = await chat.send(chat.alice, NOW + 2, withheld=True)
        found = await of(whole, Table.UNREAD, by_conv(chat))
        way = (chat.alice, chat.bob, chat.conv)
        assert sorted(found, key=lambda sent: sent.owner) == [
            Sent(chat.alice, *way, lost.seq, 3, lost.time),
            Sent(chat.bob, *way, shown.seq, 2, shown.time),
        ]

    async def test_nothing_stands_for_what_was_never_shown(self, whole, chat):
        lost = await chat.send(chat.alice, withheld=True)
        assert await of(whole, Table.UNREAD, by_conv(chat)) == [
            Sent(chat.alice, chat.alice, chat.bob, chat.conv, lost.seq, 1, lost.time)
        ]

    async def test_marks_as_each_sees_them_and_what_they_passed_over(self, adapters, whole, chat):
        for _ in range(3):
            await chat.send(chat.alice)
        mark, way = adapters.log.mark, (chat.conv, chat.bob, chat.alice)
        assert await of(whole, Table.READ, by_way(chat)) == []
        await mark(*way, NOW + 1, got=2, read=(1, 1))
        await mark(*way, NOW + 2, got=3, read=(3, 3), own_only=True)
        found = await of(whole, Table.READ, by_way(chat))
        sent = (chat.alice, chat.bob)
        assert sorted(found, key=lambda mark: mark.owner) == [
            Mark(chat.alice, *sent, 1, 0, NOW + 1, 2, NOW + 1),
            Mark(chat.bob, *sent, 3, 3, NOW + 2, 3, 0),
        ]
        assert await of(whole, Table.MARK_GAP, by_way(chat)) == [
            Passed(*sent, GapKind.PRIVATE, 2, 3)
        ]

    async def test_what_was_withheld_is_passed_over(self, whole, chat):
        for number in range(3):
            await chat.send(chat.alice, withheld=number > 0)
        assert await of(whole, Table.MARK_GAP, by_way(chat)) == [
            Passed(chat.alice, chat.bob, GapKind.WITHHELD, 2, 3)
        ]


class TestPages:
    async def test_each_record_is_on_one_page(self, adapters, whole):
        made = {(await connected(adapters, epoch=False)).conv for _ in range(MANY)}
        for table in (Table.CONNECTION, Table.CONTACT, Table.HEAD):
            found = [record.conv for record in await everything(whole, table, SOME)]
            times = 2 if table is Table.CONTACT else 1
            assert sorted(conv for conv in found if conv in made) == sorted([*made] * times)

    async def test_a_page_begins_where_the_one_before_ended(self, adapters, whole):
        for _ in range(MANY):
            await connected(adapters, epoch=False)
        first, cursor = await whole.browse(Table.CONNECTION, None, SOME)
        again, same = await whole.browse(Table.CONNECTION, None, SOME)
        assert (len(first), first, cursor) == (SOME, again, same)
        second, _ = await whole.browse(Table.CONNECTION, cursor, SOME)
        assert len(second) == SOME
        assert not {pair.conv for pair in first} & {pair.conv for pair in second}

    async def test_nobody_gets_more_than_a_look_may_have(self, whole, chat):
        for _ in range(BROWSE_MAX + 1):
            await chat.send(chat.alice)
        records, cursor = await whole.browse(Table.CONVERSATION, None, 100 * BROWSE_MAX)
        assert len(records) <= BROWSE_MAX
        assert cursor is not None
        assert len(await of(whole, Table.CONVERSATION, by_conv(chat))) == BROWSE_MAX + 1

    @pytest.mark.parametrize(
        "cursor",
        [b"", b"x", b"[]", b"\xff", b"connection:ab", b'["connection", 1]', b"[" * 1000,
         b'["connection", "00", "00"]', b'["connection", 1e999, 1]',
         b'["connection", 1, 18446744073709551616]'],
    )  # fmt: skip
    async def test_a_place_that_no_list_has_is_refused(self, whole, cursor):
        with pytest.raises(BadCursor):
            await whole.browse(Table.CONNECTION, cursor, SOME)

    async def test_the_place_of_another_list_is_refused(self, adapters, whole):
        for _ in range(MANY):
            await connected(adapters, epoch=False)
        _, cursor = await whole.browse(Table.CONNECTION, None, SOME)
        with pytest.raises(BadCursor):
            await whole.browse(Table.CONTACT, cursor, SOME)


class TestPurging:
    async def test_content_goes_whoever_wrote_it_and_the_rest_stays(self, adapters, whole, chat):
        timed = chat.draft(chat.bob, ttl=HOUR)
        await chat.send(chat.alice, url="a b")
        await adapters.log.append(timed, seal, NOW)
        await chat.send(chat.alice, withheld=True)
        kept = await chat.send(chat.bob)
        old = (await whole.rows(chat.conv, 0, 9))[:3]
        assert await whole.purged(chat.conv) == 0
        for _ in range(2):
            await whole.purge(old)
            assert await whole.purged(chat.conv) == 3
            assert await whole.rows(chat.conv, 0, 9) == [
                *(
                    replace(
                        row, gone=Gone.EXPIRED, text=None, salt=None, url="", tag=None, kid=None
                    )
                    for row in old
                ),
                kept,
            ]
        assert await adapters.log.salts(chat.conv, [timed.client_id], NOW) == {}
        page = await adapters.log.page(chat.conv, 9, NOW, before=4)
        assert [(row.seq, row.gone) for row in page] == [(n, Gone.EXPIRED) for n in (3, 2, 1)]

    async def test_a_repeat_of_what_went_is_still_known(self, adapters, whole, chat):
        draft = chat.draft(chat.alice)
        row = await adapters.log.append(draft, seal, NOW)
        await whole.purge([row])
        assert (await adapters.log.append(draft, seal, NOW)).seq == 1
        assert (await chat.send(chat.bob)).seq == 2

    async def test_what_was_deleted_says_so_still(self, adapters, whole, chat):
        erased = await chat.erase(await chat.send(chat.alice))
        await whole.purge(await whole.rows(chat.conv, 0, 9))
        rows = await whole.rows(chat.conv, 0, 9)
        assert [row.gone for row in rows] == [Gone.ERASED, Gone.EXPIRED]
        assert await whole.purged(chat.conv) == erased.seq

    async def test_how_far_it_came_never_falls(self, whole, chat):
        rows = [await chat.send(chat.alice) for _ in range(3)]
        await whole.purge(rows)
        await whole.purge(rows[:1])
        assert await whole.purged(chat.conv) == 3

    async def test_of_nothing_nothing_went(self, whole):
        assert await whole.purged(new_id()) == 0
