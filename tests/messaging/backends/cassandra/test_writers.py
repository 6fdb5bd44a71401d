"""Many nodes that write to the same conversations, each with a head of its own."""

import asyncio
import random
from dataclasses import replace
from functools import partial

import pytest

from messaging.backends.base import Busy
from messaging.backends.cassandra.log import CassandraMessageLog
from messaging.backends.cassandra.store import Store, Unsettled
from messaging.domain import Draft
from tests.contracts.adapters import NOW, Adapters, Chat, connected, seal, vector_of

WRITERS = 12
MESSAGES = 5  # of each writer in each conversation
BUCKET_ROWS = 16


@pytest.fixture
def shaky(monkeypatch: pytest.MonkeyPatch) -> random.Random:
    """Every seventh compare-and-set has an unknown outcome: half of them are done."""
    dice = random.Random(7)
    cas = Store.cas

    async def shaking(store, statement, values):
        if dice.random() > 1 / 7:
            return await cas(store, statement, values)
        if dice.random() < 0.5:
            await cas(store, statement, values)
        raise Unsettled

    monkeypatch.setattr(Store, "cas", shaking)
    return dice


async def test_twelve_writers_leave_a_dense_log(
    tables: Store, adapters: Adapters, shaky: random.Random
) -> None:
    """Some messages go through two nodes at once. Each is there once, where both were told."""
    node = partial(CassandraMessageLog, tables, BUCKET_ROWS)
    nodes = [node() for _ in range(WRITERS)]
    chats = [await connected(adapters) for _ in range(3)]
    told: dict[bytes, set[int]] = {}

    async def write(at: int, chat: Chat) -> None:
        for _ in range(MESSAGES):
            draft = chat.draft(shaky.choice([chat.alice, chat.bob]))
            through = [nodes[at], *shaky.sample(nodes, shaky.random() < 0.2)]
            seqs = await asyncio.gather(*(append(log, draft) for log in through))
            told.setdefault(draft.client_id, set()).update(seqs)

    await asyncio.gather(*(write(at, chat) for at in range(WRITERS) for chat in chats))
    for chat in chats:
        count = WRITERS * MESSAGES
        log = node()
        rows = await log.page(chat.conv, 50, NOW, after=0)
        rows += await log.page(chat.conv, 50, NOW, after=50)
        assert [row.seq for row in rows] == list(range(1, count + 1))
        assert all(told[row.client_id] == {row.seq} for row in rows)
        assert len({row.client_id for row in rows}) == count
        [mine] = await vector_of(log, chat.alice)
        assert (mine.last_seq, mine.my_ord + mine.peer_ord) == (count, count)
        assert await replace(chat, log=log).send(chat.alice)


async def test_writers_whose_clocks_differ_make_one_order(
    tables: Store, adapters: Adapters
) -> None:
    """By hours; one of them jumps."""
    chat = await connected(adapters)
    skews = [0, -3_600_000, 3_600_000]
    nodes = [CassandraMessageLog(tables, BUCKET_ROWS) for _ in skews]

    async def write(log: CassandraMessageLog, skew: int) -> None:
        for n in range(2 * MESSAGES):
            jump = 86_400_000 if n == MESSAGES and not skew else 0
            await append(log, chat.draft(chat.alice), NOW + skew + jump)

    await asyncio.gather(*(write(log, skew) for log, skew in zip(nodes, skews, strict=True)))
    rows = await nodes[0].page(chat.conv, 50, NOW, after=0)
    assert [row.seq for row in rows] == list(range(1, 2 * MESSAGES * len(skews) + 1))
    times = [row.time for row in rows]
    assert times == sorted(set(times))
    for log in nodes:
        [mine] = await vector_of(log, chat.alice)
        assert (mine.last_seq, mine.last_time) == (len(rows), times[-1])


async def append(log: CassandraMessageLog, draft: Draft, now: int = NOW) -> int:
    for _ in range(30):
        try:
            return (await log.append(draft, seal, now)).seq
        except Busy:
            continue
    raise AssertionError("it never got through")
