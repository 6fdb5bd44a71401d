"""The fault `restore`: a backup of the running site, some work, and the backup put back.

No key is renewed between the two: what becomes of a lost epoch is in `epochkeeper.test.js`.
"""

import asyncio
import http.client
import subprocess
import time
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import TypeVar

from testkit.running import Site
from tests.chaos import clock, store
from tests.chaos.scene import PASSWORD, Scene, Somebody

T = TypeVar("T")
CALM_SECONDS = 30.0  # given to what is under way, such as the new epoch after a revocation
BACK_SECONDS = 60.0  # until everybody is there again
POLL_SECONDS = 0.25
TRIES = 50  # the observer of the storm opens the files, too


class Setback:
    def __init__(self, scene: Scene) -> None:
        self.scene, self.count = scene, 0

    @property
    def server(self) -> Site:
        """The only one."""
        return self.scene.site.nodes[0]

    async def run(self, work_seconds: float) -> None:
        scene, history = self.scene, self.scene.history
        scene.renewing = False
        try:
            await asyncio.gather(*scene.renewals)
            await self._until_calm(CALM_SECONDS)
            folder = await self._backup()
            await asyncio.sleep(work_seconds)
            await self._note_what_is_shown()
            await asyncio.to_thread(self.server.kill)
            rows = (await asyncio.to_thread(store.dump, scene.site.store)).rows
            names = [[row.conv, row.device, row.ctr, row.mid] for row in rows]
            history.add("nemesis", "restored", "ok", rows=names)
            async with scene.site.store.aside():
                await self._put_back(folder)
            await asyncio.to_thread(self.server.start)
            for somebody in scene.people.values():
                await self._sign_in(somebody)
            await self._until_calm(BACK_SECONDS)
            history.add("nemesis", "back", "ok")
        finally:
            scene.renewing = True

    async def _backup(self) -> Path:
        self.count += 1
        folder = self.scene.var / f"backup-{self.count}"
        self.scene.history.add("nemesis", "backup", "ok")
        await asyncio.to_thread(self.server.manage, "backup", str(folder))
        return folder

    async def _put_back(self, folder: Path) -> None:
        site = self.server
        for attempt in range(TRIES):
            try:
                await asyncio.to_thread(site.manage, "restore", str(folder))
                break
            except subprocess.CalledProcessError:
                if attempt + 1 == TRIES:
                    raise
                await asyncio.sleep(POLL_SECONDS)
        clock.make(site.var / "clock")

    async def _sign_in(self, somebody: Somebody) -> None:
        person = somebody.person

        async def itself() -> None:
            await asyncio.to_thread(person.sign_in_again)

        await patiently(itself)
        for device in somebody.devices:
            await patiently(partial(device.sign_in_again, person.secrets, PASSWORD))

    async def _note_what_is_shown(self) -> None:
        for device in self.scene.devices():
            holding = await patiently(device.holding)
            for conv, chat in holding.chats.items():
                messages = (*chat.messages, *chat.only)
                texts = [message.text for message in messages if message.text is not None]
                self.scene.history.add(device.name, "shown", "ok", conv=conv, texts=texts)

    async def _until_calm(self, seconds: float) -> None:
        """As calm as it gets while people write."""
        deadline = time.monotonic() + seconds
        heads = await asyncio.to_thread(store.heads, self.scene.site.store)
        while time.monotonic() < deadline:
            if not await self.scene.behind(heads):
                return
            await asyncio.sleep(POLL_SECONDS)


async def patiently(work: Callable[[], Awaitable[T]]) -> T:
    """Lines break in a storm, and what was said before a kill breaks once."""
    for _ in range(TRIES):
        try:
            return await work()
        except (OSError, RuntimeError, http.client.HTTPException, store.StoreAway):
            await asyncio.sleep(POLL_SECONDS)
    return await work()
