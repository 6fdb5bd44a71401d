"""What `manage.py doctor` asks Cassandra: each node, the keyspace, and its tables."""

import asyncio
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC
from typing import Any

from cassandra import Unauthorized
from cassandra.cluster import Cluster, Host, NoHostAvailable, Session

from chatsite.running import away
from chatsite.running.findings import Finding, clock, latency, ok, warning, wrong
from messaging.backends.cassandra import driver, meta, schema
from messaging.backends.cassandra.driver import Options
from messaging.backends.cassandra.store import AWAY, Store

LOCAL = "SELECT release_version, toTimestamp(now()) FROM system.local"
SETTINGS = "SELECT name, value FROM system_views.settings WHERE name = %s"
KEYSPACE = "SELECT replication FROM system_schema.keyspaces WHERE keyspace_name = %s"
WANTED = {  # of the settings of a node: what it must be, and why
    "paxos_variant": ("v2", "each message is a compare-and-set, and v1 takes 30 % more CPU"),
    "commitlog_sync": ("batch", "only then does an answer mean that it is on the disk"),
}
STRATEGY = "NetworkTopologyStrategy"
COPIES = 3
AS_DOCUMENTED = "(docs/cassandra.md)"


def nodes(options: Options, seconds: float) -> Iterator[Finding]:
    try:
        with _session(options, seconds) as (cluster, session):
            yield from _nodes(session, cluster, seconds)
            yield from _keyspace(session, cluster, options, seconds)
    except NoHostAvailable as error:
        raise schema.no_host(error, options) from error


def tables(options: Options, _: float) -> list[Finding]:
    return asyncio.run(_tables(options))


@contextmanager
def _session(options: Options, seconds: float) -> Iterator[tuple[Cluster, Session]]:
    cluster = driver.cluster(options)
    cluster.connect_timeout = cluster.control_connection_timeout = seconds
    try:
        yield cluster, _connected(cluster, options)
    finally:
        cluster.shutdown()


def _connected(cluster: Cluster, options: Options) -> Session:
    try:
        return cluster.connect()
    except NoHostAvailable:
        driver.require_center(cluster, options["DC"])
        raise


def _nodes(session: Session, cluster: Cluster, seconds: float) -> Iterator[Finding]:
    hosts = sorted(cluster.metadata.all_hosts(), key=lambda host: str(host.address))
    there = 0
    seconds /= len(hosts) + 1  # one that stands still must leave some to the others
    for host in hosts:
        try:
            asked = time.time()
            version, now = session.execute(LOCAL, host=host, timeout=seconds).one()
            yield from _node(session, host, version, seconds)
            there += 1
            yield clock(f"Cassandra {host.address}", asked, _seconds(now), time.time())
        except AWAY as error:
            yield warning(
                f"{host.address} does not answer: {away.reason(error)}",
                "start it, or see the network between; nodetool status tells its state",
            )
    yield _ring(there, len(hosts))


def _node(session: Session, host: Host, version: str, seconds: float) -> Iterator[Finding]:
    def ask() -> object:
        return session.execute(LOCAL, host=host, timeout=seconds)

    yield ok(f"{version} at {host.address}, {host.datacenter}, answers in {latency(ask)}")
    for name, (should, why) in WANTED.items():
        try:
            found = session.execute(SETTINGS, [name], host=host, timeout=seconds).one()
        except Unauthorized:
            yield warning(
                f"{session.cluster.auth_provider.username} may not read the settings of nodes",
                "GRANT SELECT ON KEYSPACE system_views, or look at them yourself",
            )
            return
        if found is None or found[1] != should:
            is_ = "unknown" if found is None else found[1]
            yield warning(
                f"{name} of {host.address} is {is_}: {why}",
                f"set {name}: {should} in cassandra.yaml {AS_DOCUMENTED}",
            )


def _ring(there: int, known: int) -> Finding:
    text = f"{there} of {known} nodes answer"
    if there * 2 > known:
        return ok(text)
    return wrong(text, "start those that are down: without most of them nothing is written")


def _keyspace(
    session: Session, cluster: Cluster, options: Options, seconds: float
) -> Iterator[Finding]:
    name, dc = options["KEYSPACE"], options["DC"]
    found = session.execute(KEYSPACE, [name], timeout=seconds).one()
    if found is None:
        return  # its tables are missing as well, which is told of them
    replication: Mapping[str, str] = dict(found[0])
    of_class = replication.get("class", "").rpartition(".")[2]
    copies = int(replication.get(dc, replication.get("replication_factor", "0")))
    nodes = sum(host.datacenter == dc for host in cluster.metadata.all_hosts())
    alter = f"ALTER KEYSPACE {name}, then nodetool repair {AS_DOCUMENTED}"
    text = f"the keyspace {name} has {copies} copies of each row, on {nodes} nodes of {dc}"
    if of_class != STRATEGY:
        yield warning(f"the keyspace {name} uses {of_class} and not {STRATEGY}", alter)
    if not 0 < copies <= nodes:
        yield wrong(text, f"{alter}, or start the nodes that are missing")
    elif copies < min(COPIES, nodes):
        yield warning(f"{text}: with one node away nothing can be written", alter)
    else:
        yield ok(text)


async def _tables(options: Options) -> list[Finding]:
    store = Store(options)
    try:
        await schema.require(store)
        found = [
            wrong(difference, "run manage.py migrate_store; what it cannot mend, mend by hand")
            for difference in await schema.differences(store)
        ]
        if not found:
            found.append(ok(f"its tables are those of this release, version {schema.VERSION}"))
        data = await meta.fact(store, meta.DATA)
        return [
            *found,
            ok("it has a data id" if data else "its data id comes with the first start"),
        ]
    finally:
        store.close()


def _seconds(when: Any) -> float:
    """The driver's datetimes are UTC, and say nothing of it."""
    return float(when.replace(tzinfo=UTC).timestamp())
