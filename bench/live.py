"""The live path: what a delivered message costs, how long it takes, what a connection costs.

One delivered message = `send`, `sent`, `msg` to one device of the peer, its `got`, and its `read`
every 500 ms. Ciphertext is real and sealed beforehand; the server is a process of its own, and a
bare echo of the same server runs beside it.
"""

import asyncio
import platform
import statistics
import subprocess
import sys
import time
from dataclasses import asdict, dataclass, field
from typing import Any

from bench.device import Device
from bench.process import FAST, Cost, a_site, measured, pid_of, resident_bytes, start
from bench.talk import READ_EVERY, Talk
from bench.wire import Wire, dial
from tests.cast import Person, seeded
from tests.running import ROOT, Site, _free_port

PAIRS = 50  # conversations in closed loop
WARM_UP = 20  # messages of each pair
ROUNDS = 100  # messages of each pair that count
OPEN_RATE = 100  # messages a second
OPEN_SECONDS = 15
DEVICES = 20  # of each person who only connects
CONNECTORS = 50  # such people
AT_A_TIME = 32  # connections being made
ECHO_SOCKETS = 100
ECHO_ROUNDS = 200
AIMS = {
    "cpu_seconds_per_1000": 0.4,
    "p99_ms": 10,
    "connects_per_second": 600,
    "kib_per_connection": 30,
}


@dataclass
class Figures:
    """The names are the keys of the JSON."""

    cpu_seconds_per_1000: float = 0.0
    messages_per_second: float = 0.0
    p50_ms: float = 0.0
    p99_ms: float = 0.0
    cpu_seconds_per_1000_at_100: float = 0.0
    connects_per_second: float = 0.0
    cpu_ms_per_connect: float = 0.0
    kib_per_connection: float = 0.0
    echo_cpu_seconds_per_1000_frames: float = 0.0
    echo_frames_per_second: float = 0.0
    conditions: dict[str, object] = field(default_factory=dict)


async def closed_loop(site: Site, talks: list[Talk], rounds: int) -> Cost:
    """Each pair sends its next message when the last one is through."""

    async def keep_talking(talk: Talk) -> None:
        for _ in range(rounds):
            await talk.deliver()

    with measured(pid_of(site)) as cost:
        await asyncio.gather(*(keep_talking(talk) for talk in talks))
        cost.wall = time.perf_counter() + cost.wall
        await asyncio.sleep(READ_EVERY * 2.5)  # what was coalesced is still to come, and counts
    cost.messages = rounds * len(talks)
    return cost


async def open_loop(site: Site, talks: list[Talk]) -> Cost:
    """OPEN_RATE messages a second, whatever the server does."""
    count = OPEN_RATE * OPEN_SECONDS
    start = time.perf_counter()
    running: set[asyncio.Task[None]] = set()
    with measured(pid_of(site)) as cost:
        for index in range(count):
            await asyncio.sleep(max(0.0, start + index / OPEN_RATE - time.perf_counter()))
            running.add(asyncio.create_task(talks[index % len(talks)].deliver()))
        await asyncio.gather(*running)
        await asyncio.sleep(READ_EVERY * 2.5)
    cost.messages = count
    return cost


async def connects(site: Site, people: list[Person]) -> tuple[Cost, float, list[Device]]:
    """Every device arrives; CPU, rate, and KiB each of them keeps while it does nothing."""
    waiting = [(who, number) for who in people for number in range(len(who.devices))]
    waiting.reverse()
    count, devices = len(waiting), []
    before = resident_bytes(pid_of(site))

    async def keep_connecting() -> None:
        while waiting:
            who, number = waiting.pop()
            devices.append(await Device(who, number).arrive(site.port))

    with measured(pid_of(site)) as cost:
        await asyncio.gather(*(keep_connecting() for _ in range(AT_A_TIME)))
        cost.wall = time.perf_counter() + cost.wall
    cost.messages = count
    await asyncio.sleep(2)
    return cost, (resident_bytes(pid_of(site)) - before) / count / 1024, devices


async def echo(frame: bytes) -> Cost:
    """The same server, bare: each socket sends a frame of a letter's size when the last is back."""
    port = _free_port()
    process = _start_echo(port)
    try:
        sockets = [await _echoing(port, frame) for _ in range(ECHO_SOCKETS)]
        with measured(process.pid) as cost:
            for wire, _ in sockets:
                wire.send(frame)
            await asyncio.gather(*(done for _, done in sockets))
            cost.wall = time.perf_counter() + cost.wall
        cost.messages = ECHO_SOCKETS * ECHO_ROUNDS
        return cost
    finally:
        process.kill()
        process.wait()


def _start_echo(port: int) -> "subprocess.Popen[bytes]":
    return subprocess.Popen([sys.executable, "-m", "bench.echo", str(port)], cwd=ROOT)


async def _echoing(port: int, frame: bytes) -> tuple[Wire, "asyncio.Future[None]"]:
    done = asyncio.get_running_loop().create_future()
    left = ECHO_ROUNDS

    def again(wire: Wire, _: bytes) -> None:
        nonlocal left
        left -= 1
        if left > 0:
            wire.send(frame)
        elif not done.done():
            done.set_result(None)

    for _ in range(100):
        try:
            wire = await dial(port, f"localhost:{port}", "/", again)
            return wire, done
        except OSError:
            await asyncio.sleep(0.1)
    raise ConnectionError("the echo server did not start")


def run(profile: str | None = None) -> dict[str, object]:
    with a_site(FAST) as site:
        names = [f"talker{index}" for index in range(2 * PAIRS)]
        idlers = [f"idler{index}:{DEVICES}" for index in range(CONNECTORS)]
        people = seeded(site, *names, *idlers, pairs=PAIRS)
        start(site, profile)
        return asdict(asyncio.run(_measure(site, people)))


def show(result: dict[str, Any]) -> None:
    print("One delivered: send, sent, msg to one device, its got, its read every 500 ms.")
    for name, value in result.items():
        if name != "conditions":
            aim = f"  (aim {AIMS[name]})" if name in AIMS else ""
            print(f"{name:<36} {value:>10.3f}{aim}")
    print(", ".join(f"{name}={value}" for name, value in result["conditions"].items()))


async def _measure(site: Site, people: list[Person]) -> Figures:
    figures = Figures()
    await _measure_connects(site, people[2 * PAIRS :], figures)
    talks = await _arrive(site, people[: 2 * PAIRS])
    size = len(talks[0].letters[0])
    await _measure_messages(site, talks, figures)
    bare = await echo(b"x" * size)
    figures.echo_cpu_seconds_per_1000_frames = bare.per_1000
    figures.echo_frames_per_second = bare.messages / bare.wall
    figures.conditions = {
        "pairs": PAIRS, "warm_up": WARM_UP * PAIRS, "messages": ROUNDS * PAIRS,
        "frame_bytes": size, "idle_connections": CONNECTORS * DEVICES,
        "echo_sockets": ECHO_SOCKETS, "open_rate": OPEN_RATE, "open_seconds": OPEN_SECONDS,
        "server": "daphne, one process", "store": "SQLite, WAL, synchronous=FULL",
        "python": platform.python_version(),
    }  # fmt: skip
    return figures


async def _measure_connects(site: Site, people: list[Person], figures: Figures) -> None:
    cost, kib, devices = await connects(site, people)
    figures.connects_per_second = cost.messages / cost.wall
    figures.cpu_ms_per_connect = cost.per_1000
    figures.kib_per_connection = kib
    for device in devices:
        device.leave()


async def _arrive(site: Site, people: list[Person]) -> list[Talk]:
    letters = WARM_UP + ROUNDS + OPEN_RATE * OPEN_SECONDS // PAIRS + 1
    pairs = zip(people[::2], people[1::2], strict=True)
    talks = [Talk(one, other, letters) for one, other in pairs]
    for talk in talks:
        await talk.arrive(site.port)
    return talks


async def _measure_messages(site: Site, talks: list[Talk], figures: Figures) -> None:
    await closed_loop(site, talks, WARM_UP)
    closed = await closed_loop(site, talks, ROUNDS)
    figures.cpu_seconds_per_1000 = closed.per_1000
    figures.messages_per_second = closed.messages / closed.wall
    for talk in talks:
        talk.delays.clear()
    opened = await open_loop(site, talks)
    delays = sorted(delay * 1000 for talk in talks for delay in talk.delays)
    figures.p50_ms = statistics.median(delays)
    figures.p99_ms = delays[int(len(delays) * 0.99)]
    figures.cpu_seconds_per_1000_at_100 = opened.per_1000
