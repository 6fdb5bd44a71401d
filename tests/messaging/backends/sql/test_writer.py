"""Group commit: what queues while a commit runs is committed together, and fails alone."""

import asyncio
import threading
from collections.abc import Iterator

import pytest

from messaging.backends.sql.writer import GROUP_MAX, PASSED_MAX, PATIENT_MAX, Writer


class Desk:
    """Records each transaction; `gate` holds the writer inside one."""

    def __init__(self) -> None:
        self.groups: list[int] = []
        self.gate = threading.Event()
        self.entered = threading.Event()
        self.gate.set()

    def transact(self, group):
        self.groups.append(len(group))
        self.entered.set()
        self.gate.wait(30)
        return [work(None) for work in group]


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def writer(desk: Desk) -> Iterator[Writer]:
    writer = Writer("test-writer", desk.transact)
    yield writer
    desk.gate.set()
    writer.close()


async def while_one_commits(desk: Desk, writer: Writer, works, patient=()) -> list:
    """The answers of works that queued behind an item whose commit was under way, the patient
    ones first."""
    desk.gate.clear()
    first = asyncio.ensure_future(writer.run(lambda _: "first"))
    await asyncio.to_thread(desk.entered.wait, 30)
    calls = [asyncio.ensure_future(writer.run(work, patient=True)) for work in patient]
    calls += [asyncio.ensure_future(writer.run(work)) for work in works]
    await asyncio.sleep(0)
    desk.gate.set()
    answers = await asyncio.gather(*calls, return_exceptions=True)
    await first
    return answers


async def test_alone_an_item_is_committed_at_once(desk, writer):
    assert await writer.run(lambda _: 1) == 1
    assert desk.groups == [1]


async def test_what_queued_meanwhile_is_one_commit(desk, writer):
    works = [lambda _, n=n: n for n in range(10)]
    assert await while_one_commits(desk, writer, works) == list(range(10))
    assert desk.groups == [1, 10]


async def test_a_group_has_its_limit(desk, writer):
    await while_one_commits(desk, writer, [lambda _: None] * (GROUP_MAX + 1))
    assert desk.groups == [1, GROUP_MAX, 1]


async def test_a_patient_item_lets_the_others_go_first(desk, writer):
    done = []
    others, patient = ([lambda _, n=n: done.append(n) for n in some] for some in ("abc", "xy"))
    await while_one_commits(desk, writer, others, patient)
    assert desk.groups == [1, 3, 2]
    assert done == ["a", "b", "c", "x", "y"]


async def test_a_group_takes_its_locks_in_one_order(desk, writer):
    done = []
    desk.gate.clear()
    calls = [asyncio.ensure_future(writer.run(lambda _: "first"))]
    await asyncio.to_thread(desk.entered.wait, 30)
    for n, locks in enumerate([b"b", b"a", b"c", b"a"]):
        work = writer.run(lambda _, n=n: done.append(n) or n, locks=locks)
        calls.append(asyncio.ensure_future(work))
    await asyncio.sleep(0)
    desk.gate.set()
    assert await asyncio.gather(*calls) == ["first", 0, 1, 2, 3]
    assert done == [1, 3, 0, 2]


async def test_patience_ends(desk, writer):
    works = [lambda _: None] * (GROUP_MAX * (PASSED_MAX + 2))
    await while_one_commits(desk, writer, works, [lambda _: None])
    assert desk.groups == [1, *[GROUP_MAX] * PASSED_MAX, GROUP_MAX + 1, GROUP_MAX]


async def test_who_comes_meanwhile_waits_for_few_patient_ones(desk, writer):
    await while_one_commits(desk, writer, [], [lambda _: None] * (PATIENT_MAX + 1))
    assert desk.groups == [1, PATIENT_MAX, 1]


async def test_a_failing_item_spoils_no_other(desk, writer):
    def fail(_):
        raise ZeroDivisionError

    answers = await while_one_commits(desk, writer, [lambda _: 1, fail, lambda _: 3])
    assert (answers[0], answers[2]) == (1, 3)
    assert isinstance(answers[1], ZeroDivisionError)
    assert desk.groups == [1, 3, 1, 1, 1]


async def test_the_loop_wakes_once_for_a_group(desk, writer, monkeypatch):
    loop = asyncio.get_running_loop()
    wakes = 0
    wake = loop.call_soon_threadsafe

    def counted(*call):
        nonlocal wakes
        wakes += 1
        return wake(*call)

    monkeypatch.setattr(loop, "call_soon_threadsafe", counted)
    desk.gate.clear()
    first = asyncio.ensure_future(writer.run(lambda _: None))
    await asyncio.sleep(0)
    desk.entered.wait(30)
    calls = [asyncio.ensure_future(writer.run(lambda _: None)) for _ in range(20)]
    await asyncio.sleep(0)
    desk.gate.set()
    await asyncio.gather(first, *calls)
    assert wakes == 2


async def test_a_caller_that_went_away_disturbs_nobody(desk, writer):
    desk.gate.clear()
    first = asyncio.ensure_future(writer.run(lambda _: None))
    await asyncio.to_thread(desk.entered.wait, 30)
    gone = asyncio.ensure_future(writer.run(lambda _: "done all the same"))
    stays = asyncio.ensure_future(writer.run(lambda _: "here"))
    await asyncio.sleep(0)
    gone.cancel()
    desk.gate.set()
    assert await stays == "here"
    await first
    assert desk.groups == [1, 2]


def test_a_loop_that_ended_disturbs_nobody(desk, writer):
    async def leave() -> None:
        desk.gate.clear()
        asyncio.ensure_future(writer.run(lambda _: None))  # noqa: RUF006 -- abandoned on purpose
        await asyncio.sleep(0)

    asyncio.run(leave())
    desk.gate.set()
    assert asyncio.run(writer.run(lambda _: "next")) == "next"


async def test_closing_finishes_what_was_accepted(desk, writer):
    desk.gate.clear()
    calls = [asyncio.ensure_future(writer.run(lambda _: 1))]
    await asyncio.to_thread(desk.entered.wait, 30)
    calls.append(asyncio.ensure_future(writer.run(lambda _: 2)))
    await asyncio.sleep(0)
    closing = asyncio.create_task(asyncio.to_thread(writer.close))
    desk.gate.set()
    await closing
    assert len(await asyncio.gather(*calls)) == 2
    with pytest.raises(RuntimeError):
        await writer.run(lambda _: 3)


async def test_a_transaction_that_loses_answers_ends_neither_its_callers_nor_the_thread(caplog):
    calls = 0

    def transact(group):
        nonlocal calls
        calls += 1
        return [work(None) for work in group] if calls > 1 else []

    writer = Writer("test-writer", transact)
    async with asyncio.timeout(30):
        with pytest.raises(RuntimeError, match="some of its items"):
            await writer.run(lambda _: 1)
        assert await writer.run(lambda _: 2) == 2
    assert "test-writer failed" in caplog.text
    writer.close()


async def test_a_thread_that_did_not_start_is_started_by_the_next(desk, writer, monkeypatch):
    def refuse(_):
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", refuse)
        with pytest.raises(RuntimeError, match="start new thread"):
            await writer.run(lambda _: 1)
    async with asyncio.timeout(30):
        assert await writer.run(lambda _: 2) == 2
