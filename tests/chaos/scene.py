"""The site, its people and their devices, each behind a door of its own."""

import asyncio
import random
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from testkit.client import account
from testkit.client.api import Api
from testkit.client.people import Person
from tests.chaos.cluster import Cluster
from tests.chaos.history import History
from tests.chaos.nodedevice import Gone, NodeDevice
from tests.chaos.plan import Plan
from tests.chaos.proxy import Door
from tests.chaos.pydevice import PyDevice
from tests.chaos.pysending import WEATHER
from tests.chaos.server import OneServer
from tests.chaos.services import Services

DAY_MS = 86_400_000
PASSWORD = "a horse, a battery and 42 staples"
EXPECTED = (*WEATHER, Gone, RuntimeError)  # of an operation in a storm: nobody is promised more
Device = NodeDevice | PyDevice


@dataclass
class Somebody:
    """A person, on an unharmed line to the site; `devices` are those in the storm."""

    person: Person
    devices: list[Device] = field(default_factory=list)
    convs: list[str] = field(default_factory=list)
    count: int = 0  # devices made so far, for their names

    @property
    def uid(self) -> str:
        return self.person.uid.hex()


class Scene:
    def __init__(self, plan: Plan, history: History, prepared: Path | Services) -> None:
        """`prepared`: the data of one server, to be copied, or what several nodes stand on."""
        self.plan, self.history = plan, history
        self.chance = random.Random(plan.seed)
        self.var = Path(tempfile.mkdtemp(prefix="chaos-"))
        self.site: OneServer | Cluster = (
            OneServer(plan, prepared, self.var)
            if isinstance(prepared, Path)
            else Cluster(plan, prepared, self.var)
        )
        self.people: dict[str, Somebody] = {}
        self.renewing = True  # whether keys may be renewed now
        self.renewals: set[asyncio.Task[None]] = set()  # under way

    async def open(self) -> None:
        await self.site.open()
        for name, _ in self.plan.people:
            person = await Person.sign_up(self.site, name, password=PASSWORD, online=False)
            self.people[name] = Somebody(person)
        for one, other in self.plan.pairs:
            a, b = self.people[one], self.people[other]
            conv = (await a.person.connect(b.person)).hex()
            a.convs.append(conv)
            b.convs.append(conv)
        for name, kinds in self.plan.people:
            for kind in kinds:
                await self.add(name, kind)

    async def add(self, name: str, kind: str, label: str = "") -> Device:
        """One more device of a person signs in, and connects."""
        somebody = self.people[name]
        somebody.count += 1
        label = label or f"{name}/{kind}{somebody.count}"
        door = await Door(self.site.front, random.Random(self.chance.random())).open()
        skew = self.chance.choice((-DAY_MS, 0, DAY_MS)) if self.plan.clocks_differ else 0
        device = await self._made(somebody, kind, label, door, skew)
        somebody.devices.append(device)
        return device

    async def _made(
        self, somebody: Somebody, kind: str, label: str, door: Door, skew: int
    ) -> Device:
        if kind == "n":
            disk = self.var / f"{label.replace('/', '-')}.disk"
            node = NodeDevice(
                label, somebody.uid, self.site.url, door, self.history, disk, skew,
                self.plan.browser_mutant,
            )  # fmt: skip
            await node.start((somebody.person.name, PASSWORD))
            return node
        api = Api(self.site.url, door.address)
        opened = await asyncio.to_thread(account.enrol, api, somebody.person.secrets)
        device = PyDevice(label, api, opened, door, self.history, skew)
        device.start()
        return device

    def devices(self) -> list[Device]:
        return [device for somebody in self.people.values() for device in somebody.devices]

    def owner(self, device: Device) -> Somebody:
        return next(each for each in self.people.values() if device in each.devices)

    async def lose(self, device: Device) -> None:
        self.owner(device).devices.remove(device)
        await device.lose()

    async def behind(self, heads: Mapping[str, int]) -> list[str]:
        """Devices that are not there, or lack something of what was there by then."""
        return [device.name for device in self.devices() if not await _caught_up(device, heads)]

    async def close(self) -> None:
        for device in self.devices():
            await device.close()
        for somebody in self.people.values():
            await somebody.person.close()
        await self.site.close()

    def remove(self) -> None:
        shutil.rmtree(self.var, ignore_errors=True)


async def _caught_up(device: Device, heads: Mapping[str, int]) -> bool:
    try:
        return await device.caught_up(dict(heads))
    except (*EXPECTED, KeyError):  # it knows nothing of that conversation yet
        return False
