"""The pair and people who arrive, while an attack runs: what they notice of it."""

import asyncio
import contextlib
import json
import statistics
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from bench.device import Device
from bench.loops import paced
from bench.talk import Talk
from testkit.cast import Person, _packed
from testkit.running import ROOT, Site
from tests.chatsite.door.stranger import request, status

EVERY_SECONDS = 0.2  # a message of the pair
NEWCOMER_SECONDS = 1.0  # between two who come newly


@dataclass
class Noticed:
    delays: list[float] = field(default_factory=list)  # seconds
    newcomers: int = 0
    turned_away: list[str] = field(default_factory=list)

    def ms(self, percent: int) -> float:
        ordered = sorted(self.delays)
        return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)] * 1000

    @property
    def p50(self) -> float:
        return statistics.median(self.delays) * 1000


@contextlib.asynccontextmanager
async def attacked(name: str, site: Site, mallory: Person) -> AsyncIterator[None]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-W", "ignore", "-m", "tests.hostile.attack", name, site.source,
        str(site.port), cwd=ROOT, stdin=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdin is not None
    process.stdin.write(json.dumps(_packed(mallory)).encode() + b"\n")
    try:
        yield
        assert process.returncode is None, "the attack ended by itself: this proves nothing"
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def talk(site: Site, pair: Talk, carol: Person, seconds: float) -> Noticed:
    """The pair talks at its rate; carol comes and goes."""
    noticed, pair.delays = Noticed(), []
    newcomer = asyncio.ensure_future(_keep_coming(site, carol, noticed))
    count = round(seconds / EVERY_SECONDS)
    pair.seal(count)
    async with asyncio.timeout(seconds + 60):
        await paced(1 / EVERY_SECONDS, count, lambda _, due: pair.deliver(due))
    newcomer.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await newcomer
    noticed.delays = pair.delays
    assert len(noticed.delays) == count
    for device in (pair.alice, pair.bob):
        assert not device.over.done(), "the site closed one of the pair"
    return noticed


async def _keep_coming(site: Site, carol: Person, noticed: Noticed) -> None:
    while True:
        try:
            async with asyncio.timeout(60):
                assert status(await _ask(site)) == 200
                await _come_and_go(site, carol)
        except Exception as error:  # noqa: BLE001 -- whatever it was, somebody honest met it
            noticed.turned_away.append(repr(error))
        noticed.newcomers += 1
        await asyncio.sleep(NEWCOMER_SECONDS)


async def _come_and_go(site: Site, carol: Person) -> None:
    device = Device(carol)
    try:
        await device.arrive(site.port)
    finally:  # also where the round ends meanwhile: nobody stays behind
        device.leave()


async def _ask(site: Site) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", site.port)
    with contextlib.closing(writer):
        writer.write(request(site))
        answer = await reader.readuntil(b"\r\n\r\n")
    with contextlib.suppress(OSError):
        await writer.wait_closed()
    return answer
