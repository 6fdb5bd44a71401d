"""The storm over several nodes, on services of its own; and that its doors are where nodes pass."""

import asyncio
import datetime
import os
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from urllib.request import urlopen

import pytest

from messaging.http import Connections
from testkit.client.api import ApiError
from testkit.client.people import Person
from testkit.running import Site
from tests.chaos.checkers import check
from tests.chaos.cluster import Cluster
from tests.chaos.plan import CLUSTER_FAULTS, DIRECT_FAULTS, Plan
from tests.chaos.proxy import Weather
from tests.chaos.services import Services, own_services
from tests.chaos.storm import run
from tests.chaos.test_storms import has_node, long
from tests.nodes import balancer
from tests.services import place

SOON = 60.0
LOOK_SECONDS = 0.1
CLOSED = Weather(refuse=True)
# In every run of the tests: each kind of fault that is over soon. The others are in SHORT and RING.
EACH_ONCE = tuple(
    fault
    for fault in CLUSTER_FAULTS
    if fault not in ("rolling", "cassandra_kill", "lost", "revoke", "suspend")
)
SHORT_OF_ALL = Plan(
    seed=2, ops=200, strikes=len(EACH_ONCE), nodes=3, ops_a_second=10, quiet_seconds=180,
    fault_seconds=(0.2, 0.8), people=(("alice", "np"), ("bob", "np")), pairs=(("alice", "bob"),),
    faults=EACH_ONCE, measured=0.0, presence=False, fresh="p",
)  # fmt: skip
SHORT = Plan(
    seed=1, ops=150, strikes=8, nodes=2, ops_a_second=20, quiet_seconds=180,
    people=(("alice", "np"), ("bob", "np")), pairs=(("alice", "bob"),), clocks_differ=False,
    faults=(
        "kill", "pause", "rolling", "displace", "redis_kill", "postgres_restart",
        "haproxy_restart", "freeze_cassandra",
    ),
)  # fmt: skip

pytestmark = pytest.mark.timeout(1800)


def way_of_files() -> str:
    """Every second day past the nodes: a storm for each would take twice as long."""
    today = datetime.datetime.now(datetime.UTC).toordinal()
    return os.environ.get("CHAT_CHAOS_FILES", ("node", "direct")[today % 2])


@pytest.fixture(scope="module")
def services() -> Iterator[Services]:
    with running(1) as services:
        yield services


@pytest.fixture
async def cluster(services: Services, tmp_path: Path) -> AsyncIterator[Cluster]:
    cluster = Cluster(SHORT, services, tmp_path)
    try:
        await cluster.open()
        yield cluster
    finally:
        await cluster.close()


async def test_a_door_that_is_shut_cuts_its_node_and_no_other(cluster: Cluster) -> None:
    """Also for Cassandra, whose true address the node has learnt."""
    first, second = cluster.nodes
    alice, bob = await _at(first, cluster, "alice"), await _at(second, cluster, "bob")
    conv = await alice.connect(bob)
    await alice.device.send(bob, "all doors are open")

    cluster.doors["N1", "cassandra-1"].set(CLOSED)
    unheard = asyncio.create_task(alice.device.send(bob, "mine is shut"))
    entry = alice.device.conversations[conv]
    await _until(lambda: entry.pending is not None and entry.pending.attempts > 1)
    await bob.device.send(alice, "and mine is open")
    assert not unheard.done()
    cluster.doors["N1", "cassandra-1"].set(Weather())
    await asyncio.wait_for(unheard, SOON)
    assert bob.device.conversations[conv].texts()[:2] == ["all doors are open", "and mine is open"]

    cluster.doors["N1", "redis"].set(CLOSED)
    await _until(lambda: "chat_reach 0" in _metrics(first))
    await _until(lambda: "chat_reach 1" in _metrics(second))
    cluster.doors["N1", "redis"].set(Weather())
    await _until(lambda: "chat_reach 1" in _metrics(first))

    cluster.doors["N1", "postgres"].set(CLOSED)
    await _until(lambda: "database is away" in _refusal(alice))
    await _until(lambda: _refusal(bob) == "")
    await alice.close()
    await bob.close()


@has_node
@pytest.mark.parametrize("way", [way_of_files()])
async def test_nothing_is_lost_in_a_short_storm(
    services: Services, tmp_path: Path, way: str
) -> None:
    more = DIRECT_FAULTS if way == "direct" else ()
    faults = (*EACH_ONCE, *more)
    plan = replace(SHORT_OF_ALL, direct=way == "direct", faults=faults, strikes=len(faults))
    result = await run(plan, services, tmp_path / "history.jsonl")
    assert check(result.outcome) == {}
    assert set(result.faults) == set(faults)


@long
@has_node
async def test_nothing_is_lost_between_two_nodes(services: Services, tmp_path: Path) -> None:
    result = await run(SHORT, services, tmp_path / "history.jsonl")
    assert check(result.outcome) == {}
    assert set(result.faults) == set(SHORT.faults)


async def _at(site: Site, cluster: Cluster, name: str) -> Person:
    """Somebody who comes by this node."""
    person = await Person.sign_up(cluster.url, name, online=False)
    person.device.api.come_by(f"localhost:{site.port}")
    await person.device.connect()
    return person


def _refusal(person: Person) -> str:
    """Of a request that asks the accounts; empty where it is answered."""
    try:
        person.device.api.get("/api/connections", Connections, proof=True)
    except ApiError as refusal:
        return str(refusal)
    return ""


def _metrics(site: Site) -> str:
    with urlopen(f"http://127.0.0.1:{site.port}/metrics") as answer:
        return str(answer.read().decode())


async def _until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(SOON):
        while not await asyncio.to_thread(true):  # noqa: ASYNC110 -- another process tells
            await asyncio.sleep(LOOK_SECONDS)


@contextmanager
def running(cassandras: int) -> Iterator[Services]:
    """Services of a test's own; skipped aloud where the others have none."""
    for variable, name in (("POSTGRES_URL", "postgres"), ("REDIS_URL", "redis")):
        place(f"CHAT_TEST_{variable}", name)
    place("CHAT_TEST_CASSANDRA_HOSTS", "cassandra")
    balancer.program()
    services = own_services(cassandras)
    try:
        yield services.start()
    finally:
        services.remove()
