"""What doctor says of a real Cassandra with one thing that is wrong."""

import time
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from chatsite.running.findings import Level
from messaging.backends.cassandra import driver, examining
from messaging.backends.cassandra.schema import VERSION
from messaging.backends.cassandra.store import Store
from tests.chatsite.doctor.asked import expect, expect_well, found
from tests.keyspace import DROP_SECONDS, own_tables

NODES = "messaging.backends.cassandra.examining.nodes"
TABLES = "messaging.backends.cassandra.examining.tables"


@pytest.fixture(scope="module")
def own() -> Iterator[Store]:
    with own_tables() as store:
        yield store


def test_of_a_keyspace_as_it_should_be_nothing_is_wrong(own: Store) -> None:
    expect_well(found(NODES, own.options))
    expect_well(found(TABLES, own.options))


def change(options: dict[str, Any], statements: Sequence[str]) -> None:
    with driver.cluster(options) as cluster:
        session = cluster.connect(options["KEYSPACE"])
        for statement in statements:
            session.execute(statement.format(**options), timeout=DROP_SECONDS)


REPLICATION = "ALTER KEYSPACE {{KEYSPACE}} WITH replication = {{{{'class': {}}}}}"
AS_IT_WAS = REPLICATION.format("'NetworkTopologyStrategy', 'dc1': 1")
BOX = (
    "CREATE TABLE es_box (owner uuid, connection_id uuid, epoch bigint, g bigint, box blob, "
    "PRIMARY KEY ((owner, connection_id), epoch)) WITH CLUSTERING ORDER BY (epoch {}) "
    "AND compaction = {{{{'class': 'UnifiedCompactionStrategy', 'scaling_parameters': 'L10'}}}}"
)


@pytest.mark.parametrize(
    ("check", "spoil", "mend", "level", "words"),
    [
        (
            TABLES,
            ["DROP TABLE es_box", BOX.format("ASC")],
            ["DROP TABLE es_box", BOX.format("DESC")],
            Level.WRONG,
            "es_box.epoch is bigint (clustering 0, asc) and should be bigint (clustering 0, desc)",
        ),
        (
            TABLES,
            ["ALTER TABLE contact DROP since"],
            ["ALTER TABLE contact ADD since bigint"],
            Level.WRONG,
            "contact.since is not there and should be bigint (regular)",
        ),
        (
            TABLES,
            ["UPDATE meta SET value = '7' WHERE key = 'schema'"],
            [f"UPDATE meta SET value = '{VERSION}' WHERE key = 'schema'"],
            Level.WRONG,
            f"has tables of version 7, and this release needs {VERSION}",
        ),
        (
            NODES,
            [REPLICATION.format("'NetworkTopologyStrategy', 'dc1': 3")],
            [AS_IT_WAS],
            Level.WRONG,
            "has 3 copies of each row, on 1 nodes of dc1",
        ),
        (
            NODES,
            [REPLICATION.format("'SimpleStrategy', 'replication_factor': 1")],
            [AS_IT_WAS],
            Level.WARNING,
            "uses SimpleStrategy and not NetworkTopologyStrategy",
        ),
    ],
)
def test_what_is_wrong_with_the_tables_is_said(
    own: Store, check: str, spoil: Sequence[str], mend: Sequence[str], level: Level, words: str
) -> None:
    options = dict(own.options)
    change(options, spoil)
    try:
        expect(found(check, options), level, words)
    finally:
        change(options, mend)


@pytest.mark.parametrize(
    ("check", "otherwise", "words"),
    [
        (TABLES, {"KEYSPACE": "nowhere"}, "the keyspace nowhere has no tables yet"),
        (NODES, {"DC": "elsewhere"}, "Cassandra has no data center elsewhere, only dc1"),
        (NODES, {"HOSTS": ["127.0.0.1"], "PORT": 1}, "Cassandra is away (127.0.0.1): "),
    ],
)
def test_what_is_wrong_with_the_settings_is_said(
    own: Store, check: str, otherwise: dict[str, Any], words: str
) -> None:
    expect(found(check, {**own.options, **otherwise}), Level.WRONG, words)


def test_a_node_that_is_set_otherwise_is_said(own: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(examining.WANTED, "hinted_handoff_enabled", ("false", "for the test"))
    expect(
        found(NODES, own.options),
        Level.WARNING,
        f"hinted_handoff_enabled of {own.options['HOSTS'][0]} is true: for the test",
    )


def test_a_node_whose_clock_is_wrong_is_said(own: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    true = time.time
    monkeypatch.setattr(time, "time", lambda: true() + 60)
    expect(found(NODES, own.options), Level.WRONG, "s behind this one")
