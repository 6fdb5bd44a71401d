"""The server dies with everybody connected, and starts again: how they come back.

1,000 devices that do nothing and a few people who write all the time; SIGKILL in the midst of a
burst. Everybody returns by the client's own rules (tests/client/comeback.py), through the
server's own admission. Then once more, as no client does it: all in the same moment. At last a herd
of strangers, larger than what the server admits: whoever finds no room is told so.
"""

import asyncio
import sqlite3
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from bench.device import decode
from bench.process import a_site, cpu_seconds, measured, peak_bytes, pid_of, start
from bench.returning import Crowd, Insistent, Returning
from bench.wire import Wire, dial
from e2ee.encoding import to_base64
from messaging import protocol
from tests.cast import Person, seeded
from tests.running import Site

CLIENTS = 1_000
DEVICES = 20  # of each of them, since people cost more to make than devices
PAIRS = 5
HERD = 3_000  # sockets dialled in one moment
BURST_SECONDS = 0.25  # from the first letter to the kill: sends are under way then
ROUNDS = ("by the rules", "all at once")


@dataclass
class Fates:
    """What became of the letters."""

    acknowledged: int = 0
    lost: int = 0  # acknowledged, and not in the store at the place that was promised
    doubled: int = 0


def run(profile: str | None = None) -> dict[str, Any]:
    """{round: figures}, with the letters beside them."""
    with a_site({}) as site:
        names = [f"talker{number}" for number in range(2 * PAIRS)]
        idlers = [f"idler{number}:{DEVICES}" for number in range(CLIENTS // DEVICES)]
        people = seeded(site, *names, *idlers, pairs=PAIRS)
        site.start()
        return asyncio.run(_rounds(site, people, profile))


def show(result: dict[str, Any]) -> None:
    letters = result["letters"]
    print(f"SIGKILL, start, {CLIENTS} clients come back; seconds from the moment it listens again.")
    for name in ROUNDS:
        _show(name, result[name])
    _show(f"a herd of {HERD} sockets", result["herd"])
    print(", ".join(f"letters {key}={value}" for key, value in letters.items()))


def _show(name: str, figures: dict[str, float]) -> None:
    print(name)
    for key, value in figures.items():
        print(f"  {key:<34} {value:>10.3f}")


async def _rounds(site: Site, people: list[Person], profile: str | None) -> dict[str, Any]:
    talkers, idlers = people[: 2 * PAIRS], people[2 * PAIRS :]
    crowd = Crowd(site.port)
    writers = [Insistent(crowd, alice) for alice in talkers[::2]]
    devices = [Returning(crowd, who, n) for who in idlers for n in range(len(who.devices))]
    devices += [Returning(crowd, bob) for bob in talkers[1::2]]
    await crowd.gather([*devices, *(writer.device for writer in writers)])
    writing = [asyncio.create_task(writer.keep_writing()) for writer in writers]
    result: dict[str, Any] = {}
    for name in ROUNDS:
        result[name] = await _round(site, crowd, profile, at_once=name == ROUNDS[1])
    for task in writing:
        task.cancel()
    await asyncio.gather(*writing, return_exceptions=True)
    await crowd.leave()
    result["herd"] = await _herd(site)
    site.stop()
    result["letters"] = _fates(site, writers)
    return result


async def _round(
    site: Site, crowd: Crowd, profile: str | None, *, at_once: bool
) -> dict[str, float]:
    await asyncio.sleep(BURST_SECONDS)
    crowd.forget()
    if at_once:
        crowd.gate.clear()
    down = time.perf_counter()
    await asyncio.to_thread(site.kill)
    await asyncio.to_thread(start, site, profile)
    if at_once:
        await crowd.all_at_the_gate()
        crowd.gate.set()
    listening, pid = time.perf_counter(), pid_of(site)
    server, own = cpu_seconds(pid), time.process_time()
    await crowd.all_back()
    seconds = time.perf_counter() - listening
    return {
        "seconds_down": listening - down,
        **_spread(crowd.back_at.values(), listening),
        **_attempts(crowd),
        "server_cpu_seconds": cpu_seconds(pid) - server,
        "server_cpu_seconds_of_the_start": server,
        "peak_mib": peak_bytes(pid) / 2**20,
        "generator_cpu_share": (time.process_time() - own) / seconds,
    }


async def _herd(site: Site) -> dict[str, float]:
    heard: Counter[str] = Counter()

    async def knock() -> None:
        heard[await _first_word(site.port)] += 1

    with measured(pid_of(site)) as cost:
        await asyncio.gather(*(knock() for _ in range(HERD)))
    return {
        "seconds": cost.wall,
        "server_cpu_seconds": cost.cpu,
        "admitted": heard.pop("challenge", 0),
        "told_to_wait": heard.pop("told to wait", 0),
        "dropped": sum(heard.values()),
    }


async def _first_word(port: int) -> str:
    """What the server says to a stranger, who then leaves."""
    word = asyncio.get_running_loop().create_future()

    def hear(_: Wire, text: bytes) -> None:
        if not word.done():
            word.set_result(decode(text).t)

    try:
        wire = await dial(port, f"localhost:{port}", "/live", hear)
        await asyncio.wait([word, wire.closed], return_when=asyncio.FIRST_COMPLETED)
        said = await word if word.done() else "nothing"
        if said == "busy":
            return "told to wait" if await wire.closed == protocol.CLOSE_RESTART else said
        wire.close()
    except OSError as error:
        return type(error).__name__
    return str(said)


def _spread(back_at: Iterable[float], since: float) -> dict[str, float]:
    seconds = sorted(at - since for at in back_at)
    places = {"50": 0.5, "99": 0.99, "100": 1.0}
    return {
        f"seconds_until_{name}_percent": seconds[max(0, round(len(seconds) * share) - 1)]
        for name, share in places.items()
    }


def _attempts(crowd: Crowd) -> dict[str, float]:
    ends: Counter[str] = Counter()
    for device in crowd.devices:
        ends.update(device.ends)
    attempts = [sum(device.ends.values()) + 1 for device in crowd.devices]
    return {
        "attempts_mean": sum(attempts) / len(attempts),
        "attempts_most": max(attempts),
        "nobody_there": ends.pop("nobody there", 0),
        "told_to_wait": ends.pop("told to wait", 0),
        "dropped": sum(ends.values()),
    }


def _fates(site: Site, writers: list[Insistent]) -> dict[str, int]:
    fates = Fates()
    with sqlite3.connect(site.var / "messages.sqlite3") as raw:
        for writer in writers:
            rows = "SELECT client_id, seq FROM conversation WHERE conversation_id = ?"
            stored = raw.execute(rows, (writer.conv,)).fetchall()
            kept = {to_base64(mid): seq for mid, seq in stored}
            fates.acknowledged += len(writer.promised)
            fates.doubled += len(stored) - len(kept)
            fates.lost += sum(kept.get(mid) != seq for mid, seq in writer.promised.items())
    raw.close()
    return vars(fates)
