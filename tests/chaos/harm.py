"""What goes wrong where several nodes stand on services: these, and the lines between."""

import asyncio
import time
from functools import partial

from tests.chaos import store
from tests.chaos.cluster import PAST, Cluster
from tests.chaos.nemesis import Nemesis
from tests.chaos.proxy import IN, OUT, Weather
from tests.chaos.services import FULL, ROOMY
from tests.chaos.setback import patiently

STEP_SECONDS = 60.0  # until all are in step again, at most: then the next fault comes all the same
POLL_SECONDS = 0.1
# People sign in and off, or are watched: that wants a site which is well.
ACCOUNTS = ("lost", "revoke", "suspend")
BETWEEN = {
    "sever": Weather(refuse=True),
    "freeze": Weather(hold=frozenset({IN, OUT})),
    "lose": Weather(swallow=frozenset({IN, OUT})),
    "shed": Weather(lose_request=0.3),
}

PAST_THE_NODES = {
    "direct_away": Weather(refuse=True),
    "direct_slow": Weather(delay=0.2),
    "direct_cut": Weather(cut_after=236_000),
}


class ClusterNemesis(Nemesis):
    def __init__(self, *args: object) -> None:
        super().__init__(*args)  # type: ignore[arg-type]
        assert isinstance(self.scene.site, Cluster)
        self.cluster = self.scene.site
        self.services = self.cluster.services

    async def strike(self, fault: str) -> None:
        if fault in ACCOUNTS:
            await self._in_step("")
        how, _, service = fault.partition("_")
        if how in BETWEEN:
            self.done[fault] += 1
            return await self._between(fault, BETWEEN[how], service)
        if fault in PAST_THE_NODES:
            self.done[fault] += 1
            return await self._past_the_nodes(fault)
        await super().strike(fault)

    async def rest(self, fault: str) -> None:
        """Now and then until everybody is in step again; else faults overlap with what is left of
        those before."""
        if self.chance.random() < self.plan.measured:
            return await self._in_step(fault)
        await super().rest(fault)

    async def _in_step(self, fault: str) -> None:
        began = time.monotonic()
        heads = await patiently(partial(asyncio.to_thread, store.heads, self.cluster.store))
        late = await self.scene.behind(heads)
        while late and time.monotonic() - began < STEP_SECONDS and not self.enough:
            await asyncio.sleep(POLL_SECONDS)
            late = await self.scene.behind(heads)
        seconds = round(time.monotonic() - began, 2)
        self.scene.history.add(
            "nemesis",
            "in step",
            "info" if late or not fault else "ok",
            what=fault,
            s=seconds,
            late=late,
        )

    # ------------------------------------------------------------ nodes

    async def _rolling(self) -> None:
        self.say("fault", "rolling", [])
        for site in self.cluster.nodes:
            await self.cluster.roll(site)

    async def _displace(self) -> None:
        """Its user moves from network to network: it comes to another node each time, and the one
        before has not heard that it left."""
        device = self._one(None)
        self.say("fault", "displace", [device.name])
        for site in self.chance.sample(self.cluster.nodes, k=len(self.cluster.nodes)):
            device.door.upstream = "127.0.0.1", site.port
            device.door.leave()
            await asyncio.sleep(self._while())
        device.door.upstream = self.cluster.front

    # ------------------------------------------------------------ services

    async def _redis_kill(self) -> None:
        await self._killed("redis_kill", "redis")

    async def _redis_pause(self) -> None:
        await self._paused("redis_pause", "redis")

    async def _redis_full(self) -> None:
        self.say("fault", "redis_full", [])
        await asyncio.to_thread(self.services.crowd, FULL)
        await asyncio.sleep(self._while())
        await asyncio.to_thread(self.services.crowd, ROOMY)

    async def _cassandra_kill(self) -> None:
        await self._killed("cassandra_kill", *self._some(1))

    async def _cassandra_pause(self) -> None:
        await self._paused("cassandra_pause", *self._some(1))

    async def _cassandra_kill_two(self) -> None:
        await self._killed("cassandra_kill_two", *self._some(2))

    async def _cassandra_pause_two(self) -> None:
        await self._paused("cassandra_pause_two", *self._some(2))

    async def _s3_kill(self) -> None:
        await self._killed("s3_kill", "s3")

    async def _s3_pause(self) -> None:
        await self._paused("s3_pause", "s3")

    async def _postgres_restart(self) -> None:
        self.say("fault", "postgres_restart", [])
        await self._services("stop", "postgres")
        await asyncio.sleep(self._while())
        await self._services("start", "postgres")

    async def _haproxy_restart(self) -> None:
        await self._killed("haproxy_restart", "haproxy")

    async def _killed(self, fault: str, *names: str) -> None:
        self.say("fault", fault, list(names))
        await self._services("kill", *names)
        await asyncio.sleep(self._while())
        await self._services("start", *names)

    async def _paused(self, fault: str, *names: str) -> None:
        self.say("fault", fault, list(names))
        await self._services("pause", *names)
        await asyncio.sleep(self._while())
        await self._services("resume", *names)

    async def _services(self, verb: str, *names: str) -> None:
        """Again where a busy machine was too slow to start something."""
        await patiently(partial(asyncio.to_thread, self.services.run, verb, *names))

    def _some(self, number: int) -> list[str]:
        return self.chance.sample(self.services.cassandras, k=number)

    # ------------------------------------------------------------ between a node and a service

    async def _between(self, fault: str, weather: Weather, service: str) -> None:
        node = self._node().env["NODE"]
        doors = {
            name: door
            for (whose, name), door in self.cluster.doors.items()
            if whose == node and name.startswith(service)
        }
        chosen = self.chance.sample(sorted(doors), k=self.chance.randint(1, len(doors)))
        self.say("fault", fault, [node, *chosen])
        for name in chosen:
            doors[name].set(weather)
        await asyncio.sleep(self._while())
        for name in chosen:
            doors[name].set(Weather())

    # ------------------------------------------------------------ between devices and files

    async def _past_the_nodes(self, fault: str) -> None:
        self.say("fault", fault, [])
        self.cluster.doors[PAST].set(PAST_THE_NODES[fault])
        await asyncio.sleep(self._while())
        self.cluster.doors[PAST].set(Weather())
