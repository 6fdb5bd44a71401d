"""What one or two of three nodes do to messages when they freeze, die and come back."""

import asyncio
from collections import Counter
from contextlib import suppress
from functools import partial
from itertools import pairwise

import pytest

from messaging.backends.base import Busy, StaleEpoch
from messaging.backends.cassandra.log import CassandraMessageLog
from messaging.backends.cassandra.store import Store, Unsettled
from messaging.domain import Draft, PairState, Row
from tests.contracts.adapters import NOW, Chat, seal, vector_of
from tests.ring.conftest import Ring, insisting

pytestmark = [pytest.mark.long, pytest.mark.timeout(1200)]  # nodes start, on a busy machine

ROUNDS = 4


async def sent(chat: Chat, draft: Draft) -> Row:
    return await insisting(lambda: chat.log.append(draft, seal, NOW))


async def whole(ring: Ring, chat: Chat, told: dict[bytes, int]) -> None:
    """Each message is there once, where its sender was told: to a node that knows nothing."""
    log = CassandraMessageLog(ring.tables)
    rows: list[Row] = []
    while page := await insisting(partial(log.page, chat.conv, 50, NOW, after=len(rows))):
        rows += page
    assert [row.seq for row in rows] == list(range(1, len(rows) + 1))
    assert {row.client_id: row.seq for row in rows} == told
    [mine] = await insisting(partial(vector_of, log, chat.alice))
    assert (mine.last_seq, mine.my_ord) == (len(rows), len(rows))


class Told:
    """What senders were told, by conversation."""

    def __init__(self, ring: Ring) -> None:
        self._ring = ring
        self._seqs: dict[bytes, dict[bytes, int]] = {}

    async def send(self, chat: Chat, draft: Draft | None = None) -> None:
        draft = draft or chat.draft(chat.alice)
        row = await sent(chat, draft)
        self._seqs.setdefault(chat.conv, {})[row.client_id] = row.seq

    async def round(self, chats: list[Chat]) -> None:
        await asyncio.gather(*(self.send(chat) for chat in chats))

    async def are_there(self, chats: list[Chat]) -> None:
        for chat in chats:
            await whole(self._ring, chat, self._seqs[chat.conv])


@pytest.fixture
def told(ring: Ring) -> Told:
    return Told(ring)


@pytest.fixture
def unknown(monkeypatch: pytest.MonkeyPatch) -> Counter[asyncio.Task[object] | None]:
    """How many outcomes each task did not learn."""
    seen: Counter[asyncio.Task[object] | None] = Counter()
    cas = Store.cas

    async def watched(store, statement, values):
        try:
            return await cas(store, statement, values)
        except Unsettled:
            seen[asyncio.current_task()] += 1
            raise

    monkeypatch.setattr(Store, "cas", watched)
    return seen


async def test_one_that_freezes_costs_a_message_one_unknown_outcome(ring, chats, told, unknown):
    """Those who went by it learn to go elsewhere, and so does everybody after them."""
    await told.round(chats)
    ring.freeze(2)
    for _ in range(ROUNDS):
        await told.round(chats)
    assert unknown
    assert set(unknown.values()) == {1}
    ring.thaw(2)
    await told.round(chats)
    await told.are_there(chats)


async def test_one_that_freezes_costs_a_change_of_a_pair_no_more(ring, chats, adapters, unknown):
    """The read before it finds out."""
    ring.freeze(2)

    async def change(chat: Chat) -> None:
        async def once() -> None:
            was = await adapters.store.pair(chat.alice, chat.bob)
            await adapters.store.change(was, PairState.CONNECTED, 1, NOW)

        await insisting(once)

    await asyncio.gather(*(change(chat) for chat in chats))
    assert set(unknown.values()) <= {1}
    for chat in chats:
        [row] = await adapters.store.contacts(chat.bob)
        assert row.withheld


async def test_what_is_not_prepared_does_not_wait_for_one_that_is_frozen(ring, chats) -> None:
    other = Store(ring.tables.options)
    log = CassandraMessageLog(other)
    [chat, *_] = chats
    await insisting(partial(log.page, chat.conv, 1, NOW))
    ring.freeze(2)
    for _ in range(3):  # each of the three may be asked to prepare
        await insisting(partial(log.vector, chat.alice, 50))
        other._prepared.clear()
    other.close()


async def test_one_that_dies_and_comes_back_loses_nothing(ring, chats, told) -> None:
    await told.round(chats)
    ring.kill(3)
    for _ in range(ROUNDS):
        await told.round(chats)
    ring.whole()
    await told.round(chats)
    await told.are_there(chats)


@pytest.mark.parametrize("how", ["freeze", "kill"])
async def test_two_that_are_away_make_it_busy(ring, chats, told, how) -> None:
    """Nobody is told that something was sent; repeated, it is there once."""
    [chat, *others] = chats[:8]
    await told.round([chat, *others])
    await chat.log.mark(chat.conv, chat.bob, chat.alice, NOW, got=1)
    getattr(ring, how)(2, 3)
    drafts = [(one, one.draft(one.alice)) for one in (chat, *others)]
    calls = [one.log.append(draft, seal, NOW) for one, draft in drafts]
    said = await asyncio.gather(*calls, return_exceptions=True)
    assert {type(answer) for answer in said} <= {Busy, Unsettled}
    for call in (
        chat.log.mark(chat.conv, chat.bob, chat.alice, NOW, read=(1, 1)),
        chat.log.vector(chat.alice, 50),
        chat.log.raise_floor(chat.conv, 1),
    ):
        with pytest.raises(Busy):
            await call
    if how == "freeze":
        ring.thaw(2, 3)
    ring.whole()
    for one, draft in drafts:
        await told.send(one, draft)
    await told.are_there([chat, *others])


async def watch(log: CassandraMessageLog, chat: Chat, marks: list[tuple[int, ...]]) -> None:
    """The marks as they are read again and again."""
    while True:
        with suppress(Busy):
            [row] = await vector_of(log, chat.alice)
            marks.append((row.last_seq, row.my_ord, row.peer_got, row.peer_read))


async def test_with_one_that_missed_it_nothing_falls(ring, adapters, chats, told) -> None:
    """No hints are kept for it: it comes back as it was, and is half of the quorum."""
    [chat, *_] = chats
    for _ in range(3):
        await told.send(chat)
    seen: list[tuple[int, ...]] = []
    watching = asyncio.create_task(watch(CassandraMessageLog(ring.tables), chat, seen))
    for number in (1, 3):
        ring.nodetool(number, "disablehandoff")
    ring.kill(2)
    for _ in range(3):
        await told.send(chat)
    mark = partial(chat.log.mark, chat.conv, chat.bob, chat.alice, NOW, got=6, read=(5, 5))
    await insisting(mark)
    await insisting(partial(chat.log.raise_floor, chat.conv, 2))
    ring.whole()
    ring.kill(3)
    cold = CassandraMessageLog(ring.tables)
    [row] = await insisting(partial(vector_of, cold, chat.alice))
    assert (row.last_seq, row.peer_got, row.peer_read) == (6, 6, 5)
    with pytest.raises(StaleEpoch):
        await insisting(partial(cold.append, chat.draft(chat.alice), seal, NOW))
    chat.log = cold
    await told.send(chat, chat.draft(chat.alice, epoch=2))
    ring.whole()
    ring.nodetool(1, "enablehandoff")
    watching.cancel()
    await told.are_there([chat])
    for now, later in pairwise(seen):
        assert all(a <= b for a, b in zip(now, later, strict=True))
    assert seen[-1] >= (6, 6, 6, 5)


async def test_paxos_repair_with_one_that_was_away(ring, chats, told) -> None:
    """The log goes on from its end where a quorum is those two of which one was away."""
    some = chats[:8]
    await told.round(some)
    ring.kill(2)
    await told.round(some)
    ring.whole()
    ring.nodetool(2, "repair", "--paxos-only", ring.tables.options["KEYSPACE"])
    ring.kill(1)
    for chat in some:
        chat.log = CassandraMessageLog(ring.tables)
    await told.round(some)
    ring.whole()
    await told.are_there(some)
