"""Two people talk, and nobody honest notices what a neighbour does to the door.

`bin/test hostile` takes the long form (CHAT_HOSTILE=full): five rounds of each attack, interleaved
with quiet ones; its table belongs into docs/performance.md.
"""

import asyncio
import os
import statistics
from collections.abc import AsyncIterator

import pytest

from bench.talk import Talk
from testkit.cast import Person, seeded
from testkit.running import Site, new_site
from tests.chatsite.door.stranger import memory, sockets
from tests.hostile.attack import ATTACKS
from tests.hostile.neighbours import Noticed, attacked, talk

FULL = os.environ.get("CHAT_HOSTILE") == "full"
ROUNDS = 5 if FULL else 1
SECONDS = 10.0 if FULL else 3.0
AFTER_SECONDS = 60  # until connections and memory are back
LEFT_BYTES = 64 * 1024 * 1024
TIMES_P50 = 5  # of a quiet round, at most, in the long form


@pytest.fixture
async def scene() -> AsyncIterator[tuple[Site, Talk, Person, Person]]:
    site = new_site({"ADMIN_URL": "/admin", "ADMIN_NETWORKS": "127.0.0.0/8"})
    site.source = "127.0.0.2"  # of loopback, and counted by address as a stranger's is
    alice, bob, mallory, _, carol = seeded(
        site, "alice", "bob", "mallory", "dave", "carol", pairs=2
    )
    site.start()
    pair = Talk(alice, bob)
    await pair.arrive(site.port)
    yield site, pair, carol, mallory
    site.remove()


async def back_to(site: Site, before: int, held: int, after: str) -> None:
    """Waits; nobody tells when a process has given something back."""
    for _ in range(AFTER_SECONDS * 10):
        if sockets(site) <= before and memory(site) - held <= LEFT_BYTES:
            return
        await asyncio.sleep(0.1)
    assert sockets(site) <= before, after
    assert memory(site) - held <= LEFT_BYTES, after


@pytest.mark.timeout(3600)  # the long form takes half an hour
async def test_nobody_honest_notices(scene) -> None:
    site, pair, carol, mallory = scene
    await talk(site, pair, carol, SECONDS)  # warm
    quiet: list[Noticed] = []
    under: dict[str, list[Noticed]] = {name: [] for name in ATTACKS}
    for _ in range(ROUNDS):
        quiet.append(await talk(site, pair, carol, SECONDS))
        for name in ATTACKS:
            before, held = sockets(site), memory(site)
            async with attacked(name, site, mallory):
                noticed = await talk(site, pair, carol, SECONDS)
            assert noticed.newcomers, name
            assert not noticed.turned_away, (name, noticed.turned_away)
            under[name].append(noticed)
            await back_to(site, before, held, name)
    assert "Traceback" not in site.log.read_text()
    print(table(quiet, under))  # noqa: T201
    if FULL:
        calm = statistics.median(each.p50 for each in quiet)
        for name, rounds in under.items():
            assert statistics.median(each.p50 for each in rounds) <= TIMES_P50 * calm, name


def table(quiet: list[Noticed], under: dict[str, list[Noticed]]) -> str:
    rows = {"nobody attacks": quiet, **under}
    lines = ["", "| Attack | p50 ms | p99 ms |", "|---|---|---|"]
    for name, rounds in rows.items():
        p50 = statistics.median(each.p50 for each in rounds)
        p99 = statistics.median(each.ms(99) for each in rounds)
        lines.append(f"| {name.replace('_', ' ')} | {p50:.1f} | {p99:.1f} |")
    return "\n".join(lines)
