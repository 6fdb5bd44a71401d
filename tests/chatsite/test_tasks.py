"""What runs for ever survives what goes wrong in a turn, and ends when it is cancelled."""

import asyncio
from contextlib import suppress

import pytest

from chatsite.running import tasks

TURNS = 4


class Worker:
    """Raises each of `faults` in a turn of its own, and stops the test after TURNS."""

    def __init__(self, *faults: BaseException) -> None:
        self.faults = list(faults)
        self.turns = 0
        self.done = asyncio.Event()

    async def turn(self) -> None:
        self.turns += 1
        if self.turns == TURNS:
            self.done.set()
        if self.faults:
            raise self.faults.pop(0)


@pytest.fixture(autouse=True)
def _at_once(monkeypatch):
    monkeypatch.setattr(tasks, "FAILED_SECONDS", 0)


@pytest.mark.parametrize(
    "fault",
    [RuntimeError("broken"), asyncio.CancelledError(), TimeoutError()],
    ids=lambda fault: type(fault).__name__,
)
async def test_the_next_turn_comes_and_the_log_says_what_failed(fault, caplog):
    worker = Worker(fault)
    task = asyncio.create_task(tasks.forever("counting", worker.turn))
    async with asyncio.timeout(30):
        await worker.done.wait()
    assert not task.done()
    [record] = caplog.records
    assert "counting" in record.getMessage()
    assert record.exc_info is not None
    assert record.exc_info[1] is fault
    task.cancel()


async def test_cancelling_it_ends_it():
    waits = asyncio.Event()

    async def turn() -> None:
        waits.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(tasks.forever("waiting", turn))
    await waits.wait()
    task.cancel()
    async with asyncio.timeout(30):
        with pytest.raises(asyncio.CancelledError):
            await task


def test_a_step_that_fails_does_not_end_the_loop_around_it(caplog):
    done = []
    for step in (1, 0, 2):
        with tasks.survived("dividing"):
            done.append(2 // step)
    assert done == [2, 1]
    assert "dividing failed" in caplog.text


async def test_a_task_that_had_not_begun_hears_that_it_is_ended() -> None:
    heard: list[str] = []

    async def work(name: str) -> None:
        try:
            if name == "first":
                begun.append(asyncio.create_task(work("begun meanwhile")))
            await asyncio.Event().wait()
        finally:
            heard.append(name)

    begun = [asyncio.create_task(work("first"))]
    await tasks.cancel_others(30)
    assert sorted(heard) == ["begun meanwhile", "first"]
    assert all(task.cancelled() for task in begun)


async def test_a_task_that_does_not_end_holds_up_nobody() -> None:
    over, started = asyncio.Event(), asyncio.Event()

    async def stubborn() -> None:
        while not over.is_set():
            with suppress(asyncio.CancelledError):
                started.set()
                await over.wait()

    task = asyncio.create_task(stubborn())
    await started.wait()
    await tasks.cancel_others(0.05)
    assert not task.done()
    over.set()
    await task
