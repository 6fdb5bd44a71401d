"""When the faults end."""

import asyncio
from types import SimpleNamespace
from typing import Any

from tests.chaos.nemesis import Nemesis
from tests.chaos.plan import Plan

WAIT_SECONDS = 30


class Slow(Nemesis):
    """Each fault lasts until `over`."""

    def __init__(self, scene: Any) -> None:
        super().__init__(scene, say=scene)
        self.began, self.over = asyncio.Event(), asyncio.Event()

    async def strike(self, fault: str) -> None:
        self.began.set()
        await self.over.wait()


async def test_the_fault_under_way_comes_to_its_end_and_no_other_begins() -> None:
    plan = Plan(seed=1, faults=("restore", "kill"), fault_seconds=(0, 0))
    nemesis = Slow(SimpleNamespace(plan=plan))
    running = asyncio.create_task(nemesis.run())
    await nemesis.began.wait()
    nemesis.enough = True
    assert not running.done()
    nemesis.over.set()
    await asyncio.wait_for(running, WAIT_SECONDS)
    assert nemesis.finished == 1
