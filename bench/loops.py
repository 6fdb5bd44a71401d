"""The two ways to send: as fast as answers come, and at a pace that no answer changes."""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence

from bench.process import Cost, measured
from bench.talk import RECEIPTS_LAST, Talk

COARSE = 0.0015  # seconds: what timers of asyncio are late at most, and a little


async def closed_loop(
    pids: Mapping[str, int], talks: Sequence[Talk], count: int, in_flight: int
) -> Cost:
    """`in_flight` messages are on their way: where one has come, the next conversation sends."""
    free, left = deque(talks), count
    _seal(talks, count)

    async def keep_talking() -> None:
        nonlocal left
        while left > 0:
            left -= 1
            talk = free.popleft()
            await talk.deliver(time.perf_counter())
            free.append(talk)

    with measured(pids) as cost:
        await asyncio.gather(*(keep_talking() for _ in range(min(in_flight, len(talks)))))
        cost.stop_clock()
        await asyncio.sleep(RECEIPTS_LAST)  # what was coalesced is still to come, and counts
    cost.messages = count
    return cost


async def open_loop(
    pids: Mapping[str, int], talks: Sequence[Talk], count: int, rate: float
) -> tuple[Cost, list[float]]:
    """`rate` messages a second, one conversation after the other, whatever the server does.
    With it how late each was sent, in seconds."""
    _seal(talks, count)
    for talk in talks:
        talk.delays.clear()
    late = []

    async def deliver(index: int, due: float) -> None:
        late.append(time.perf_counter() - due)
        await talks[index % len(talks)].deliver(due)

    with measured(pids) as cost:
        await paced(rate, count, deliver)
        await asyncio.sleep(RECEIPTS_LAST)
    cost.messages = count
    return cost, late


async def paced(rate: float, count: int, begin: Callable[[int, float], Awaitable[None]]) -> None:
    """Begin `count` pieces of work, `rate` a second, and wait for all of them. Each is told when it
    was due, so that what it takes can count from there: a driver that was held up hides nothing."""
    first = time.perf_counter()
    running: list[asyncio.Task[None]] = []
    for index in range(count):
        due = first + index / rate
        await _until(due)
        running.append(asyncio.ensure_future(_run(begin, index, due)))
    await asyncio.gather(*running)


async def _run(begin: Callable[[int, float], Awaitable[None]], index: int, due: float) -> None:
    await begin(index, due)


async def _until(due: float) -> None:
    """On time: asyncio rounds its timers up to a millisecond."""
    await asyncio.sleep(max(0.0, due - time.perf_counter() - COARSE))
    while time.perf_counter() < due:  # noqa: ASYNC110
        await asyncio.sleep(0)


def _seal(talks: Sequence[Talk], count: int) -> None:
    for talk in talks:
        talk.seal(-(-count // len(talks)) + 1)
