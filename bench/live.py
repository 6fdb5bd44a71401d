"""The live path: how long a message takes, what it costs, what a connection costs; of each engine
in turns, in one run.

One delivered message = `send`, `sent`, `msg` to one device of the peer, and its share of the `got`
and `read` that browsers send. Ciphertext is real, with the commitment of the message before it, and
sealed beforehand. Each server is a process of its own; a bare echo of the same server runs beside.
"""

import asyncio
import platform
import statistics
from collections.abc import Iterator, Sequence
from typing import Any

from bench import echo
from bench.arrivals import arrivals
from bench.calls import signed_calls
from bench.engines import ENGINES, PROCESSES, TITLES, Engine, opened, profile_of
from bench.loops import closed_loop, open_loop
from bench.process import FAST, Cost, start
from bench.tables import Table, aim, number
from bench.talk import Talk
from messaging import protocol
from testkit.cast import Person, seeded

PAIRS = 100  # conversations
ROUNDS = 3  # of everything but arrivals; each figure is the median
WARM_UP = 50  # messages of each pair: Java compiles what it has run often
IN_FLIGHT = 8  # in closed loop
CLOSED = 5_000  # messages of a round in closed loop
RATE = 100  # messages a second in open loop
SECONDS = 15  # of a round in open loop
DEVICES = 20  # of each person who only connects
CONNECTORS = 50  # such people
AIMS = {
    "sqlite": {
        "p50_ms": 1.5, "p95_ms": 2.5, "p99_ms": 4, "cpu_seconds_per_1000_at_100": 0.9,
        "messages_per_second": 4500, "cpu_seconds_per_1000": 0.25,
    },
    "postgres": {
        "p50_ms": 2.2, "p95_ms": 3.5, "p99_ms": 5, "cpu_seconds_per_1000_at_100": 1.8,
        "messages_per_second": 2500, "cpu_seconds_per_1000": 0.7,
    },
    "distributed": {
        "p50_ms": 8, "p99_ms": 50, "server_cpu_seconds_per_1000": 1.1,
        "cassandra_cpu_seconds_per_1000": 2.2, "kib_per_connection": 30,
    },
}  # fmt: skip
AIMS_OF_ALL = {"connects_per_second": 300, "kib_per_connection": 40, "cpu_ms_per_signed_call": 4}

Figures = dict[str, float]


def run(engines: Sequence[str] = tuple(ENGINES), profile: str | None = None) -> dict[str, Any]:
    """{engine: figures, "echo": figures, "conditions": what was measured}."""
    with opened(engines, FAST) as found:
        casts = {engine.name: _cast(engine) for engine in found}
        for engine in found:
            start(engine.site, profile_of(profile, engine, found))
        return asyncio.run(_measure(found, casts))


def tables(result: dict[str, Any]) -> list[Table]:
    engines = [name for name in ENGINES if name in result]
    conditions, bare = result["conditions"], result["echo"]
    said = (
        f"{conditions['pairs']} pairs, receipts as browsers send them,"
        f" frames of {conditions['frame_bytes']} bytes"
    )
    rate, flight = conditions["rate"], conditions["in_flight"]
    rows = [
        (f"{rate} messages a second, ms from when due: p50", "p50_ms"),
        ("p95", "p95_ms"),
        ("p99", "p99_ms"),
        ("the same: CPU seconds per 1,000", "cpu_seconds_per_1000_at_100"),
        *_parts(result, engines, "cpu_seconds_per_1000_at_100"),
        (f"closed loop, {flight} in flight: messages a second", "messages_per_second"),
        ("the same: CPU seconds per 1,000", "cpu_seconds_per_1000"),
        *_parts(result, engines, "cpu_seconds_per_1000"),
        ("starts of a page a second", "connects_per_second"),
        ("a start: CPU, ms", "cpu_ms_per_connect"),
        ("memory of an idle connection, KiB", "kib_per_connection"),
        ("a signed call of the API, its nonce included: CPU, ms", "cpu_ms_per_signed_call"),
        ("such calls a second", "signed_calls_per_second"),
        ("how late the driver itself sent, p99, ms", "sender_late_p99_ms"),
    ]
    head = [said, *(title for name in engines for title in (TITLES[name], "aim"))]
    filled = [
        [text, *(cell for name in engines for cell in _cells(result, name, key))]
        for text, key in rows
    ]
    frames = number(bare["frames_per_second"])
    per_1000 = number(bare["cpu_seconds_per_1000_frames"])
    below = (
        f"Bare echo in the same run: {per_1000} CPU seconds per 1,000 frames, {frames} a second."
    )
    return [Table(head, filled, below)]


def _parts(result: dict[str, Any], engines: Sequence[str], key: str) -> Iterator[tuple[str, str]]:
    """Of a sum, what stands for each process that at least one of the engines has."""
    for process in PROCESSES:
        if any(result[name][f"{process}_{key}"] for name in engines):
            yield f"of it: {process}", f"{process}_{key}"


def _cells(result: dict[str, Any], engine: str, key: str) -> tuple[str, str]:
    return number(result[engine][key]), aim({**AIMS_OF_ALL, **AIMS[engine]}.get(key))


def _cast(engine: Engine) -> list[Person]:
    names = [f"talker{index}" for index in range(2 * PAIRS)]
    idlers = [f"idler{index}:{DEVICES}" for index in range(CONNECTORS)]
    return seeded(engine.site, *names, *idlers, pairs=PAIRS)


async def _measure(engines: list[Engine], casts: dict[str, list[Person]]) -> dict[str, Any]:
    once: dict[str, Figures] = {}
    talks: dict[str, list[Talk]] = {}
    rounds: dict[str, list[Figures]] = {engine.name: [] for engine in engines}
    for engine in engines:
        talkers, idlers = casts[engine.name][: 2 * PAIRS], casts[engine.name][2 * PAIRS :]
        once[engine.name] = await _arrivals(engine, idlers)
        talks[engine.name] = await _arrive(engine, talkers)
        await closed_loop(engine.pids, talks[engine.name], WARM_UP * PAIRS, IN_FLIGHT)
    for _ in range(ROUNDS):
        for engine in engines:
            rounds[engine.name].append(
                {
                    **await _opened(engine, talks[engine.name]),
                    **await _closed(engine, talks[engine.name]),
                    **await _calls(engine, casts[engine.name]),
                }
            )
    figures = {name: {**_medians(rounds[name]), **once[name]} for name in rounds}
    frame = talks[engines[0].name][0].next_frame()
    return {**figures, "echo": await _echo(frame), "conditions": _conditions(frame)}


def _conditions(frame: bytes) -> dict[str, object]:
    sent = protocol.parse(frame)
    assert isinstance(sent, protocol.Send)
    return {
        "pairs": PAIRS, "rounds": ROUNDS, "warm_up": WARM_UP * PAIRS,
        "frame_bytes": len(frame), "envelope_bytes": len(sent.body),
        "in_flight": IN_FLIGHT, "closed_messages": CLOSED, "rate": RATE, "seconds": SECONDS,
        "idle_connections": CONNECTORS * DEVICES, "echo_sockets": echo.SOCKETS,
        "commits": "durable on all", "python": platform.python_version(),
    }  # fmt: skip


def _medians(rounds: list[Figures]) -> Figures:
    return {key: statistics.median(one[key] for one in rounds) for key in rounds[0]}


async def _arrivals(engine: Engine, people: list[Person]) -> Figures:
    cost, kib = await arrivals(engine, people)
    return {
        "connects_per_second": cost.messages / cost.wall,
        "cpu_ms_per_connect": cost.per_1000,
        "kib_per_connection": kib,
    }


async def _arrive(engine: Engine, people: list[Person]) -> list[Talk]:
    talks = [Talk(one, other) for one, other in zip(people[::2], people[1::2], strict=True)]
    for talk in talks:
        await talk.arrive(engine.site.port)
    return talks


async def _opened(engine: Engine, talks: list[Talk]) -> Figures:
    cost, late = await open_loop(engine.pids, talks, RATE * SECONDS, RATE)
    delays = [delay for talk in talks for delay in talk.delays]
    return {
        "p50_ms": _percentile(delays, 50),
        "p95_ms": _percentile(delays, 95),
        "p99_ms": _percentile(delays, 99),
        "sender_late_p99_ms": _percentile(late, 99),
        **_by_process(cost, "cpu_seconds_per_1000_at_100"),
    }


async def _closed(engine: Engine, talks: list[Talk]) -> Figures:
    cost = await closed_loop(engine.pids, talks, CLOSED, IN_FLIGHT)
    return {
        "messages_per_second": cost.messages / cost.wall,
        **_by_process(cost, "cpu_seconds_per_1000"),
    }


async def _calls(engine: Engine, people: list[Person]) -> Figures:
    cost = await signed_calls(engine, people)
    return {
        "cpu_ms_per_signed_call": cost.per_1000,
        "signed_calls_per_second": cost.messages / cost.wall,
    }


async def _echo(frame: bytes) -> Figures:
    bare = await echo.echo(frame)
    return {
        "cpu_seconds_per_1000_frames": bare.per_1000,
        "frames_per_second": bare.messages / bare.wall,
    }


def _percentile(seconds: list[float], percent: int) -> float:
    """In milliseconds."""
    return sorted(seconds)[len(seconds) * percent // 100] * 1000


def _by_process(cost: Cost, key: str) -> Figures:
    """In sum, and of every process that some engine has."""
    parts = {
        f"{name}_{key}": cost.spent.get(name, 0.0) / cost.messages * 1000 for name in PROCESSES
    }
    return {key: cost.per_1000, **parts}
