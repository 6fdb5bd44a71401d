"""The distributed engine: the same people notice the same, with their messages in Cassandra. And
what `serve` says where it cannot begin."""

import asyncio
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit
from urllib.request import urlopen

import pytest
from redis import Redis as Driver

from messaging.backends.cassandra import driver, schema
from testkit.running import ROOT, Site
from tests.chatsite.test_database_away import Way
from tests.keyspace import own_keyspace
from tests.nodes.conftest import Nodes, Pair, on_cassandra, two_nodes
from tests.nodes.test_between import (
    test_a_command_reaches_the_sessions_of_every_node,
    test_a_newer_socket_of_a_device_displaces_the_older_on_another_node,
    test_a_node_is_killed_and_nothing_is_lost,
    test_a_revoked_device_is_out_on_every_node,
    test_messages_receipts_and_typing_cross,
)
from tests.nodes.test_doctor import doctor

__all__ = [
    "test_a_command_reaches_the_sessions_of_every_node",
    "test_a_newer_socket_of_a_device_displaces_the_older_on_another_node",
    "test_a_node_is_killed_and_nothing_is_lost",
    "test_a_revoked_device_is_out_on_every_node",
    "test_messages_receipts_and_typing_cross",
]

SOON = 60.0


@pytest.fixture(scope="module")
def way() -> Iterator[Way]:
    """Between the nodes and the host of Cassandra that they are told of, at that host's address:
    the driver asks each host at the one port that it knows."""
    host, *_ = own_keyspace()["HOSTS"]
    way = Way(host, 9042, host)
    yield way
    way.cut()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, way: Way) -> Iterator[Nodes]:
    with (
        on_cassandra(CASSANDRA_PORT=str(way.port)) as engine,
        two_nodes(tmp_path_factory.mktemp("d"), engine) as nodes,
    ):
        yield nodes


def refusal(site: Site, **env: str) -> str:
    """What a process says that is started so, and ends by itself."""
    run = subprocess.run(
        [sys.executable, "-W", "ignore", "manage.py", "serve"],
        cwd=ROOT, env={**site._env(), "WAIT_SECONDS": "1", **env}, capture_output=True, text=True,
        timeout=SOON, check=False,
    )  # fmt: skip
    assert run.returncode == 1
    assert "Traceback" not in run.stderr
    return run.stderr


@pytest.fixture
def site(nodes: Nodes) -> Site:
    """One that does not run."""
    nodes.second.stop()
    return nodes.second


def test_wrong_passwords_are_said_at_once(site: Site) -> None:
    database, redis = (urlsplit(site.env[name]) for name in ("DATABASE_URL", "REDIS_URL"))
    wrong = database._replace(netloc=f"chat:wrong@{database.hostname}:{database.port}").geturl()
    said = refusal(site, DATABASE_URL=wrong)
    assert "PostgreSQL refuses DATABASE_URL" in said
    assert "Waiting" not in said
    wrong = redis._replace(netloc=f"chat:wrong@{redis.hostname}:{redis.port}").geturl()
    assert "Redis refuses REDIS_URL" in refusal(site, REDIS_URL=wrong)


def test_a_database_without_its_tables_is_refused(site: Site) -> None:
    url = urlsplit(site.env["DATABASE_URL"])
    assert "run manage.py migrate" in refusal(
        site, DATABASE_URL=url._replace(path="/postgres").geturl()
    )
    said = refusal(site, CASSANDRA_KEYSPACE="test_nothing_here")
    assert "the keyspace test_nothing_here has no tables yet: run manage.py migrate_store" in said


def test_a_redis_that_throws_away_what_is_in_use_is_refused(site: Site, nodes: Nodes) -> None:
    with Driver.from_url(nodes.redis.url) as driver:
        driver.config_set("maxmemory-policy", "allkeys-lru")
        try:
            assert "maxmemory-policy is allkeys-lru" in refusal(site)
        finally:
            driver.config_set("maxmemory-policy", "noeviction")


@pytest.mark.parametrize(
    ("variable", "value", "name"),
    [
        ("DATABASE_URL", "postgres://chat@127.0.0.1:1/chat", "PostgreSQL"),
        ("REDIS_CACHE_URL", "redis://127.0.0.1:1/0", "Redis"),
        ("CASSANDRA_PORT", "1", "Cassandra"),
    ],
)
def test_a_service_that_is_away_is_waited_for_and_given_up(
    site: Site, variable: str, value: str, name: str
) -> None:
    said = refusal(site, **{variable: value})
    assert f"Waiting for {name}: " in said
    assert f"The site cannot start: {name} was away for 1 s: " in said


def test_who_waits_begins_when_the_service_is_there(site: Site, nodes: Nodes) -> None:
    nodes.redis.kill()

    def once_it_waits() -> None:
        while "Waiting for Redis: " not in site.log.read_text():
            time.sleep(0.05)  # nobody tells
        nodes.redis.start()

    starting = threading.Thread(target=once_it_waits)
    starting.start()
    site.start()
    starting.join()


def test_a_keyspace_of_another_version_is_refused(site: Site) -> None:
    with versioned(site, "7"):
        assert f"has tables of version 7, and this release needs {schema.VERSION}" in refusal(site)


def test_a_data_center_that_is_not_there_is_refused(site: Site) -> None:
    said = refusal(site, CASSANDRA_DC="elsewhere", CASSANDRA_REPLICATION="elsewhere:1")
    assert "Cassandra has no data center elsewhere, only dc1" in said
    assert "Waiting" not in said


def test_doctor_finds_nothing_wrong_and_shows_no_secret(nodes: Nodes) -> None:
    code, said = doctor(nodes.first, f"--node=n1=127.0.0.1:{nodes.first.port}")
    assert (code, "wrong  " in said) == (0, False), said
    for words in (
        "ok       PostgreSQL",
        "ok       Redis",
        "ok       Cassandra: 5.",
        "ok       Tables",
        "Nodes: n1",
    ):
        assert words in said
    assert str(urlsplit(nodes.first.env["DATABASE_URL"]).password) not in said


def manage(site: Site, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "ignore", "manage.py", *words],
        cwd=ROOT, env=site._env(), capture_output=True, text=True, timeout=SOON, check=False,
    )  # fmt: skip


def test_an_operator_keeps_the_site_in_order(nodes: Nodes) -> None:
    refused = manage(nodes.second, "rotate_secrets", "live")
    assert (refused.returncode, "first --announce live" in refused.stderr) == (1, True)
    told = manage(nodes.second, "rotate_secrets", "live", "--announce").stdout
    assert "live: k2 is announced" in told
    assert "Copy var/secrets to each process" in told
    found = manage(nodes.second, "check_store", "--repair", "watermarks")
    assert (found.returncode, found.stderr, "faults: 0" in found.stdout) == (0, "", True)
    assert "Would delete 0 sessions." in manage(nodes.second, "prune", "--dry-run").stdout
    assert "browsers: stay" in manage(nodes.second, "prune_stale").stdout


@contextmanager
def versioned(site: Site, version: str) -> Iterator[None]:
    keyspace = own_keyspace() | {"KEYSPACE": site.env["CASSANDRA_KEYSPACE"]}

    def write(value: str) -> None:
        with driver.cluster(keyspace) as cluster:
            session = cluster.connect(keyspace["KEYSPACE"])
            session.execute(f"UPDATE meta SET value = '{value}' WHERE key = 'schema'")

    write(version)
    try:
        yield
    finally:
        write(schema.VERSION)


async def test_while_cassandra_is_away_nothing_is_confirmed(
    nodes: Nodes, pair: Pair, way: Way
) -> None:
    """Nor lost, nor there twice when it is back."""
    alice, bob = pair.alice.device, pair.bob.device
    before = await asyncio.to_thread(busy, nodes.first)
    way.cut()
    sending = asyncio.ensure_future(alice.send(pair.bob, "while it is away"))
    await asyncio.to_thread(until_busy, nodes.first, before + 2)
    assert not sending.done()
    way.mend()
    await asyncio.wait_for(sending, SOON)
    assert await bob.next_text(SOON) == "while it is away"
    await alice.send(pair.bob, "and now")
    assert await bob.next_text(SOON) == "and now"
    assert bob.conversation(pair.alice).texts() == ["hello", "while it is away", "and now"]


def until_busy(site: Site, times: int) -> None:
    while busy(site) < times:
        time.sleep(0.05)  # nobody tells


def busy(site: Site) -> int:
    """How often it told somebody to come back."""
    with urlopen(f"http://127.0.0.1:{site.port}/metrics") as answer:
        found = re.search(r"^chat_busy_total (\d+)$", answer.read().decode(), re.MULTILINE)
    assert found
    return int(found[1])
