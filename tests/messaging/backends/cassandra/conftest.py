"""What the contracts have, on Cassandra alone."""

import pytest

from messaging.backends.cassandra.store import Store
from tests.contracts.adapters import Adapters, cassandra_adapters, chat, log, meta, store

__all__ = ["chat", "log", "meta", "store"]


@pytest.fixture
def adapters(tables: Store) -> Adapters:
    return cassandra_adapters(tables)
