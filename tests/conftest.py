"""Both databases for every test: pytest-django makes those alone that a mark names, and a test
that reads from other threads can have no such mark, since it would hold a transaction open.

And one keyspace for those that ask for it."""

import secrets
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from asgiref.sync import SyncToAsync
from django.db import connections
from django.test.utils import setup_databases, teardown_databases
from hypothesis import HealthCheck, settings

from chatsite.running import threads
from messaging.backends.sql.database import close_all

if TYPE_CHECKING:
    from messaging.backends.cassandra.store import Store

# A machine that stands still for a moment has found nothing.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")


@pytest.fixture(scope="session")
def django_db_setup(django_test_environment: None, django_db_blocker: Any) -> Iterator[None]:
    databases: Any = {"default", "messages"}
    own = f"test_{secrets.token_hex(6)}"  # others may use this PostgreSQL at the same time
    for one in connections.all():
        if one.vendor == "postgresql":
            one.settings_dict["TEST"]["NAME"] = own
    with django_db_blocker.unblock():
        config = setup_databases(verbosity=0, interactive=False, aliases=databases)
    yield
    close_all()
    threads.stop()
    # asgiref's own thread, which outlives every loop, has connections too.
    SyncToAsync.single_thread_executor.submit(connections.close_all).result()
    with django_db_blocker.unblock():
        teardown_databases(config, verbosity=0)


@pytest.fixture(scope="session")
def tables() -> Iterator["Store"]:
    from tests.keyspace import own_tables  # the driver takes a while to load

    with own_tables() as store:
        yield store
