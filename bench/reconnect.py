"""The server dies with everybody connected, and starts again: how they come back.

500 devices that do nothing and a few people who write all the time; SIGKILL in the middle of
a burst, some times. Everybody returns by the client's own rules (testkit/client/comeback.py),
through the server's own admission. Then once more, as no client does it: all in the same moment. At
last a herd of strangers, who take no places: each of them is asked who they are.
"""

import asyncio
import statistics
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from bench.device import decode
from bench.engines import ENGINES, TITLES, Engine, opened, profile_of
from bench.kept import kept
from bench.process import cpu_seconds, measured, peak_bytes, pid_of, start
from bench.returning import Crowd, Insistent, Returning
from bench.tables import Table, aim, number
from bench.wire import Wire, dial
from messaging import protocol
from testkit.cast import Person, seeded
from testkit.running import Site

CLIENTS = 500
DEVICES = 20  # of each of them, since people cost more to make than devices
PAIRS = 5
KILLS = 3  # by the rules; each figure is their median
HERD = 3_000  # sockets dialled in one moment
BURST_SECONDS = 0.25  # from the first message to the kill: sends are under way then
RULES, AT_ONCE, HERDED, MESSAGES = "by the rules", "all at once", "herd", "messages"
AIMS = {"up_again_seconds": 1.2, "all_back_seconds": 2.5}

Figures = dict[str, float]


@dataclass
class Fates:
    """What became of the messages."""

    acknowledged: int = 0
    lost: int = 0  # acknowledged, and not in the store at the place that was promised
    doubled: int = 0


def run(engines: Sequence[str] = tuple(ENGINES), profile: str | None = None) -> dict[str, Any]:
    """{engine: {round: figures}}, with the messages beside them."""
    with opened(engines, {}) as found:
        return {
            engine.name: _of_engine(engine, profile_of(profile, engine, found)) for engine in found
        }


def tables(result: dict[str, Any]) -> list[Table]:
    head = ["", *(TITLES[name] for name in result), "aim"]
    rows = [
        (f"{RULES}, s from the SIGKILL: up again", RULES, "up_again_seconds"),
        (f"all of {CLIENTS} clients back", RULES, "all_back_seconds"),
        ("s from where it listens again: 50 % are back", RULES, "seconds_until_50_percent"),
        ("99 %", RULES, "seconds_until_99_percent"),
        ("CPU seconds of the server: its start", RULES, "server_cpu_seconds_of_the_start"),
        ("the return", RULES, "server_cpu_seconds"),
        ("attempts of a client", RULES, "attempts_mean"),
        ("most memory, MiB", RULES, "peak_mib"),
        (f"{AT_ONCE}: 99 % are back, s", AT_ONCE, "seconds_until_99_percent"),
        ("all", AT_ONCE, "seconds_until_100_percent"),
        (f"a herd of {HERD:,} strangers, s", HERDED, "seconds"),
        ("of them admitted", HERDED, "admitted"),
        ("told to wait", HERDED, "told_to_wait"),
        ("messages acknowledged in all this", MESSAGES, "acknowledged"),
        ("lost", MESSAGES, "lost"),
        ("doubled", MESSAGES, "doubled"),
    ]
    filled = [
        [text, *(number(one[part][key]) for one in result.values()), aim(AIMS.get(key))]
        for text, part, key in rows
    ]
    return [Table(head, filled, f"Medians of {KILLS} kills by the rules, one of all at once.")]


def _of_engine(engine: Engine, profile: str | None) -> dict[str, Any]:
    names = [f"talker{number}" for number in range(2 * PAIRS)]
    idlers = [f"idler{number}:{DEVICES}" for number in range(CLIENTS // DEVICES)]
    people = seeded(engine.site, *names, *idlers, pairs=PAIRS)
    engine.site.start()
    return asyncio.run(_rounds(engine.site, people, profile))


async def _rounds(site: Site, people: list[Person], profile: str | None) -> dict[str, Any]:
    talkers, idlers = people[: 2 * PAIRS], people[2 * PAIRS :]
    crowd = Crowd(site.port)
    writers = [Insistent(crowd, alice) for alice in talkers[::2]]
    devices = [Returning(crowd, who, n) for who in idlers for n in range(len(who.devices))]
    devices += [Returning(crowd, bob) for bob in talkers[1::2]]
    await crowd.gather([*devices, *(writer.device for writer in writers)])
    writing = [asyncio.create_task(writer.keep_writing()) for writer in writers]
    rounds = [await _round(site, crowd, profile, at_once=False) for _ in range(KILLS)]
    at_once = await _round(site, crowd, profile, at_once=True)
    for task in writing:
        task.cancel()
    await asyncio.gather(*writing, return_exceptions=True)
    await crowd.leave()
    herd = await _herd(site)
    site.stop()
    by_rules = {key: statistics.median(one[key] for one in rounds) for key in at_once}
    return {RULES: by_rules, AT_ONCE: at_once, HERDED: herd, MESSAGES: _fates(site, writers)}


async def _round(site: Site, crowd: Crowd, profile: str | None, *, at_once: bool) -> Figures:
    await asyncio.sleep(BURST_SECONDS)
    crowd.forget()
    if at_once:
        crowd.gate.clear()
    down = time.perf_counter()
    await asyncio.to_thread(site.kill)
    await asyncio.to_thread(start, site, profile)
    up = time.perf_counter()
    if at_once:
        await crowd.all_at_the_gate()
        crowd.gate.set()
    listening, pid = time.perf_counter(), pid_of(site)
    server, own = cpu_seconds(pid), time.process_time()
    await crowd.all_back()
    seconds = time.perf_counter() - listening
    return {
        "up_again_seconds": up - down,
        "all_back_seconds": max(crowd.back_at.values()) - down,
        **_spread(crowd.back_at.values(), listening),
        **_attempts(crowd),
        "server_cpu_seconds": cpu_seconds(pid) - server,
        "server_cpu_seconds_of_the_start": server,
        "peak_mib": peak_bytes(pid) / 2**20,
        "generator_cpu_share": (time.process_time() - own) / seconds,
    }


async def _herd(site: Site) -> Figures:
    heard: Counter[str] = Counter()

    async def knock() -> None:
        heard[await _first_word(site.port)] += 1

    with measured({"server": pid_of(site)}) as cost:
        await asyncio.gather(*(knock() for _ in range(HERD)))
    return {
        "seconds": cost.wall,
        "server_cpu_seconds": cost.cpu,
        "admitted": heard.pop("challenge", 0),
        "told_to_wait": heard.pop("told to wait", 0),
        "dropped": sum(heard.values()),
    }


async def _first_word(port: int) -> str:
    """What the server says to a stranger, who leaves after that."""
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


def _spread(back_at: Iterable[float], since: float) -> Figures:
    seconds = sorted(at - since for at in back_at)
    places = {"50": 0.5, "99": 0.99, "100": 1.0}
    return {
        f"seconds_until_{name}_percent": seconds[max(0, round(len(seconds) * share) - 1)]
        for name, share in places.items()
    }


def _attempts(crowd: Crowd) -> Figures:
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
    stored = kept(site, [writer.conv for writer in writers])
    for writer in writers:
        rows = stored[writer.conv.hex()]
        places = dict(rows)
        fates.acknowledged += len(writer.promised)
        fates.doubled += len(rows) - len(places)
        fates.lost += sum(places.get(mid) != seq for mid, seq in writer.promised.items())
    return vars(fates)
