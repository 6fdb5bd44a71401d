"""What Tables keeps is what the other ports then find: a pair that comes from another store, with
everything that can be in one."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest

from chatsite.copying import conversations
from chatsite.edge.refusals import Unknown
from chatsite.running.clock import now_ms
from messaging.backends.base import BadSeq, EpochConflict, Reused, StaleEpoch
from messaging.backends.tables import Held, Mark, Salt
from messaging.domain import (
    KIND_SILENT,
    Draft,
    EpochHead,
    Gone,
    NewEpoch,
    Pair,
    Row,
    block_bit,
)
from messaging.gaps import GapKind
from tests.contracts.adapters import (
    Adapters,
    Chat,
    adapters_on,
    connected,
    new_id,
    seal,
    vector_of,
)

HOUR = 3_600  # seconds
WEEK = 7 * 86_400_000
SECOND = EpochHead(n=1, forced=True, time=0, k1=2, k2=3)


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory, django_db_blocker: Any) -> Iterator[Adapters]:
    with django_db_blocker.unblock():
        yield from adapters_on("sqlite", tmp_path_factory)


@pytest.fixture(scope="module")
def back(tmp_path_factory: pytest.TempPathFactory, django_db_blocker: Any) -> Iterator[Adapters]:
    with django_db_blocker.unblock():
        yield from adapters_on("sqlite", tmp_path_factory)


@dataclass
class Story:
    """A pair that has seen everything; `lost` went nowhere, since bob blocked alice."""

    chat: Chat
    pair: Pair
    drafts: list[Draft]
    rows: list[Row]


async def story(adapters: Adapters, now: int) -> Story:
    chat = await connected(adapters)
    log, store = adapters.log, adapters.store
    await store.put_box(chat.alice, chat.conv, 0, 1, b"box 0")
    await store.advance(chat.conv, NewEpoch(1, b"E1", True, now, 2, 3))
    await store.put_box(chat.bob, chat.conv, 1, 2, b"box 1")
    chat.head = SECOND
    old = now - 2 * WEEK
    made = [
        (chat.draft(chat.alice, url="blob1 blob2"), old),
        (chat.draft(chat.bob), old + 1),
        (chat.draft(chat.bob, kind=KIND_SILENT), now - 9_000),
        (chat.draft(chat.alice, ttl=HOUR), now - 8_000),
        (chat.draft(chat.alice, ttl=1), now - 7_000),  # lapsed, and not cleared yet
        (chat.draft(chat.bob), now - 6_000),
        (chat.draft(chat.alice), now - 5_000),
        (chat.draft(chat.alice, withheld=True), now - 4_000),
        (chat.draft(chat.alice, withheld=True), now - 3_000),
    ]
    rows = [await log.append(draft, seal, time) for draft, time in made]
    await log.mark(chat.conv, chat.bob, chat.alice, now, got=4, read=(1, 1))
    await log.mark(chat.conv, chat.bob, chat.alice, now, got=7, read=(4, 2), own_only=True)
    await log.mark(chat.conv, chat.alice, chat.bob, now, got=6)
    await store.clear(chat.alice, chat.bob, 2)
    erased = chat.draft(chat.bob, kind=KIND_SILENT, erase=(6, rows[5].client_id))
    rows.append(await log.append(erased, seal, now - 2_000))
    pair = await store.pair(chat.alice, chat.bob)
    assert pair is not None
    blocked = pair.blocked | block_bit(chat.bob, chat.alice)
    pair = await store.change(pair, pair.state, blocked, now)
    return Story(chat, pair, [*(draft for draft, _ in made), erased], rows)


async def moved(source: Adapters, target: Adapters, pair: Pair) -> None:
    await conversations.move(source.tables, target.tables, pair)


async def log_of(adapters: Adapters, conv: bytes, now: int) -> list[Row]:
    return await adapters.log.page(conv, 50, now, after=0)


@pytest.fixture
async def told(source: Adapters, adapters: Adapters) -> Story:
    """In the store under contract, from another one."""
    made = await story(source, now_ms())
    await moved(source, adapters, made.pair)
    return made


def everything(held: Held) -> list[Any]:
    return [
        *(held.pair, held.sides, held.head, list(held.keys)),
        *(sorted(map(repr, part)) for part in (held.boxes, held.salts, held.sent)),
        *(sorted(map(repr, part)) for part in (held.marks, held.gaps)),
    ]


async def differing(source: Adapters, target: Adapters, pair: Pair) -> list[str]:
    _, parts = await conversations.different(source.tables, target.tables, pair)
    return parts


async def equal(source: Adapters, target: Adapters, pair: Pair) -> bool:
    return not await differing(source, target, pair)


class TestWhatIsKept:
    async def test_is_there(self, source, adapters, told):
        held = await adapters.tables.held(told.pair)
        ours = await source.tables.held(told.pair)
        assert everything(held)[:3] == everything(ours)[:3]
        assert sorted(held.keys, key=lambda key: key.epoch) == list(ours.keys)
        assert everything(held)[4] == everything(ours)[4]
        assert everything(held)[6:] == everything(ours)[6:]
        assert await equal(source, adapters, told.pair)

    async def test_is_the_same_after_a_repeat(self, source, adapters, told):
        before = await adapters.tables.held(told.pair)
        await moved(source, adapters, told.pair)
        assert everything(await adapters.tables.held(told.pair)) == everything(before)
        assert await equal(source, adapters, told.pair)

    async def test_reads_as_before(self, source, adapters, told):
        now = now_ms()
        chat, conv = told.chat, told.chat.conv
        rows = await log_of(adapters, conv, now)
        assert rows == await log_of(source, conv, now)
        assert [row.gone for row in rows[4:6]] == [Gone.EXPIRED, Gone.ERASED]
        for who in (chat.alice, chat.bob):
            assert await vector_of(adapters.log, who) == await vector_of(source.log, who)
            ours = await source.store.epochs(conv, who, 5)
            assert await adapters.store.epochs(conv, who, 5) == ours
            assert await adapters.store.contacts(who) == await source.store.contacts(who)
            last = await source.log.last(who, [conv], now)
            assert await adapters.log.last(who, [conv], now) == last
        salts = [rows[3].client_id, rows[4].client_id]
        assert await adapters.log.salts(conv, salts, now) == {salts[0]: told.drafts[3].salt}
        assert await adapters.store.head(conv) == await source.store.head(conv)


class TestWhatGoesOn:
    async def test_the_log(self, adapters, told):
        now = now_ms()
        row = await told.chat.log.append(told.chat.draft(told.chat.bob), seal, now)
        mine = replace(told.chat.draft(told.chat.bob), client_id=row.client_id)
        there = await adapters.log.append(mine, seal, now)
        assert (there.seq, there.ord) == (row.seq, row.ord) == (11, 3)
        withheld = told.chat.draft(told.chat.alice, withheld=True)
        assert (await adapters.log.append(withheld, seal, now + 1)).hid == 3

    async def test_a_repeat_finds_its_message(self, adapters, told):
        for draft, row in zip(told.drafts, told.rows, strict=True):
            if draft.after_seq == 0 and row.time > now_ms() - WEEK:
                again = await adapters.log.append(draft, seal, now_ms())
                assert (again.seq, again.time) == (row.seq, row.time)
        with pytest.raises(Reused):
            await adapters.log.append(replace(told.drafts[6], text=b"another"), seal, now_ms())
        assert len(await log_of(adapters, told.chat.conv, now_ms())) == len(told.rows)

    async def test_the_floor_and_the_epochs(self, adapters, told):
        late = told.chat.draft(told.chat.alice, epoch=0)
        with pytest.raises(StaleEpoch):
            await adapters.log.append(late, seal, now_ms())
        conv = told.chat.conv
        with pytest.raises(EpochConflict):
            await adapters.store.advance(conv, NewEpoch(1, b"other", False, 0, 2, 3))
        await adapters.store.advance(conv, NewEpoch(1, b"E1", True, now_ms(), 2, 3))
        await adapters.store.advance(conv, NewEpoch(2, b"E2", False, now_ms(), 3, 3))
        head = await adapters.store.head(conv)
        assert head is not None
        assert head.n == 2

    async def test_the_marks(self, adapters, told):
        now, log, chat = now_ms(), adapters.log, told.chat
        with pytest.raises(BadSeq):
            await log.mark(chat.conv, chat.alice, chat.bob, now, got=11)
        moved = await log.mark(chat.conv, chat.bob, chat.alice, now, got=7, read=(7, 4))
        assert moved.read == 7
        assert [gap.kind for gap in moved.gaps] == [GapKind.PRIVATE]
        again = await log.mark(chat.conv, chat.bob, chat.alice, now, got=7, read=(7, 4))
        assert again.read == 0

    async def test_the_pair(self, adapters, told):
        chat, store = told.chat, adapters.store
        was = await store.pair(chat.bob, chat.alice)
        assert was == told.pair
        free = await store.change(was, was.state, 0, now_ms())
        assert free.version == was.version + 1
        [contact] = await store.contacts(chat.alice)
        assert not contact.withheld
        await store.clear(chat.bob, chat.alice, 9)
        with pytest.raises(BadSeq):
            await store.clear(chat.bob, chat.alice, 11)
        with pytest.raises(Unknown):
            await adapters.log.raise_floor(new_id(), 1)

    async def test_what_is_erased_later_goes(self, adapters, told):
        now, chat = now_ms(), told.chat
        erase = chat.draft(chat.alice, kind=KIND_SILENT, erase=(4, told.rows[3].client_id))
        await adapters.log.append(erase, seal, now)
        row = (await log_of(adapters, chat.conv, now))[3]
        assert (row.gone, row.text) == (Gone.ERASED, None)
        assert not await adapters.log.salts(chat.conv, [row.client_id], now)


async def test_a_pair_without_a_message_keeps_its_floor(source: Adapters, adapters: Adapters):
    chat = await connected(source)
    await source.log.raise_floor(chat.conv, 3)
    pair = await source.store.pair(chat.alice, chat.bob)
    assert pair is not None
    await moved(source, adapters, pair)
    assert await equal(source, adapters, pair)
    with pytest.raises(StaleEpoch):
        await adapters.log.append(chat.draft(chat.alice), seal, now_ms())


async def test_it_goes_back_as_well(adapters: Adapters, told: Story, back: Adapters):
    await moved(adapters, back, told.pair)
    assert await equal(adapters, back, told.pair)
    now, conv = now_ms(), told.chat.conv
    assert await log_of(back, conv, now) == await log_of(adapters, conv, now)


async def test_a_message_whose_salt_came_first_may_follow(source: Adapters, adapters: Adapters):
    """As a log in partitions leaves it where a node ended between the two."""
    told, now = await story(source, now_ms()), now_ms()
    draft = told.chat.draft(told.chat.alice, ttl=HOUR)
    held, expires = await source.tables.held(told.pair), now + HOUR * 1000
    stray = Salt(told.chat.conv, draft.client_id, draft.salt, expires)
    await source.tables.keep(replace(held, salts=[*held.salts, stray]), now)
    await moved(source, adapters, told.pair)
    assert await equal(source, adapters, told.pair)
    assert (await adapters.log.append(draft, seal, now)).seq == len(told.rows) + 1
    found = await adapters.log.salts(told.chat.conv, [draft.client_id], now)
    assert found == {draft.client_id: draft.salt}


class TestAComparison:
    """Each of these is found, and named."""

    async def test_a_text_that_is_another(self, source, adapters, told):
        row = (await adapters.tables.rows(told.chat.conv, 0, 1))[0]
        other = replace(row, text=b"zzz another text")
        held = await adapters.tables.held(told.pair)
        rows = await adapters.tables.rows(told.chat.conv, 1, 50)
        await adapters.tables.keep_rows(told.pair, [other, *rows], now_ms())
        await adapters.tables.keep(held, now_ms())
        assert await differing(source, adapters, told.pair) == ["messages"]

    async def test_a_mark_that_is_missing(self, source, adapters, told):
        other = await story(source, now_ms())
        held = await source.tables.held(other.pair)
        rows = await source.tables.rows(other.chat.conv, 0, 50)
        marks: list[Mark] = [mark for mark in held.marks if mark.owner == mark.reader]
        await adapters.tables.keep_rows(other.pair, rows, now_ms())
        await adapters.tables.keep(replace(held, marks=marks), now_ms())
        assert await differing(source, adapters, other.pair) == ["marks"]

    async def test_a_row_that_is_missing(self, source, adapters, told):
        other = await story(source, now_ms())
        held = await source.tables.held(other.pair)
        rows = await source.tables.rows(other.chat.conv, 0, 50)
        await adapters.tables.keep_rows(other.pair, rows[:-1], now_ms())
        await adapters.tables.keep(held, now_ms())
        [said] = await differing(source, adapters, other.pair)
        assert "has 9 messages, and should have 10" in said

    @pytest.mark.parametrize(
        ("field", "part"),
        [("keys", "epochs"), ("boxes", "boxes"), ("salts", "salts"), ("sent", "watermarks")],
    )
    async def test_any_other_record_that_is_missing(self, source, adapters, field, part):
        other = await story(source, now_ms())
        held = await source.tables.held(other.pair)
        rows = await source.tables.rows(other.chat.conv, 0, 50)
        await adapters.tables.keep_rows(other.pair, rows, now_ms())
        await adapters.tables.keep(replace(held, **{field: ()}), now_ms())
        assert await differing(source, adapters, other.pair) == [part]


async def test_all_pairs_are_found(source: Adapters):
    made = {(await connected(source, epoch=False)).conv for _ in range(3)}
    found = [pair.conv for pair in await conversations.pairs(source.tables)]
    assert made <= set(found)
    assert len(found) == len(set(found))
    assert not await conversations.is_empty(source.tables)
