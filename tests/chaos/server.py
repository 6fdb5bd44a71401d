"""What stands under the storm, for a scene that does not care: one server on files of its own."""

import asyncio
import shutil
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path

from chatsite import make_secrets
from testkit.running import Site, free_port
from tests.chaos import clock
from tests.chaos.plan import Plan
from tests.chaos.proxy import Address, Door
from tests.chaos.store import Reader

SQLITE = {"DATABASE_URL": "", "CHAT_ENGINE": "embedded"}  # whatever the other tests run on


class OneServer:
    def __init__(self, plan: Plan, template: Path, var: Path) -> None:
        shutil.copytree(template, var / "site")
        self.nodes = [node(plan, var / "site", free_port(), SQLITE)]
        self.store = Reader(self.nodes[0])
        self.doors: dict[tuple[str, str], Door] = {}  # of a node to a service

    @property
    def direct(self) -> Site:
        """By which commands are given."""
        return self.nodes[0]

    @property
    def url(self) -> str:
        return self.nodes[0].url

    @property
    def front(self) -> Address:
        """Where devices come in."""
        return "127.0.0.1", self.nodes[0].port

    async def open(self) -> None:
        await self.start(self.nodes[0])

    async def start(self, site: Site) -> None:
        await asyncio.to_thread(site.start)

    async def heal(self) -> None:
        """It runs, and its clock is right."""
        await revive(self.nodes[0], self.start)

    async def stop(self) -> list[Path]:
        """The folders in which it may have left something; browsers have theirs beside it."""
        await asyncio.to_thread(self.nodes[0].stop)
        return [self.nodes[0].var.parent]

    async def close(self) -> None:
        await asyncio.to_thread(self.nodes[0].stop)
        await asyncio.to_thread(self.store.close)


def node(plan: Plan, var: Path, port: int, env: dict[str, str]) -> Site:
    """A process of the site that may be broken, with a clock in the storm's hand."""
    clock.make(var / "clock")
    command = ("-m", "tests.chaos.mutant", plan.mutant, "serve")
    own = {**env, "LIVE_RATE_FACTOR": "1000", "CHAOS_CANARY": plan.canary}
    return Site(var, port, own, command=command)


async def revive(site: Site, start: Callable[[Site], Awaitable[None]]) -> None:
    clock.move(site.var / "clock", 0)
    if site.process is not None and site.process.poll() is None:
        site.process.send_signal(signal.SIGCONT)
    else:
        await start(site)


def template(folder: Path) -> Path:
    """A data folder to be copied: migrating costs more than a short run. No page is asked for, so
    there are no static files in it."""
    site = Site(folder / "template", free_port(), SQLITE)
    site.var.mkdir()
    migrate(site)
    return site.var


def migrate(site: Site) -> None:
    make_secrets.main(site.var / "secrets")
    site.migrate()
