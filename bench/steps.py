"""The steps of a send, each alone: what the append, the marks, the look at presence and the push
cost, by process.

`python -m bench.steps [SERVICE=PID…]` does them in the stores that the environment names, as a
process with the settings of a site, and prints microseconds of CPU.
"""

import asyncio
import json
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from bench import appending
from bench.engines import ENGINES, PROCESSES, TITLES, Engine, opened
from bench.process import SERVER, measured
from bench.tables import Table, number
from testkit.running import ROOT

if TYPE_CHECKING:
    from messaging.domain import Draft, Row

IN_FLIGHT = 8
TIMES = 2_000  # of each step
WARM_UP = 300
FRAME = 1_242  # bytes that are pushed: a message, as clients get it
STEPS = {
    "append": "append, with what is unread",
    "unread": "of it: what is unread",
    "got": "`got`",
    "read": "`read`",
    "presence": "where is the peer",
    "push": "to a node and heard there",
}

T = TypeVar("T")
Figures = dict[str, dict[str, float]]  # µs of CPU, by step and process


def run(engines: Sequence[str] = tuple(ENGINES)) -> dict[str, Figures]:
    with opened(engines, {}) as found:
        return {engine.name: _figures(engine) for engine in found}


def tables(result: dict[str, Figures]) -> list[Table]:
    """One for each engine."""
    return [_table(TITLES[name], figures) for name, figures in result.items()]


def _table(title: str, figures: Figures) -> Table:
    parts = [name for name in PROCESSES if any(each.get(name, 0) >= 1 for each in figures.values())]
    rows = [
        [STEPS[step], *(number(round(spent.get(name, 0))) for name in parts)]
        for step, spent in figures.items()
    ]
    below = f"{IN_FLIGHT} in flight, {TIMES:,} of each, frames of {FRAME} bytes."
    return Table([f"{title}: CPU of one step, µs", *parts], rows, below)


def _figures(engine: Engine) -> Figures:
    services = [f"{name}={pid}" for name, pid in engine.services.items()]
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "bench.steps", *services],
        cwd=ROOT, env=engine.site._env(), check=True, stdout=subprocess.PIPE,
    )  # fmt: skip
    return dict(json.loads(done.stdout))


async def _steps(pids: Mapping[str, int]) -> Figures:
    from messaging.backends import log

    drafts = appending._drafts(await appending._chats())[: TIMES + WARM_UP]
    rows: list[Row] = []

    async def append(draft: "Draft") -> None:
        rows.append(await log().append(draft, appending._seal, _now()))

    async def got(row: "Row") -> None:
        await log().mark(row.conv, peers[row.conv], row.sender, _now(), got=row.seq)

    async def read(row: "Row") -> None:
        await log().mark(row.conv, peers[row.conv], row.sender, _now(), read=(row.seq, row.ord))

    peers = {draft.conv: draft.peer for draft in drafts}
    figures = {"append": await _cost(pids, drafts, append)}
    if unread := _unread(peers):
        figures["unread"] = await _cost(pids, rows, unread)
    figures["got"] = await _cost(pids, rows, got)
    figures["read"] = await _cost(pids, rows, read)
    figures["presence"] = await _cost(pids, drafts, await _presence(peers.values()))
    figures["push"] = await _cost(pids, drafts, await _push())
    return figures


def _unread(peers: Mapping[bytes, bytes]) -> "Callable[[Row], Awaitable[None]] | None":
    """A statement of its own on Cassandra alone."""
    from django.conf import settings

    if not settings.CASSANDRA:
        return None
    from messaging.backends.cassandra import watermarks
    from messaging.backends.cassandra.store import store

    async def unread(row: "Row") -> None:
        await watermarks.sent(store(), row, peers[row.conv], 0)

    return unread


async def _presence(people: Iterable[bytes]) -> "Callable[[Draft], Awaitable[None]]":
    from presence import registry
    from presence.backends import registry as configured

    node = registry.Node(f"bench-{secrets.token_hex(4)}", configured())
    await registry.beat(node)
    for uid in people:
        random = secrets.token_bytes
        await registry.arrive(node, registry.Arrival(uid, random(16), random(16)))

    async def where(draft: "Draft") -> None:
        await registry.where(node, [draft.peer], _now())

    return where


async def _push() -> Callable[[Any], Awaitable[None]]:
    from channels.layers import get_channel_layer

    layer = get_channel_layer()
    assert layer
    group, data = f"bench.{secrets.token_hex(4)}", secrets.token_bytes(FRAME)
    channel = await layer.new_channel()
    await layer.group_add(group, channel)

    async def push(_: Any) -> None:
        await layer.group_send(group, {"type": "bench", "data": data})
        await layer.receive(channel)

    return push


async def _cost(
    pids: Mapping[str, int], subjects: Sequence[T], step: Callable[[T], Awaitable[None]]
) -> dict[str, float]:
    await _each(subjects[:WARM_UP], step)
    with measured(pids) as cost:
        await _each(subjects[WARM_UP:], step)
    count = len(subjects) - WARM_UP
    return {name: spent / count * 1e6 for name, spent in cost.spent.items()}


async def _each(subjects: Iterable[T], step: Callable[[T], Awaitable[None]]) -> None:
    left = iter(subjects)

    async def worker() -> None:
        for subject in left:
            await step(subject)

    await asyncio.gather(*(worker() for _ in range(IN_FLIGHT)))


def _now() -> int:
    return time.time_ns() // 1_000_000


def main(services: Mapping[str, int]) -> None:
    import django

    django.setup()
    print(json.dumps(asyncio.run(_steps({SERVER: os.getpid(), **services}))), flush=True)


if __name__ == "__main__":
    pids = dict(one.split("=") for one in sys.argv[1:])
    main({name: int(pid) for name, pid in pids.items()})
