"""Messages that wait for their turn go in one batch."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from chatsite.edge.refusals import Unknown
from messaging.backends.base import Busy, StaleEpoch
from messaging.backends.cassandra import group, heads
from messaging.backends.cassandra.log import CassandraMessageLog
from messaging.backends.cassandra.store import Spent, Store
from tests.contracts.adapters import NOW, Chat, new_id, seal, vector_of
from tests.messaging.backends.cassandra.faults import Gone, Unanswered


@pytest.fixture
async def busy(chat: Chat) -> Chat:
    """A conversation whose head is known, so that the next messages need no look at it."""
    await chat.send(chat.alice)
    return chat


@pytest.fixture
def dense(tables: Store):
    """Nothing is lost, doubled or miscounted, nor in what another node sends next, which goes by
    what they left in the head."""

    async def check(chat: Chat, count: int) -> None:
        other = replace(chat, log=CassandraMessageLog(tables))
        for who in (chat.alice, chat.bob):
            await other.send(who)
        rows = await chat.log.page(chat.conv, 50, NOW, after=0)
        assert [row.seq for row in rows] == list(range(1, count + 3))
        assert len({row.client_id for row in rows}) == count + 2
        for user in (chat.alice, chat.bob):
            theirs = [row for row in rows if row.sender == user]
            assert [row.ord for row in theirs] == list(range(1, len(theirs) + 1))
            [row] = await vector_of(chat.log, user)
            assert (row.last_seq, row.my_ord) == (count + 2, len(theirs))
            assert row.my_ord + row.peer_ord == count + 2

    return check


async def test_ten_take_five_statements(tables: Store, busy, dense) -> None:
    """The first goes at once, the others together; then the newest watermark of each sender."""
    before = tables.spent
    people = [busy.alice, busy.bob] * 5
    rows = await asyncio.gather(*(busy.send(who) for who in people))
    after = tables.spent
    assert [row.seq for row in rows] == list(range(2, 12))
    assert [row.tag for row in rows] == [seal(row.time)[1] for row in rows]
    assert Spent(*(b - a for a, b in zip(before, after, strict=True))) == (5, 8)
    assert await busy.log.page(busy.conv, 10, NOW, after=1) == rows
    await dense(busy, 11)


async def test_of_all_kinds_in_their_order(busy) -> None:
    kinds: list[dict[str, Any]] = [
        {},
        {"kind": 2},
        {"ttl": 60},
        {},
        {"withheld": True},
        {},
        {},
        {"ttl": 60},
        {"url": "b"},
    ]
    rows = await asyncio.gather(*(busy.send(busy.alice, **kind) for kind in kinds))
    assert [row.seq for row in rows] == list(range(2, 11))
    assert [row.ord for row in rows] == [2, 2, 3, 4, 5, 6, 7, 8, 9]
    assert await busy.log.page(busy.conv, 50, NOW, after=1) == rows


@pytest.mark.parametrize("bucket_rows", [1, 3, 4])
async def test_never_over_the_edge_of_a_bucket(tables, chat, bucket_rows) -> None:
    chat.log = CassandraMessageLog(tables, bucket_rows)
    await chat.send(chat.alice)
    rows = await asyncio.gather(*(chat.send(chat.alice, after_seq=1) for _ in range(9)))
    assert [row.seq for row in rows] == list(range(2, 11))
    for log in (chat.log, CassandraMessageLog(tables, bucket_rows)):
        assert await log.page(chat.conv, 50, NOW, after=1) == rows


@pytest.mark.parametrize(("name", "most"), [("MESSAGES_MAX", 3), ("BYTES_MAX", 300)])
async def test_no_more_than_so_many(tables, busy, monkeypatch, name, most, dense) -> None:
    monkeypatch.setattr(group, name, most)
    before = tables.spent.statements
    await asyncio.gather(*(busy.send(busy.alice, text=b"x" * 100) for _ in range(7)))
    assert tables.spent.statements == before + 2 * 3  # one, three, three
    await dense(busy, 8)


async def test_repeats_among_new_ones_get_their_old_rows(busy, dense) -> None:
    old = [busy.draft(busy.alice) for _ in range(2)]
    first = [await busy.log.append(draft, seal, NOW) for draft in old]
    new = [busy.draft(busy.bob) for _ in range(6)]
    drafts = [*new[:2], old[0], *new[2:4], old[1], *new[4:], new[0]]
    rows = await asyncio.gather(*(busy.log.append(draft, seal, NOW) for draft in drafts))
    assert [rows[2], rows[5], rows[8]] == [*first, rows[0]]
    await dense(busy, 9)


async def test_refusals_stay_where_they_belong(busy) -> None:
    await busy.log.raise_floor(busy.conv, 1)
    good = [busy.draft(busy.alice, epoch=1) for _ in range(6)]
    late, foreign = (
        busy.draft(busy.bob, epoch=0),
        busy.draft(busy.bob, epoch=1, erase=(1, new_id())),
    )
    drafts = [*good[:3], late, *good[3:5], foreign, good[5]]
    calls = [busy.log.append(draft, seal, NOW) for draft in drafts]
    answers = await asyncio.gather(*calls, return_exceptions=True)
    assert isinstance(answers.pop(6), Unknown)
    assert isinstance(answers.pop(3), StaleEpoch)
    assert sorted(row.seq for row in answers) == list(range(2, 8))


async def test_another_node_that_came_first(tables, busy, dense) -> None:
    await replace(busy, log=CassandraMessageLog(tables)).send(busy.bob)
    rows = await asyncio.gather(*(busy.send(busy.alice) for _ in range(5)))
    assert sorted(row.seq for row in rows) == list(range(3, 8))
    await dense(busy, 7)


@pytest.mark.parametrize("done", [[True], [False], [False, True], [True, True]])
async def test_unknown_outcomes(busy, monkeypatch, done, dense) -> None:
    unanswered = Unanswered(monkeypatch)
    unanswered.arm(*done)
    drafts = [busy.draft(busy.alice) for _ in range(5)]
    rows = await asyncio.gather(*(busy.log.append(draft, seal, NOW) for draft in drafts))
    assert unanswered.left == 0
    assert [row.client_id for row in rows] == [draft.client_id for draft in drafts]
    await dense(busy, 6)


@pytest.mark.parametrize("after", [False, True])
async def test_broken_off_at_each_step_a_repeat_mends_it(busy, monkeypatch, after, dense):
    gone, count = Gone(monkeypatch), 1
    for step in range(1, 6):
        drafts = [busy.draft(who) for who in (busy.alice, busy.bob) * 2]
        gone.arm(step, after)
        calls = [busy.log.append(draft, seal, NOW) for draft in drafts]
        answers = await asyncio.gather(*calls, return_exceptions=True)
        gone.heal()
        errors = [answer for answer in answers if isinstance(answer, Exception)]
        assert all(isinstance(error, Busy) for error in errors)
        for draft, answer in zip(drafts, answers, strict=True):
            row = await busy.log.append(draft, seal, NOW)
            assert isinstance(answer, Busy) or answer == row
        count += 4
        await dense(busy, count)
        count += 2


async def test_who_gives_up_holds_nobody_up(busy, dense) -> None:
    calls = [asyncio.ensure_future(busy.send(busy.alice)) for _ in range(6)]
    await asyncio.sleep(0)  # all stand in line
    calls[0].cancel()
    calls[3].cancel()
    answers = await asyncio.gather(*calls, return_exceptions=True)
    rows = [row for row in answers if not isinstance(row, asyncio.CancelledError)]
    assert len(rows) == 4
    last = await busy.send(busy.bob)
    await dense(busy, last.seq)


def test_a_line_that_nobody_stands_in_is_forgotten(tables: Store) -> None:
    known = heads.Heads(tables)
    conv = new_id()
    line = known.line(conv)
    assert known.line(conv) is line
    del line
    assert len(known._lines) == 0
