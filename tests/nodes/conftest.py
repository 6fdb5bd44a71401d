"""Two real processes of one site, on one PostgreSQL and one Redis that a test may harm; alice is
at the first node, bob at the second."""

import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, AsyncExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from chatsite.edge.wire import Id
from messaging import protocol
from testkit.client.device import Device
from testkit.client.people import Person
from testkit.running import Site, free_port, new_site
from tests.keyspace import drop, own_keyspace
from tests.services import Redis, own_bucket, own_postgres, own_redis

RECEIPT_SECONDS = 0.05  # people of a site take a second, which is not what is tried


@dataclass
class Nodes:
    """Processes of one site. People know its one address; `at` says which process they reach."""

    first: Site
    second: Site
    redis: Redis
    others: list[Site] = field(default_factory=list)

    def another(self, name: str) -> Site:
        """One more process, not started."""
        var = Path(f"{self.first.var}-{len(self.others)}")
        made = _beside(self.first, var, name)
        self.others.append(made)
        return made

    async def sign_up(self, site: Site, name: str) -> Person:
        url = self.first.env["SITE_URL"]
        person = await Person.sign_up(url, name, online=False, receipt_seconds=RECEIPT_SECONDS)
        await at(site, person.device)
        return person


async def at(site: Site, device: Device) -> Device:
    """The device comes by this process from now on."""
    device.api.come_by(f"localhost:{site.port}")
    await device.connect()
    return device


def _beside(first: Site, var: Path, name: str) -> Site:
    var.mkdir(mode=0o700)
    for folder in ("secrets", "static"):
        (var / folder).symlink_to(first.var / folder)
    return replace(first, var=var, port=free_port(), env={**first.env, "NODE": name}, process=None)


@contextmanager
def two_nodes(
    folder: Path,
    engine: dict[str, str],
    postgres: Callable[[], AbstractContextManager[str]] = own_postgres,
) -> Iterator[Nodes]:
    """`engine`: what else their environment says."""
    with postgres() as database, own_redis() as redis:
        common = {
            "DATABASE_URL": database,
            "REDIS_URL": redis.url,
            "LIVE_RATE_FACTOR": "1000",  # everybody comes from one address
            **engine,
        }
        first = new_site(common, folder)
        first.env = {**common, "SITE_URL": f"http://localhost:{first.port}", "NODE": "n1"}
        nodes = Nodes(first, _beside(first, Path(f"{first.var}-second"), "n2"), redis)
        try:
            yield nodes
        finally:
            for site in (nodes.first, nodes.second, *nodes.others):
                site.stop()
                shutil.rmtree(site.var, ignore_errors=True)


@contextmanager
def on_cassandra(**other: str) -> Iterator[dict[str, str]]:
    """The distributed engine, on a keyspace that goes with the block. `other`: than one expects."""
    options = own_keyspace()
    try:
        with own_bucket() as bucket:
            yield {
                "CHAT_ENGINE": "distributed",
                "CASSANDRA_HOSTS": options["HOSTS"][0],
                "CASSANDRA_PORT": str(options["PORT"]),
                "CASSANDRA_KEYSPACE": options["KEYSPACE"],
                "CASSANDRA_DC": options["DC"],
                **bucket,
                **other,
            }
    finally:
        drop(options)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nodes]:
    """Messages are in PostgreSQL, too; a module may have another engine."""
    engine = {"DJANGO_SETTINGS_MODULE": "testkit.several_settings"}
    with two_nodes(tmp_path_factory.mktemp("n"), engine) as nodes:
        yield nodes


@pytest.fixture
def nodes(made: Nodes) -> Iterator[Nodes]:
    """All of it runs, whatever the test before did to it."""
    if made.redis.process is None or made.redis.process.poll() is not None:
        made.redis.start()
    for site in (made.first, made.second):
        if site.process is None or site.process.poll() is not None:
            site.start()
    yield made
    made.redis.resume()


@dataclass
class Pair:
    """Two people who are connected, each at a node of their own."""

    alice: Person
    bob: Person
    conv: bytes


_numbers = iter(range(1, 1_000_000))


@pytest.fixture
async def pair(nodes: Nodes) -> AsyncIterator[Pair]:
    number = next(_numbers)
    async with AsyncExitStack() as ended:
        alice = await nodes.sign_up(nodes.first, f"alice{number}")
        ended.push_async_callback(alice.close)
        bob = await nodes.sign_up(nodes.second, f"bob{number}")
        ended.push_async_callback(bob.close)
        conv = await alice.connect(bob)
        await alice.device.send(bob, "hello")
        assert await bob.device.next_text() == "hello"
        yield Pair(alice, bob, conv)


def shown(device: Device, other: Person) -> list[str]:
    """As what the device showed the other person, one after the other."""
    return [
        seen.state
        for frame in device.frames
        if isinstance(frame, protocol.Presence)
        for seen in frame.users
        if seen.user == Id(other.uid)
    ]
