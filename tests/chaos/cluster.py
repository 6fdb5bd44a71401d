"""What stands under the storm, grown: several nodes behind HAProxy, on services of the storm's own.

Each node has a door of its own to each service, so that it alone can be cut off from one. Node j
meets Cassandra i at 127.x.j.i in the place of 127.x.0.i: CASSANDRA_ADDRESS_MAP keeps the driver,
which learns the true addresses from Cassandra, from walking round the door.
"""

import asyncio
import http.client
import random
import secrets
import signal
import time
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

from redis import Redis

from testkit.postgres import own_database
from testkit.running import Site
from testkit.s3 import s3_variables
from tests.chaos.plan import Plan
from tests.chaos.proxy import Address, Door, Weather
from tests.chaos.server import migrate, node, revive
from tests.chaos.services import Services
from tests.chaos.store import Reader
from tests.keyspace import drop

CASSANDRA_PORT = 9042
LOCAL = "127.0.0.1"
READY_SECONDS = 120.0
DRAINED_SECONDS = 60.0  # 30 by its own rules, on a machine that is not busy
SEEN_SECONDS = 1.2  # two checks of the balancer
LOOK_SECONDS = 0.1
PAST = ("devices", "s3")  # door by which devices come to the S3 server themselves


class Cluster:
    def __init__(self, plan: Plan, services: Services, var: Path) -> None:
        self.plan, self.services, self.var = plan, services, var
        self.url = services.url("haproxy")
        self._belongings = ExitStack()
        self.direct = self._direct()  # by which commands are given, past all doors
        self.store = Reader(self.direct)
        self.nodes: list[Site] = []
        self.doors: dict[tuple[str, str], Door] = {}  # of a node to a service, by their names
        self._chance = random.Random(f"doors {plan.seed}")

    @property
    def front(self) -> Address:
        """Where devices come in."""
        return LOCAL, self.services.port("haproxy")

    async def open(self) -> None:
        with Redis.from_url(self.services.url("redis")) as redis:
            redis.flushall()
        await asyncio.to_thread(migrate, self.direct)
        if self.plan.direct:
            await self._door(*PAST, _port(self.direct.env["S3_ENDPOINT_URL"]))
        for number in range(1, self.plan.nodes + 1):
            self.nodes.append(await self._behind_doors(number))
        await asyncio.gather(*(self.start(site) for site in self.nodes))
        await self.until_ready()

    def _direct(self) -> Site:
        (self.var / "N0").mkdir(mode=0o700)
        services, postgres = self.services, self.services.url("postgres")
        env = {
            "CHAT_ENGINE": "distributed",
            "DATABASE_URL": self._belongings.enter_context(own_database(postgres)),
            "REDIS_URL": services.url("redis"),
            "CASSANDRA_HOSTS": ",".join(services.url(name) for name in services.cassandras),
            **s3_variables(services.url("s3")),
            "CASSANDRA_KEYSPACE": f"storm_{secrets.token_hex(6)}",
            "SITE_URL": self.url,
            "TRUSTED_PROXIES": LOCAL,
        }
        return node(self.plan, self.var / "N0", 0, env)

    async def _behind_doors(self, number: int) -> Site:
        name, first = f"N{number}", self.direct
        var = self.var / name
        var.mkdir(mode=0o700)
        (var / "secrets").symlink_to(first.var / "secrets")
        postgres = await self._door(name, "postgres", _port(first.env["DATABASE_URL"]))
        redis = await self._door(name, "redis", _port(first.env["REDIS_URL"]))
        s3 = await self._door(name, "s3", _port(first.env["S3_ENDPOINT_URL"]))
        doors = {
            true: await self._cassandra_door(name, service, number)
            for service in self.services.cassandras
            for true in [self.services.url(service)]
        }
        past = self.doors.get(PAST)
        env = {
            **first.env,
            **({} if past is None else _past_the_nodes(past)),
            "NODE": name,
            "DATABASE_URL": _by(first.env["DATABASE_URL"], postgres),
            "REDIS_URL": _by(first.env["REDIS_URL"], redis),
            "S3_ENDPOINT_URL": _by(first.env["S3_ENDPOINT_URL"], s3),
            "CASSANDRA_HOSTS": ",".join(doors.values()),
            "CASSANDRA_ADDRESS_MAP": ",".join(f"{a}={b}" for a, b in doors.items()),
            "CASSANDRA_REPLICATION": f"dc1:{len(doors)}",
        }
        return node(self.plan, var, self.services.port(name), env)

    async def _door(self, name: str, service: str, port: int) -> Door:
        door = await Door((LOCAL, port), self._chance, speaks="").open()
        self.doors[name, service] = door
        return door

    async def _cassandra_door(self, name: str, service: str, number: int) -> str:
        true = self.services.url(service)
        first, second, _, last = true.split(".")
        host = f"{first}.{second}.{number}.{last}"
        at, upstream = (host, CASSANDRA_PORT), (true, CASSANDRA_PORT)
        self.doors[name, service] = await Door(upstream, self._chance, at, speaks="cql").open()
        return host

    async def start(self, site: Site) -> None:
        await asyncio.to_thread(site.start)
        assert site.process is not None
        self.services.note(site.env["NODE"], site.process.pid)

    async def until_ready(self) -> None:
        """The balancer leads people to every node."""
        await asyncio.gather(*(asyncio.to_thread(until_ready, site) for site in self.nodes))
        await asyncio.sleep(SEEN_SECONDS)

    async def roll(self, site: Site) -> None:
        """The node drains, ends, and is started again."""
        process = site.process
        assert process is not None
        process.send_signal(signal.SIGTERM)
        await asyncio.to_thread(process.wait, DRAINED_SECONDS)
        await self.start(site)
        await self.until_ready()

    async def heal(self) -> None:
        """Every service and node runs, every door is open and fair, every clock right."""
        for door in self.doors.values():
            door.set(Weather())
        await asyncio.to_thread(self.services.heal)
        for site in self.nodes:
            await revive(site, self.start)
        await self.until_ready()

    async def stop(self) -> list[Path]:
        """The folders in which it may have left something. Redis writes down what it holds."""
        await self._end()
        with Redis.from_url(self.services.url("redis")) as redis:
            redis.save()
        return [self.var, self.services.folder]

    async def close(self) -> None:
        await self._end()
        for door in self.doors.values():
            await door.close()
        await asyncio.to_thread(self.services.heal)
        await asyncio.to_thread(self.store.close)
        await asyncio.to_thread(self._drop)
        self._belongings.close()

    def _drop(self) -> None:
        names = self.services.cassandras
        options = {
            "HOSTS": [self.services.url(name) for name in names], "PORT": CASSANDRA_PORT,
            "USERNAME": "", "PASSWORD": "", "DC": "dc1", "ADDRESS_MAP": {},
            "KEYSPACE": self.direct.env["CASSANDRA_KEYSPACE"],
        }  # fmt: skip
        drop(options)

    async def _end(self) -> None:
        for site in self.nodes:
            if site.process is not None and site.process.poll() is None:
                site.process.send_signal(signal.SIGCONT)
                site.process.send_signal(signal.SIGTERM)
        for site in self.nodes:
            if site.process is not None:
                await asyncio.to_thread(site.process.wait, DRAINED_SECONDS)


def until_ready(site: Site) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while not _says_ready(site):
        if time.monotonic() > deadline:
            raise RuntimeError(f"{site.env['NODE']} is not ready:\n{site.log.read_text()[-3000:]}")
        time.sleep(LOOK_SECONDS)  # in a thread of its own


def _says_ready(site: Site) -> bool:
    link = http.client.HTTPConnection(LOCAL, site.port, timeout=5)
    try:
        link.request("GET", "/readyz")
        return link.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        link.close()


def _port(url: str) -> int:
    port = urlsplit(url).port
    assert port is not None
    return port


def _past_the_nodes(door: Door) -> dict[str, str]:
    return {"MEDIA_TRANSFER": "direct", "S3_PUBLIC_ENDPOINT": f"http://{door.address}"}


def _by(url: str, door: Door) -> str:
    """The same, by way of the door."""
    parts = urlsplit(url)
    login, _, _ = parts.netloc.rpartition("@")
    place = f"{LOCAL}:{door.port}"
    return parts._replace(netloc=f"{login}@{place}" if login else place).geturl()
