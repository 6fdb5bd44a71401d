"""Both databases for every test: pytest-django makes those alone that a mark names, and a test
that reads from other threads can have no such mark, since it would hold a transaction open."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.test.utils import setup_databases, teardown_databases

from messaging.backends.sql.database import close_all


@pytest.fixture(scope="session")
def django_db_setup(django_test_environment: None, django_db_blocker: Any) -> Iterator[None]:
    databases: Any = {"default", "messages"}
    with django_db_blocker.unblock():
        config = setup_databases(verbosity=0, interactive=False, aliases=databases)
    yield
    close_all()
    with django_db_blocker.unblock():
        teardown_databases(config, verbosity=0)
