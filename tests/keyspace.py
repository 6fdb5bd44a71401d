"""A keyspace of the test's own in a real Cassandra, with the tables of the message store."""

import asyncio
import secrets
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import Any

from cassandra.cqlengine.connection import unregister_connection
from django.conf import settings
from django.db import connections
from django.db.utils import ConnectionHandler
from django.test import override_settings

from messaging.backends.cassandra import driver, schema
from messaging.backends.cassandra.alias import ALIAS, database
from messaging.backends.cassandra.store import Store
from tests.services import place

APPS = ("django_cassandra_engine", "messaging.backends.cassandra")
OTHER_APP = "messaging.backends.sql"  # has commands of the same names
DROP_SECONDS = 60  # on a busy machine


@contextmanager
def own_tables() -> Iterator[Store]:
    """Made as for a site; gone afterwards. Once a run: it takes seconds."""
    options = own_keyspace()
    store = Store(options)
    with known(options):
        try:
            with installed():
                schema.sync(options)
            asyncio.run(schema.stamp(store))
            yield store
        finally:
            store.close()
            drop(options)


@contextmanager
def known(options: dict[str, Any]) -> Iterator[None]:
    """To Django, under its alias; what was known by it before is again afterwards."""
    before = connections.settings.get(ALIAS)
    handler = ConnectionHandler({"default": {}, ALIAS: database(options)})
    forget()
    connections.settings[ALIAS] = handler.settings[ALIAS]
    try:
        yield
    finally:
        forget()
        del connections.settings[ALIAS]
        if before is not None:
            connections.settings[ALIAS] = before


def forget() -> None:
    """End the connection that Django has under the alias."""
    unregister_connection(ALIAS)
    with suppress(AttributeError):  # there is none
        del connections[ALIAS]


def installed() -> AbstractContextManager[Any]:
    """The site as it is with the tables in Cassandra."""
    apps = [app for app in settings.INSTALLED_APPS if app != OTHER_APP]
    return override_settings(INSTALLED_APPS=[*apps, *APPS])


def own_keyspace() -> dict[str, Any]:
    """settings.CASSANDRA for a keyspace that is not there yet."""
    hosts = place("CHAT_TEST_CASSANDRA_HOSTS", "cassandra").split(",")
    return {
        "HOSTS": hosts,
        "PORT": 9042,
        "KEYSPACE": f"test_{secrets.token_hex(6)}",
        "USERNAME": "",
        "PASSWORD": "",
        "REPLICATION": {"dc1": len(hosts)},
        "DC": "dc1",
        "ADDRESS_MAP": {},
    }


def drop(options: dict[str, Any]) -> None:
    with driver.cluster(options) as cluster:
        statement = f"DROP KEYSPACE IF EXISTS {options['KEYSPACE']}"
        cluster.connect().execute(statement, timeout=DROP_SECONDS)
