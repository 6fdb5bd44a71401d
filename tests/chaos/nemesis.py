"""What goes wrong: one fault after another, each healed before the next but one."""

import asyncio
import random
import signal
from collections import Counter
from collections.abc import Awaitable, Callable

from testkit.client import account
from testkit.running import Site
from tests.chaos import clock
from tests.chaos.nodedevice import NodeDevice
from tests.chaos.proxy import IN, OUT, Weather
from tests.chaos.pydevice import PyDevice
from tests.chaos.resting import Resting
from tests.chaos.scene import Device, Scene, Somebody
from tests.chaos.setback import Setback

CLOCK_MS = (-5000, 5000, 3_600_000, 0)  # slow, fast, an hour off, right again
CLOCKS_MS = (-5000, 5000)  # of a node among others, for a while: such a one takes nobody new
AWAY_TIMES = 3  # as long as other faults
FLOOR_SECONDS = 20.0  # for a new epoch to be made, at most: those who are to make it may be away
LOOK_SECONDS = 0.1
MOVED = {
    "stall": Weather(hold=frozenset({IN, OUT})),
    "deaf": Weather(swallow=frozenset({IN})),
    "mute": Weather(swallow=frozenset({OUT})),
    "slow": Weather(slow=True),
    "late": Weather(delay=0.2),
    "lossy": Weather(lose_sent=0.3, lose_pushed=0.2, replay_pushed=0.2),
    "nervous": Weather(repeat_send=0.5),
    "away": Weather(refuse=True),
    "cut_parts": Weather(cut_after=150_000),
}


class Nemesis:
    def __init__(self, scene: Scene, say: "Teller") -> None:
        self.scene, self.plan, self.say = scene, scene.plan, say
        self.chance = random.Random(f"nemesis {self.plan.seed}")
        self.done: Counter[str] = Counter()  # begun
        self.finished = 0
        self.enough = False
        self.hush = False  # nobody writes now
        self.missed = False  # something was, in a hush
        self.all_same: Callable[[str], Awaitable[bool]] | None = None  # waits for it, so long
        self.setback = Setback(scene)
        self.resting = Resting(scene, self._while)

    async def run(self) -> None:
        """Until it is enough: every fault in an order of its own, then again in another. What was
        begun comes to its end: after half a restore people would stay signed out."""
        while self.plan.faults:
            faults = list(self.plan.faults)
            self.chance.shuffle(faults)
            for fault in faults:
                if self.enough:
                    return
                await (self._hushed(fault) if self.plan.hush else self._struck(fault))

    async def _struck(self, fault: str) -> None:
        await self.strike(fault)
        self.finished += 1
        await self.rest(fault)

    async def _hushed(self, fault: str) -> None:
        """What follows would hide that something got lost: nothing follows. It is enough where
        something did."""
        assert self.all_same is not None
        await asyncio.sleep(self._while())
        self.hush = self.plan.hush == "begin"
        await self.strike(fault)
        self.hush = True
        if not await self.all_same(f"after {fault}"):
            self.missed = self.enough = True
        self.finished += 1
        self.hush = False

    async def rest(self, fault: str) -> None:
        """Between two faults."""
        await asyncio.sleep(self._while())

    async def strike(self, fault: str) -> None:
        self.done[fault] += 1
        if fault in MOVED:
            return await self._move_weather(fault)
        await getattr(self, f"_{fault}")()

    async def heal(self) -> None:
        """Every door open and fair, the site well."""
        await self.scene.site.heal()
        for device in self.scene.devices():
            device.door.set(Weather())

    async def _move_weather(self, fault: str) -> None:
        devices = self.chance.sample(self.scene.devices(), k=self.chance.choice((1, 2, 3)))
        self.say("fault", fault, [device.name for device in devices])
        for device in devices:
            device.door.set(MOVED[fault])
        await asyncio.sleep(self._while() * (AWAY_TIMES if fault == "away" else 1))
        for device in devices:
            device.door.set(Weather())
            if fault in ("lossy", "nervous"):
                device.door.cut()  # as after every loss that somebody noticed: compare again

    async def _kill(self) -> None:
        site = self._node()
        self.say("fault", "kill", [_name(site)])
        await asyncio.to_thread(site.kill)
        await asyncio.sleep(self.chance.random())
        await self.scene.site.start(site)

    async def _pause(self) -> None:
        site = self._node()
        self.say("fault", "pause", [_name(site)])
        assert site.process is not None
        site.process.send_signal(signal.SIGSTOP)
        await asyncio.sleep(self._while())
        site.process.send_signal(signal.SIGCONT)

    async def _clock(self) -> None:
        site = self._node()
        ms = self.chance.choice(CLOCK_MS if self.plan.nodes == 1 else CLOCKS_MS)
        self.say("fault", "clock", [_name(site), str(ms)])
        clock.move(site.var / "clock", ms)
        if self.plan.nodes > 1:
            await asyncio.sleep(self._while())
            clock.move(site.var / "clock", 0)

    async def _cut(self) -> None:
        device = self._one(None)
        self.say("fault", "cut", [device.name])
        device.door.cut()

    async def _crash(self) -> None:
        device = self._one(NodeDevice)
        self.say("fault", "crash", [device.name])
        assert isinstance(device, NodeDevice)
        await device.crash()

    async def _lost(self) -> None:
        """Gone with what was in it; its owner signs in on another one."""
        device = self._one(PyDevice)
        self.say("fault", "lost", [device.name])
        somebody = self.scene.owner(device)
        assert isinstance(device, PyDevice)
        await self.scene.lose(device)
        await self._revoked(somebody, device)
        await self.scene.add(somebody.person.name, "p")

    async def _revoke(self) -> None:
        """A device is taken off the list while another one has a sealed message on the way, which
        must not arrive under the old epoch."""
        stalled = self._one(None)
        somebody = self.scene.owner(stalled)
        spare = await self.scene.add(somebody.person.name, "p")
        assert isinstance(spare, PyDevice)
        self.say("fault", "revoke", [spare.name, stalled.name])
        stalled.door.set(MOVED["stall"])
        for conv in somebody.convs:
            stalled.send(conv, self.say.text(stalled))
        await asyncio.sleep(0.2)  # sealed and sent by then, to nobody
        await self.scene.lose(spare)
        floors = {conv: self._floor(conv) for conv in somebody.convs}
        await self._revoked(somebody, spare)
        for other in self.scene.devices():  # who writes first makes the new epoch
            for conv in set(self.scene.owner(other).convs) & set(somebody.convs):
                if other is not stalled:
                    other.send(conv, self.say.text(other))
        await self._until_raised(floors)
        stalled.door.set(Weather())

    async def _until_raised(self, floors: dict[str, int]) -> None:
        """Until the observer has seen it of every conversation: what comes later is below it."""
        until = asyncio.get_running_loop().time() + FLOOR_SECONDS
        while any(self._floor(conv) <= before for conv, before in floors.items()):
            if asyncio.get_running_loop().time() > until:
                return
            await asyncio.sleep(LOOK_SECONDS)

    def _floor(self, conv: str) -> int:
        """As the observer last saw it."""
        events = reversed(self.scene.history.events)
        floors = (e.value["floor"] for e in events if e.op == "floor" and e.value["conv"] == conv)
        return next(floors, 0)

    async def _suspend(self) -> None:
        somebody = self.scene.owner(self._one(None))
        undone = self.chance.random() < 0.5
        how = "taken back" if undone else "until a time"
        self.say("fault", "suspend", [somebody.person.name, how])
        await self.resting.run(somebody, undone=undone)

    async def _restore(self) -> None:
        self.say("fault", "restore", [])
        await self.setback.run(2 * self._while())

    async def _revoked(self, somebody: Somebody, lost: PyDevice) -> None:
        own, secrets = somebody.person.device, somebody.person.secrets
        await asyncio.to_thread(account.revoke, own.api, secrets, own.account, lost.device.keys.id)

    def _one(self, kind: type | None) -> Device:
        devices = self.scene.devices()
        return self.chance.choice([d for d in devices if kind is None or isinstance(d, kind)])

    def _node(self) -> Site:
        return self.chance.choice(self.scene.site.nodes)

    def _while(self) -> float:
        return self.chance.uniform(*self.plan.fault_seconds)


def _name(site: Site) -> str:
    return site.env.get("NODE", "")


class Teller:
    """Names texts, so that each is one of its kind, and writes faults into the history."""

    def __init__(self, scene: Scene, canary: str) -> None:
        self._scene, self._canary, self._count = scene, canary, 0

    def text(self, device: Device) -> str:
        self._count += 1
        return f"{self._canary} {device.name} {self._count} ✓"

    def __call__(self, op: str, what: str, whom: list[str]) -> None:
        self._scene.history.add("nemesis", op, "ok", what=what, whom=whom)
