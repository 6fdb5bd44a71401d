"""One run: people write while things go wrong; then calm, and everything is compared."""

import asyncio
import contextlib
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from tests.chaos import store
from tests.chaos.cluster import Cluster
from tests.chaos.harm import ClusterNemesis
from tests.chaos.history import History
from tests.chaos.nemesis import Nemesis, Teller
from tests.chaos.outcome import Holding, Outcome
from tests.chaos.plan import Plan
from tests.chaos.pydevice import PyDevice
from tests.chaos.scene import EXPECTED, Device, Scene, Somebody
from tests.chaos.services import Services
from tests.chaos.setback import patiently

OPS = {
    "send": 55, "file": 5, "abandon": 1, "read": 18, "look": 10, "typing": 4, "reconnect": 4,
    "rotate": 2, "wake": 2, "delete": 5, "meddle": 3,
}  # fmt: skip
OF_A_CHAT = ("read", "rotate", "typing", "delete", "meddle")
STRIKE_SECONDS = 600  # given to the last fault to come to its end: three nodes may drain in it
OPEN_MAX = 80  # sends whose end nobody knows yet: a slow machine is not flooded
LOOK_AT_STORE_SECONDS = 0.5
CATCH_UP_SECONDS = 30  # given to devices that have so many open; then the work goes on
POLL_SECONDS = 0.25
SHOWN_SECONDS = (
    60  # the lease, the grace and the ticks of presence take 27, where nothing stands still
)
STAYS_SECONDS = 3  # what is shown must not be true in passing


@dataclass
class Result:
    outcome: Outcome
    faults: Counter[str]
    ops: Counter[str]
    seconds: dict[str, float]


async def run(plan: Plan, prepared: Path | Services, history_path: Path | None = None) -> Result:
    storm = _Storm(plan, prepared, History(history_path))
    try:
        return await storm.run()
    finally:
        await storm.end()


class _Storm:
    def __init__(self, plan: Plan, prepared: Path | Services, history: History) -> None:
        self.plan, self.history = plan, history
        self.scene = Scene(plan, history, prepared)
        self.say = Teller(self.scene, plan.canary)
        kind = ClusterNemesis if isinstance(self.scene.site, Cluster) else Nemesis
        self.nemesis = kind(self.scene, self.say)
        self.nemesis.all_same = partial(self._until_quiet, hush=True)
        self.chance = random.Random(f"work {plan.seed}")
        self.ops: Counter[str] = Counter()
        self.seconds: dict[str, float] = {}
        self.known: set[tuple[str, str]] = set()  # device and of whom it was told something new
        self.background: set[asyncio.Task[Any]] = set()

    async def run(self) -> Result:
        await self._timed("open", self.scene.open())
        await self._timed("calm before", self._until_quiet("before the storm"))
        observer = asyncio.create_task(self._observe())
        storm = asyncio.create_task(self.nemesis.run())
        await self._timed("storm", self._work(storm))
        self.nemesis.enough = True
        await asyncio.wait_for(storm, STRIKE_SECONDS)
        await self.nemesis.heal()
        await asyncio.gather(*self.background)  # what a busy device is still asked
        if not self.nemesis.missed:
            await self._timed("quiet", self._until_quiet("after the storm"))
        if not self._is_late():  # else more would be lateness, too
            await self._afterwards()
        observer.cancel()
        await asyncio.gather(observer, return_exceptions=True)
        outcome = await self._outcome()
        return Result(outcome, self.nemesis.done, self.ops, self.seconds)

    async def _afterwards(self) -> None:
        if self.plan.presence:
            await self._timed("presence", self._presence())
        await self._timed("fresh", self._fresh())

    def _is_late(self) -> bool:
        return any(True for _ in self.history.of("quiet", "fail"))

    async def end(self) -> None:
        for task in tuple(self.background):
            task.cancel()
        await self.scene.close()
        self.scene.remove()
        self.history.close()

    async def _timed(self, what: str, work: Awaitable[object]) -> None:
        began = time.monotonic()
        await work
        self.seconds[what] = round(time.monotonic() - began, 1)

    # ------------------------------------------------------------ work

    async def _work(self, storm: "asyncio.Task[None]") -> None:
        kinds, weights = list(OPS), list(OPS.values())
        began, strikes = time.monotonic(), self.plan.strikes if self.plan.faults else 0
        while self.ops.total() < self.plan.ops or self.nemesis.finished < strikes:
            if time.monotonic() - began > self.plan.storm_seconds or self.nemesis.enough:
                return
            await asyncio.sleep(1 / self.plan.ops_a_second)
            if storm.done():
                storm.result()  # a nemesis that failed is a fault of the harness: say so
            await _until(lambda: self._open() <= OPEN_MAX or storm.done(), CATCH_UP_SECONDS)
            if self.nemesis.hush:
                continue
            device = self.chance.choice(self.scene.devices())
            conv = self.chance.choice(self.scene.owner(device).convs)
            self._do(self.chance.choices(kinds, weights)[0], device, conv)

    def _do(self, op: str, device: Device, conv: str) -> None:
        self.ops[op] += 1
        if op == "rotate" and not self.scene.renewing:
            return
        if op in ("send", "file"):
            return (device.send if op == "send" else device.send_file)(conv, self.say.text(device))
        call = getattr(device, op)
        if op == "abandon":
            work = call(conv, self.say.text(device))
        else:
            work = call(conv) if op in OF_A_CHAT else call()
        task = asyncio.ensure_future(_weathered(work))
        self.background.add(task)
        task.add_done_callback(self.background.discard)
        if op == "rotate":
            self.scene.renewals.add(task)
            task.add_done_callback(self.scene.renewals.discard)

    def _open(self) -> int:
        return sum(device.undecided for device in self.scene.devices())

    async def _observe(self) -> None:
        while True:
            with contextlib.suppress(store.StoreAway):
                await asyncio.to_thread(store.observe, self.scene.site.store, self.history)
            await asyncio.sleep(LOOK_AT_STORE_SECONDS)

    # ------------------------------------------------------------ calm

    async def _until_quiet(self, when: str, *, hush: bool = False) -> bool:
        """Until all have the same, or the time is over: then the checkers see who has not. In a
        hush nobody wakes them, and the last sockets and marks are waited for by nobody."""
        deadline = time.monotonic() + self.plan.quiet_seconds
        turn = 0
        while True:
            heads, ords = await self._stored()
            calm = {
                each.name: await self._calm(each, heads, None if hush else ords)
                for each in self.scene.devices()
            }
            if all(calm.values()):
                return True
            if time.monotonic() > deadline:
                late = [name for name, is_calm in calm.items() if not is_calm]
                self.history.add("harness", "quiet", "fail", when=when, late=late)
                return False
            if not hush and turn % 8 == 0:  # who is back in front of it wakes a device
                for device in self.scene.devices():
                    await _weathered(device.wake())
            turn += 1
            await asyncio.sleep(POLL_SECONDS)

    async def _stored(self) -> tuple[dict[str, int], dict[tuple[str, str], int]]:
        place = self.scene.site.store
        heads = await patiently(partial(asyncio.to_thread, store.heads, place))
        return heads, await patiently(partial(asyncio.to_thread, store.read_ords, place))

    async def _calm(
        self, device: Device, heads: dict[str, int], ords: dict[tuple[str, str], int] | None
    ) -> bool:
        try:
            settled = await device.settled(heads)
            if ords is None or not settled:
                return settled
            # No socket of it stands beside another.
            return await self._told(device, ords) and not device.door.left
        except EXPECTED:
            return False

    async def _told(self, device: Device, ords: dict[tuple[str, str], int]) -> bool:
        """Whether the store and the device have each other's read marks: on their way they wait a
        second in a browser, and half a one at the server."""
        reader = self.scene.owner(device).uid
        mine = await device.read_ords()
        return all(ord_ == ords.get((conv, reader), 0) for conv, ord_ in mine.items())

    async def _presence(self) -> None:
        """All devices of one person leave, and one of each other's; who is left sees the truth."""
        leaver = self.chance.choice(list(self.scene.people.values()))
        await self._part(list(leaver.devices))
        for somebody in self.scene.people.values():
            await self._part(somebody.devices[:-1][:1])
        for device in self.scene.devices():
            await device.watch(self._peers(self.scene.owner(device)))
        await _until(self._is_shown, SHOWN_SECONDS)
        await asyncio.sleep(STAYS_SECONDS)
        # Who the site believes to be there: tells a lie of the site from one of a screen.
        said = await asyncio.to_thread(self.scene.site.direct.manage_says, "presence")
        self.history.add("server", "registry", "ok", entries=said.splitlines())
        for place in self._shown():
            self._note_shown(*place)

    def _is_shown(self) -> bool:
        """Whether the truth is. Who is there must not be shown as gone even for a moment: their
        next heartbeat would bring them back. At first a browser may show what it was told before.
        """
        shown = list(self._shown())
        for device, peer, seen, true in shown:
            if isinstance(device, PyDevice) or (seen, true) == ("online", "online"):
                self.known.add((device.name, peer))
            if (seen, true) == ("offline", "online") and (device.name, peer) in self.known:
                self._note_shown(device, peer, seen, true)
        return all(seen == true for *_, seen, true in shown)

    def _note_shown(self, device: Device, peer: str, shown: str, true: str) -> None:
        self.history.add(device.name, "presence", "ok", user=peer, shown=shown, truth=true)

    async def _part(self, gone: list[Device]) -> None:
        for device in gone:
            self.scene.owner(device).devices.remove(device)
            await device.close()

    def _shown(self) -> Iterator[tuple[Device, str, str, str]]:
        """device, whom it watches, what it shows, what is true."""
        there = {each.uid for each in self.scene.people.values() if each.devices}
        for device in self.scene.devices():
            for peer in self._peers(self.scene.owner(device)):
                true = "online" if peer in there else "offline"
                yield device, peer, device.seen.get(peer, "nothing"), true

    def _peers(self, somebody: Somebody) -> list[str]:
        return [
            each.uid
            for each in self.scene.people.values()
            if each is not somebody and set(each.convs) & set(somebody.convs)
        ]

    async def _fresh(self) -> None:
        for place, name in enumerate(self.scene.people):
            kind = self.plan.fresh[place % len(self.plan.fresh)]
            await self.scene.add(name, kind, f"{name}/fresh")
        await self._until_quiet("with new devices")
        for device in self.scene.devices():
            if device.name.endswith("/fresh") and isinstance(device, PyDevice):
                await device.attaching.read_all(device.device, device.name, self.history)
                await device.attaching.miss_deleted(device.device, device.name, self.history)

    async def _outcome(self) -> Outcome:
        holdings = [await _holding(device) for device in self.scene.devices()]
        folders = await self.scene.site.stop()
        leaks = [
            leak
            for folder in folders
            for leak in await asyncio.to_thread(store.leaks, folder, self.plan.canary)
        ]
        dump = await asyncio.to_thread(store.dump, self.scene.site.store)
        files = await asyncio.to_thread(store.swept, self.scene.site.direct)
        return Outcome(tuple(self.history.events), dump, tuple(holdings), tuple(leaks), files)


async def _holding(device: Device) -> Holding:
    fresh = device.name.endswith("/fresh")
    try:
        return await device.holding(fresh=fresh)
    except RuntimeError as error:  # a broken site may have broken it
        return Holding(device.name, device.user, {}, fresh, (f"says nothing: {error}",))


async def _until(true: Callable[[], bool], seconds: float) -> None:
    """Of things that several processes tell: there is no one event to wait for."""
    deadline = time.monotonic() + seconds
    while not true() and time.monotonic() < deadline:  # noqa: ASYNC110
        await asyncio.sleep(POLL_SECONDS)


async def _weathered(work: Awaitable[Any]) -> None:
    try:
        await work
    except EXPECTED:
        return
