"""The fault `suspend`: somebody is suspended for a while; it ends by itself, or is taken back.

Nobody signs in again. The pages of their browsers go to the one that says why, and come back from
there with what they had (`_let_in`).
"""

import asyncio
import http.client
import subprocess
import time
from collections.abc import Callable
from functools import partial
from http import HTTPStatus

from accounts import protocol
from testkit.client.api import ApiError
from tests.chaos import store
from tests.chaos.nodedevice import NodeDevice
from tests.chaos.scene import EXPECTED, Device, Scene, Somebody
from tests.chaos.setback import patiently

OUT_SECONDS = 45.0  # until all their sockets are closed; 20 and a turn where an event was lost
UNSEEN_SECONDS = 45.0  # until nobody shows them as online: a lease and its grace, where a node died
BACK_SECONDS = 60.0  # until all are there again
STILL_SECONDS = 1.0  # without a row of theirs: nothing is under way any more
POLL_SECONDS = 0.25
TRIES = 5
# Why a page leaves: a long poll shows its cookie alone, and is turned away before it could ask why;
# the sign-in then leads to the reason, and back.
LEFT = ("suspended", "sign_in")


class Resting:
    def __init__(self, scene: Scene, seconds: Callable[[], float]) -> None:
        """`seconds`: how long something lasts, another at each call."""
        self.scene, self.seconds = scene, seconds

    async def run(self, somebody: Somebody, *, undone: bool) -> None:
        name = somebody.person.name
        if undone:
            await self._manage("suspend", name)
            await self._watch(somebody)
            await self._manage("suspend", name, "--undo")
        else:
            await self._manage("suspend", name, "--for", f"{round(1 + self.seconds())}s")
            await self._until_over(somebody)
        await self._until_back(somebody)

    async def _watch(self, somebody: Somebody) -> None:
        """What may not be while it lasts."""
        out = await _until(lambda: not any(map(_is_live, somebody.devices)), OUT_SECONDS)
        before = await self._still(somebody)
        await asyncio.sleep(self.seconds())
        sent = await self._sent(somebody) - before
        self.scene.history.add("nemesis", "suspended", "ok", user=somebody.uid, out=out, sent=sent)
        await _until(lambda: not self._shown(somebody), UNSEEN_SECONDS)
        for name in self._shown(somebody):
            self.scene.history.add(
                name, "presence", "ok", user=somebody.uid, shown="online", truth="offline"
            )

    def _shown(self, somebody: Somebody) -> list[str]:
        """Devices of others that are there and show them as online."""
        return [
            device.name
            for device in self.scene.devices()
            if _is_live(device) and device.seen.get(somebody.uid) == "online"
        ]

    async def _still(self, somebody: Somebody) -> int:
        """How many messages are theirs, once no more come of what was under way."""
        now = await self._sent(somebody)
        until = time.monotonic() + OUT_SECONDS
        while time.monotonic() < until:
            before = now
            await asyncio.sleep(STILL_SECONDS)
            now = await self._sent(somebody)
            if now == before:
                break
        return now

    async def _sent(self, somebody: Somebody) -> int:
        dump = partial(asyncio.to_thread, store.dump, self.scene.site.store)
        return sum(row.sender == somebody.uid for row in (await patiently(dump)).rows)

    async def _until_over(self, somebody: Somebody) -> None:
        """By the clock of whatever node answers, which may be wrong."""
        api = somebody.person.device.api
        until = time.monotonic() + BACK_SECONDS
        while time.monotonic() < until:
            try:
                await asyncio.to_thread(api.get, "/api/notes", protocol.Notes, proof=True)
            except (OSError, http.client.HTTPException):
                pass
            except ApiError as error:
                if error.status == HTTPStatus.FORBIDDEN and error.code != "suspended":
                    raise
            else:
                return
            await asyncio.sleep(POLL_SECONDS)

    async def _until_back(self, somebody: Somebody) -> None:
        """Their pages ask again. Who is not back by then, the end of the storm finds."""
        until = time.monotonic() + BACK_SECONDS
        while time.monotonic() < until:
            for device in somebody.devices:
                try:
                    await _let_in(device)
                except (*EXPECTED, TimeoutError):
                    continue  # a page that did not load is loaded again
            if all(map(_is_live, somebody.devices)):
                return
            await asyncio.sleep(POLL_SECONDS)

    async def _manage(self, *words: str) -> None:
        for attempt in range(TRIES):
            try:
                return await asyncio.to_thread(self.scene.site.direct.manage, *words)
            except subprocess.CalledProcessError:
                if attempt + 1 == TRIES:
                    raise
            await asyncio.sleep(POLL_SECONDS)


def _is_live(device: Device) -> bool:
    if isinstance(device, NodeDevice):
        return device.link == "live"
    return device.online.is_set()


async def _let_in(device: Device) -> None:
    """The page comes back, if it had left; a device of the Python client asks again by itself."""
    if isinstance(device, NodeDevice) and device.link == "stopped" and device.why in LEFT:
        await device.crash()


async def _until(true: Callable[[], bool], seconds: float) -> bool:
    """Of things that several processes tell: there is no one event to wait for."""
    until = time.monotonic() + seconds
    while not true() and time.monotonic() < until:  # noqa: ASYNC110
        await asyncio.sleep(POLL_SECONDS)
    return true()
