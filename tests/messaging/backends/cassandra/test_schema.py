"""The keyspace: made as the models say, and refused where it is not."""

import secrets
from io import StringIO

import pytest
from cassandra.cqlengine import columns
from cassandra.cqlengine.models import Model
from django.apps import apps
from django.core.management import call_command
from django.core.management.commands.makemigrations import Command as MakeMigrations
from django.test import override_settings

from chatsite.running.needs import Unfit
from messaging.backends.cassandra import meta, schema
from messaging.backends.cassandra.models import TABLES
from messaging.backends.cassandra.store import Statement, Store
from messaging.backends.cassandra.store import store as shared
from tests.keyspace import installed, known, own_keyspace

REPLICATION = Statement("""
SELECT replication FROM system_schema.keyspaces WHERE keyspace_name = :name
""")


class Turned(Model):
    """es_box as another release might have it."""

    __table_name__ = "es_box"
    __options__ = {"gc_grace_seconds": 1, "compaction": {"class": "LeveledCompactionStrategy"}}
    owner = columns.UUID(partition_key=True)
    epoch = columns.BigInt(primary_key=True, clustering_order="ASC")
    g = columns.Integer()
    lid = columns.Blob()


class Nowhere(Model):
    __table_name__ = "nowhere"
    key = columns.Text(partition_key=True)


async def test_what_was_made_is_what_the_models_say(tables: Store) -> None:
    assert await schema.differences(tables) == []


async def test_what_is_there_is_not_made_again(tables: Store) -> None:
    with installed():
        schema.sync(tables.options)
    assert await schema.differences(tables) == []


async def test_each_row_has_as_many_copies_as_were_asked_for(tables: Store) -> None:
    [[replication]] = await tables.rows(REPLICATION, {"name": tables.options["KEYSPACE"]})
    asked = {dc: str(copies) for dc, copies in tables.options["REPLICATION"].items()}
    assert asked.items() <= dict(replication).items()
    assert replication["class"].endswith("NetworkTopologyStrategy")


@pytest.mark.usefixtures("tables")
def test_they_are_nothing_to_the_databases_of_django() -> None:
    with installed():
        # Not by name: django-cassandra-engine's own leaves its alias without an engine behind.
        call_command(MakeMigrations(), check_changes=True, dry_run=True, verbosity=0)
        assert list(apps.get_app_config("messaging_cassandra").get_models()) == []


async def test_each_difference_is_named(tables: Store) -> None:
    """Also those that `sync_cassandra` passes over without a word."""
    found = await schema.differences(tables, [Turned, Nowhere])
    assert found == [
        "es_box.connection_id is uuid (partition_key 1) and should be not there",
        "es_box.epoch is bigint (clustering 0, desc) and should be bigint (clustering 0, asc)",
        "es_box.g is bigint (regular) and should be int (regular)",
        "es_box.lid is not there and should be blob (regular)",
        "es_box has another gc_grace_seconds",
        "es_box has another compaction",
        "there is no table nowhere",
    ]


def test_no_number_of_a_client_meets_a_column_that_is_too_small() -> None:
    small = {
        f"{model.__table_name__}.{column.db_field_name}"
        for model in TABLES
        for column in model._columns.values()
        if column.db_type in {"int", "tinyint"}
    }
    assert small == {
        *(f"connection.{name}" for name in ("state", "asked_by", "blocked")),
        *(f"conversation.{name}" for name in ("row_type", "kind", "flags")),
        *("contact.state", "mark_gap.kind"),
    }


async def test_what_differs_is_not_taken_for_this_version(tables: Store) -> None:
    with pytest.raises(Unfit, match="differs from what this release needs: es_box"):
        await schema.stamp(tables, [Turned])


def test_a_command_makes_it_all(tables: Store) -> None:
    said = StringIO()
    with installed(), override_settings(CASSANDRA=tables.options):
        call_command("migrate_store", stdout=said)
    shared.cache_clear()
    assert said.getvalue() == f"The message store has its tables, version {schema.VERSION}.\n"


async def test_a_keyspace_of_this_version_is_served(tables: Store) -> None:
    await schema.require(tables)


async def test_one_of_another_version_is_refused(tables: Store) -> None:
    await meta.decide(tables, schema.SCHEMA, "0")
    try:
        with pytest.raises(
            Unfit, match=f"tables of version 0, and this release needs {schema.VERSION}"
        ):
            await schema.require(tables)
    finally:
        await schema.stamp(tables)


async def test_one_that_is_not_there_is_refused(tables: Store) -> None:
    name = f"test_{secrets.token_hex(4)}"
    elsewhere = Store({**tables.options, "KEYSPACE": name})
    with pytest.raises(Unfit, match=f"{name} has no tables yet: run manage.py migrate_store"):
        await schema.require(elsewhere)
    elsewhere.close()


def test_a_cluster_that_is_away_is_named() -> None:
    options = own_keyspace() | {"HOSTS": ["127.0.0.1"], "PORT": 1}
    with (
        installed(),
        known(options),
        pytest.raises(Unfit, match=r"Cassandra is away \(127\.0\.0\.1\): "),
    ):
        schema.sync(options)
