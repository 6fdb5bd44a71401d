"""What so many people need. `plan` holds the model; what nobody measured stands above it, by name.

All CPU is planned at half load: what comes in bursts waits in line on a full machine.
"""

from dataclasses import dataclass
from math import ceil

from chatsite.capacity.measured import Measured
from messaging.hub import COMPARED_PER_SECOND
from messaging.protocol import PING_SECONDS

DAY = 86_400
HALF = 0.5  # of a core, or of a machine

# ---- assumed: how people use it
PEAK = 3.0  # the busiest hour against the mean of the day
CONNECTIONS = 1.3  # a person who is there: a browser, and now and then a second one
STAYS_SECONDS = 1_800  # a live connection
CALLS_A_HOUR = 10  # of the API, by each person who is there

# ---- assumed: what things take
PING_MS = 0.08  # CPU of a ping with its pong
PROCESS_MIB = 200  # an app process without people
MORE_KIB = 20  # of a live connection that is used: caches, and what waits to be sent
LEASE_MS = 0.0002  # CPU of Redis for each process whose lease it tells with an answer
REFRESH_MS = 0.005  # CPU of Redis to write one live connection again, once a minute
ENTRY_BYTES = 500  # of Redis: a live connection, and its share of limits and used nonces
ROW_BYTES = 950  # a message in Cassandra or SQLite: an envelope of 787 bytes, and what is beside it
WIRE_BYTES = 3_100  # of a message: a frame of 1,242 bytes in and one out, answers and receipts
PING_BYTES = 150
ACCOUNT_BYTES = 20_000  # of PostgreSQL: device lists, vaults, sessions
REPLICAS_COST = 1.5  # CPU of a message for each copy, against one node that keeps one

# ---- assumed: what machines carry
PROCESS_CONNECTIONS = 20_000
MACHINE_CORES = 8  # that app processes run on, one a core
CASSANDRA_OPERATIONS = 20_000  # a second and node, at half load
CASSANDRA_CORES = 16
CASSANDRA_BYTES = 4e12  # that a node may hold
COMPACTION = 1.3  # room that it needs beside what it holds
POSTGRES_CORES = 32  # of the largest machine for the one primary
HAPROXY_CONNECTIONS = 100_000
LEAST = {"app": 2, "redis": 1, "cassandra": 3, "postgres": 1, "haproxy": 2}


@dataclass(frozen=True)
class Load:
    """What is asked."""

    users: int  # who use it on a day
    messages: float = 40.0  # that each of them sends on it
    online: float = 0.33  # of them, at the same time, at the peak
    replication: int = 3  # copies of a message
    days: int = 365  # that messages are kept

    @property
    def there(self) -> float:
        return self.users * self.online

    @property
    def connections(self) -> float:
        return self.there * CONNECTIONS

    @property
    def messages_a_second(self) -> float:
        """At the peak."""
        return self.users * self.messages * PEAK / DAY

    @property
    def calls_a_second(self) -> float:
        return self.there * CALLS_A_HOUR / 3600


@dataclass(frozen=True)
class Plan:
    load: Load
    engine: str
    nodes: dict[str, int]
    cores: dict[str, float]  # busy at the peak
    memory: dict[str, float]  # bytes, in sum
    disk_a_day: float  # bytes, all copies
    disk_kept: float
    network: float  # bytes a second at the peak, between people and site
    late_seconds: float  # a message of another node, while Redis is away
    back_seconds: float  # until all are there again whose connections broke at once
    used: dict[str, float]  # of what cannot be more than one, by its name: 1 is its limit

    @property
    def breaks_first(self) -> str:
        return max(self.used, key=lambda name: self.used[name])


def plan(load: Load, measured: Measured) -> Plan:
    """One process where that carries it, else the engine of several nodes."""
    one = _embedded(load, measured)
    return one if max(one.used.values()) <= 1 else _distributed(load, measured)


def _embedded(load: Load, measured: Measured) -> Plan:
    costs = measured.embedded
    busy = _app_cores(load, costs.message["server"], costs.start, costs.call)
    stored = load.users * load.messages * ROW_BYTES
    return Plan(
        load, "embedded",
        nodes=dict.fromkeys(LEAST, 0) | {"app": 1},
        cores={"app": busy},
        memory={"app": _app_memory(load, costs.idle_kib, 1)},
        disk_a_day=stored, disk_kept=stored * load.days + load.users * ACCOUNT_BYTES,
        network=_network(load),
        late_seconds=0.0,
        back_seconds=load.connections * costs.start / 1000,
        used={
            "core of the process": busy / HALF,
            "connections of the process": load.connections / PROCESS_CONNECTIONS,
        },
    )  # fmt: skip


def _distributed(load: Load, measured: Measured) -> Plan:
    costs, rate = measured.distributed, load.messages_a_second
    busy = _app_cores(load, costs.message["server"], costs.start, costs.call)
    apps = max(
        LEAST["app"], ceil(busy / HALF), ceil(load.connections / PROCESS_CONNECTIONS)
    )  # processes
    redis = rate * (costs.message["redis"] + apps * LEASE_MS) / 1000
    redis += load.connections / 60 * REFRESH_MS / 1000
    postgres = rate * costs.message["postgres"] + load.calls_a_second * measured.call_of_postgres
    postgres /= 1000
    stored = load.users * load.messages * ROW_BYTES * load.replication
    copies = REPLICAS_COST * load.replication if load.replication > 1 else 1
    cassandra = rate * costs.message["cassandra"] * copies / 1000
    return Plan(
        load, "distributed",
        nodes={
            "app": apps,
            "redis": LEAST["redis"],
            "cassandra": _cassandra_nodes(load, cassandra, stored * load.days),
            "postgres": LEAST["postgres"],
            "haproxy": max(LEAST["haproxy"], ceil(load.connections / HAPROXY_CONNECTIONS)),
        },
        cores={"app": busy, "redis": redis, "cassandra": cassandra, "postgres": postgres},
        memory={
            "app": _app_memory(load, costs.idle_kib, apps),
            "redis": load.connections * ENTRY_BYTES,
        },
        disk_a_day=stored, disk_kept=stored * load.days + load.users * ACCOUNT_BYTES,
        network=_network(load),
        late_seconds=max(5.0, load.connections / apps / COMPARED_PER_SECOND),
        back_seconds=load.connections * costs.start / 1000 / apps,
        used={
            "core of Redis": redis / HALF,
            "cores of PostgreSQL": postgres / (POSTGRES_CORES * HALF),
        },
    )  # fmt: skip


def operations(load: Load) -> float:
    """Of replicas of Cassandra a second: on each four statements of the append and two rows,
    five for the receipts, three reads (storage that is read at one replica counts once)."""
    return load.messages_a_second * (6 * load.replication + 8)


def _cassandra_nodes(load: Load, cores: float, kept: float) -> int:
    return max(
        LEAST["cassandra"],
        load.replication,
        ceil(operations(load) / CASSANDRA_OPERATIONS),
        ceil(cores / (CASSANDRA_CORES * HALF)),
        ceil(kept * COMPACTION / CASSANDRA_BYTES),
    )


def _app_cores(load: Load, message: float, start: float, call: float) -> float:
    return (
        load.messages_a_second * message
        + load.connections / PING_SECONDS * PING_MS
        + load.connections / STAYS_SECONDS * start
        + load.calls_a_second * call
    ) / 1000


def _app_memory(load: Load, idle_kib: float, processes: int) -> float:
    return load.connections * (idle_kib + MORE_KIB) * 1024 + processes * PROCESS_MIB * 2**20


def _network(load: Load) -> float:
    pings = load.connections / PING_SECONDS * PING_BYTES
    return load.messages_a_second * WIRE_BYTES + pings
