"""An append or a mark that breaks off between any two of its steps; a repeat makes good what is
missing, and nothing is there twice."""

from dataclasses import replace
from functools import partial

import pytest
from cassandra import OperationTimedOut, Unavailable, WriteTimeout, WriteType
from cassandra.cluster import NoHostAvailable
from cassandra.connection import ConnectionShutdown
from cassandra.protocol import ErrorMessage

from messaging.backends.base import Busy
from messaging.backends.cassandra import marks
from messaging.backends.cassandra.log import CassandraMessageLog
from messaging.domain import Gone
from messaging.gaps import Gap, GapKind, Marked
from tests.contracts.adapters import NOW, Chat, seal, vector_of
from tests.messaging.backends.cassandra.faults import Gone as Away
from tests.messaging.backends.cassandra.faults import Unanswered
from tests.messaging.backends.steps import at_each_step


@pytest.fixture
def away(monkeypatch: pytest.MonkeyPatch) -> Away:
    return Away(monkeypatch)


@pytest.fixture
def unanswered(monkeypatch: pytest.MonkeyPatch) -> Unanswered:
    return Unanswered(monkeypatch)


async def whole(chat: Chat) -> None:
    """Rows, head and watermarks agree, once nothing is under way: I3, I7."""
    rows = await chat.log.page(chat.conv, 50, NOW, after=0)
    assert [row.seq for row in rows] == list(range(1, len(rows) + 1))
    assert len({row.client_id for row in rows}) == len(rows)
    [mine] = await vector_of(chat.log, chat.alice)
    [theirs] = await vector_of(chat.log, chat.bob)
    shown = [row for row in rows if not row.withheld]
    assert (mine.last_seq, mine.my_ord) == (len(rows), len(rows))
    assert (theirs.last_seq, theirs.peer_ord) == (shown[-1].seq if shown else 0, len(shown))


@pytest.mark.parametrize("ttl", [0, 60])
@pytest.mark.parametrize("withheld", [False, True])
@pytest.mark.parametrize("cold", [False, True])
async def test_an_append(tables, log, chat, away, ttl, withheld, cold) -> None:
    """Repeated by the same node, or by one that knows nothing."""
    draft = chat.draft(chat.alice, ttl=ttl, withheld=withheld)
    count = 0

    def node() -> CassandraMessageLog:
        return CassandraMessageLog(tables) if cold else log

    async def attempt():
        return await node().append(draft, seal, NOW)

    async def check():
        nonlocal draft, count
        if ttl and await log.find(chat.conv, draft.client_id, 0):  # others may read it now
            assert await log.salts(chat.conv, [draft.client_id], NOW)
        row = await attempt()
        count += 1
        assert (row.seq, row.ord) == (count, count)
        assert await attempt() == row
        await whole(chat)
        draft = chat.draft(chat.alice, ttl=ttl, withheld=withheld)

    steps = await at_each_step(away, attempt, check)
    assert steps == 2 + 2 * cold + 3 * bool(ttl) + 2 * withheld
    await log.mark(chat.conv, chat.bob, chat.alice, NOW, got=count)
    [row] = await vector_of(log, chat.alice)
    assert [gap.last for gap in row.gaps] == [count] * withheld  # one gap, to the end


@pytest.mark.parametrize("step", [3, 4])  # that it reaches so far, the gap
@pytest.mark.parametrize("before", [0, 1, 60])
async def test_a_gap_that_was_not_written(log, chat, away, before, step) -> None:
    """The repeat finds where the withheld rows before it began."""
    await chat.send(chat.alice)
    for _ in range(before):
        await chat.send(chat.alice, withheld=True)
    draft = chat.draft(chat.alice, withheld=True)
    away.arm(step, after=False)
    with pytest.raises(Busy):
        await log.append(draft, seal, NOW)
    away.heal()
    last = (await log.append(draft, seal, NOW)).seq
    await chat.send(chat.alice)
    told = await log.mark(chat.conv, chat.bob, chat.alice, NOW, got=last + 1)
    assert told.gaps == (Gap(GapKind.WITHHELD, 2, last),)


async def test_a_first_append_of_a_bucket(tables, chat, away) -> None:
    chat.log = log = CassandraMessageLog(tables, 1)
    await chat.send(chat.alice)
    draft, count = chat.draft(chat.alice), 1

    async def attempt():
        return await log.append(draft, seal, NOW)

    async def check():
        nonlocal draft, count
        count += 1
        assert (await attempt()).seq == count
        await whole(chat)
        [newest] = await CassandraMessageLog(tables, 1).page(chat.conv, 1, NOW)
        assert newest.seq == count
        draft = chat.draft(chat.alice, after_seq=count)

    assert await at_each_step(away, attempt, check) == 3


@pytest.mark.parametrize("ttl", [0, 60])
async def test_an_erasure(log, chat, away, ttl) -> None:
    first = await chat.send(chat.alice, ttl=ttl)
    note = chat.draft(chat.alice, kind=2, erase=(1, first.client_id))

    async def attempt():
        return await log.append(note, seal, NOW)

    async def erased():
        [row] = await log.page(chat.conv, 1, NOW, after=first.seq - 1)
        salts = await log.salts(chat.conv, [first.client_id], NOW)
        return (row.gone, row.text, salts) == (Gone.ERASED, None, {})

    async def check():
        nonlocal first, note
        if await log.find(chat.conv, note.client_id, 0):  # nobody may come to repeat it
            assert await erased()
        said = await attempt()
        assert said.seq == first.seq + 1
        assert await erased()
        first = await chat.send(chat.alice, ttl=ttl)
        note = chat.draft(chat.alice, kind=2, erase=(first.seq, first.client_id))

    assert await at_each_step(away, attempt, check) == 5 + 2 * bool(ttl)


@pytest.mark.parametrize("private", [False, True])
async def test_a_mark(log, chat, away, private) -> None:
    for n in range(30):
        await chat.send(chat.alice, withheld=n % 2 == 1)
    upto = 2

    async def attempt():
        ords = (upto + 1) // 2
        return await log.mark(chat.conv, chat.bob, chat.alice, NOW, got=upto, read=(upto, ords),
                              own_only=private)  # fmt: skip

    async def check():
        nonlocal upto
        told = await attempt()
        [mine] = await vector_of(log, chat.bob)
        [theirs] = await vector_of(log, chat.alice)
        assert (mine.my_got, mine.my_read) == (upto, upto)
        assert (theirs.peer_got, theirs.peer_read) == ((0, 0) if private else (upto, upto))
        if told.read:  # else it was told before it broke off
            assert Gap(GapKind.WITHHELD, upto, upto) in told.gaps
        upto += 2

    assert await at_each_step(away, attempt, check) == (5 if private else 3)
    await log.mark(chat.conv, chat.bob, chat.alice, NOW, got=30, read=(30, 15))
    [row] = await vector_of(log, chat.alice)
    kept = [gap for gap in row.gaps if gap.kind is GapKind.PRIVATE]
    assert kept == ([Gap(GapKind.PRIVATE, 1, upto)] if private else [])


@pytest.mark.parametrize("there", ["sender", "reader"])
async def test_half_a_mark_is_told_by_its_repeat(tables, log, chat, there) -> None:
    """Either of the two rows alone: the other was on a node that died."""
    for withheld in (False, True, False):
        await chat.send(chat.alice, withheld=withheld)
    values = {"sender": chat.alice, "reader": chat.bob, "time": NOW}
    half = marks.moved([f":{there}_#"], marks._READ, marks._GOT)
    await tables.shared(half, values | {"read": 3, "ord": 2, "got": 3})
    mark = partial(log.mark, chat.conv, chat.bob, chat.alice, NOW)
    assert await mark(got=3, read=(3, 2)) == Marked(3, 3, (Gap(GapKind.WITHHELD, 2, 2),))
    assert await mark(got=3, read=(3, 2)) == Marked()
    [mine] = await vector_of(log, chat.bob)
    [theirs] = await vector_of(log, chat.alice)
    assert (mine.my_got, mine.my_read, theirs.peer_got, theirs.peer_read) == (3, 3, 3, 3)


async def test_what_was_read_in_private_is_no_half_of_a_mark(log, chat) -> None:
    """However many withheld rows lie in between."""
    for n in range(90):
        await chat.send(chat.alice, withheld=n % 2 == 1)
    mark = partial(log.mark, chat.conv, chat.bob, chat.alice, NOW)
    assert await mark(read=(90, 45), own_only=True) == Marked()
    for seq in (1, 2, 50, 89, 90):
        assert await mark(read=(seq, 1)) == Marked()


async def test_a_floor(log, chat, away) -> None:
    n = 1

    async def check():
        nonlocal n
        await log.raise_floor(chat.conv, n)
        assert (await chat.send(chat.alice, epoch=n)).epoch == n
        n += 1

    assert await at_each_step(away, lambda: log.raise_floor(chat.conv, n), check) == 1


TIMED_OUT = {"consistency": 6, "required_responses": 2, "received_responses": 1}
UNKNOWN = [
    WriteTimeout("", **TIMED_OUT, write_type=WriteType.CAS),
    WriteTimeout("", **TIMED_OUT, write_type=WriteType.SIMPLE),  # in the last phase of it
    ErrorMessage(0x1700, "unknown", None),  # the driver has no class for it
    OperationTimedOut(),
    Unavailable("", 6, 2, 1),
    ConnectionShutdown(""),
    NoHostAvailable("", {}),
]


class TestUnknownOutcomes:
    """The store is there, and the answer is not."""

    @pytest.mark.parametrize("error", UNKNOWN, ids=lambda error: type(error).__name__)
    @pytest.mark.parametrize("done", [True, False])
    async def test_come_by_many_names(self, log, chat, unanswered, error, done) -> None:
        unanswered.error = error
        unanswered.arm(done)
        draft = chat.draft(chat.alice)
        row = await log.append(draft, seal, NOW)
        assert (unanswered.left, row.seq) == (0, 1)
        assert await log.append(draft, seal, NOW) == row
        await whole_of(chat, 1)

    @pytest.mark.parametrize("done", [[True], [False], [False, True], [False, False, False]])
    @pytest.mark.parametrize("ttl", [0, 60])
    async def test_of_an_append_are_found_out(self, log, chat, unanswered, done, ttl) -> None:
        await chat.send(chat.alice)
        unanswered.arm(*done)
        draft = chat.draft(chat.alice, ttl=ttl)
        row = await log.append(draft, seal, NOW)
        assert unanswered.left == 0
        assert (row.seq, row.text) == (2, draft.text)
        assert (await chat.send(chat.bob)).seq == 3
        assert await log.append(draft, seal, NOW) == row
        await whole_of(chat, 3)

    @pytest.mark.parametrize("done", [True, False])
    async def test_of_the_first_row_of_a_bucket(self, tables, chat, unanswered, done) -> None:
        chat.log = CassandraMessageLog(tables, 2)
        for _ in range(2):
            await chat.send(chat.alice)
        unanswered.arm(done)
        assert (await chat.send(chat.bob)).seq == 3
        assert (await chat.send(chat.bob)).seq == 4
        await whole_of(chat, 4)

    @pytest.mark.parametrize("done", [True, False])
    async def test_of_a_floor(self, log, chat, unanswered, done) -> None:
        await chat.send(chat.alice)
        unanswered.arm(done)
        await log.raise_floor(chat.conv, 3)
        assert (await chat.send(chat.alice, epoch=3)).seq == 2

    @pytest.mark.parametrize("done", [True, False])
    async def test_of_an_erasure_are_busy_and_a_repeat_tells(
        self, log, chat, unanswered, done
    ) -> None:
        row = await chat.send(chat.alice)
        note = chat.draft(chat.alice, kind=2, erase=(row.seq, row.client_id))
        await log.append(replace(note, erase=None), seal, NOW)
        unanswered.arm(done)
        with pytest.raises(Busy):
            await log.append(note, seal, NOW)
        assert (await log.append(note, seal, NOW)).seq == 2
        [gone, _] = await log.page(chat.conv, 2, NOW, after=0)
        assert gone.gone is Gone.ERASED


async def whole_of(chat: Chat, count: int) -> None:
    rows = await chat.log.page(chat.conv, 50, NOW, after=0)
    assert [row.seq for row in rows] == list(range(1, count + 1))
    assert len({row.client_id for row in rows}) == count
