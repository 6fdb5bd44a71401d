"""The configured adapters, made once."""

from messaging.backends import connection_store, log, tables
from messaging.backends.base import ConnectionStore, MessageLog, StoreMeta
from messaging.backends.tables import Tables


def test_each_is_one_for_the_process():
    assert log() is log()
    assert connection_store() is connection_store()
    assert isinstance(log(), MessageLog)
    assert isinstance(connection_store(), ConnectionStore)
    assert isinstance(tables(), Tables)


def test_the_ports_stay_narrow():
    for port in (MessageLog, ConnectionStore, StoreMeta, Tables):
        asked = port.__abstractmethods__ - {"elsewhere", "close"}  # where it begins and ends
        assert 1 <= len(asked) <= 11
