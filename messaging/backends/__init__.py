"""The configured adapters of the message store: the only way to them."""

from functools import cache

from django.conf import settings
from django.utils.module_loading import import_string

from messaging.backends.base import ConnectionStore, MessageLog, StoreMeta
from messaging.backends.tables import Tables


@cache
def log() -> MessageLog:
    """The MessageLog that settings.MESSAGE_LOG names; one for the process."""
    adapter: MessageLog = import_string(settings.MESSAGE_LOG)()
    return adapter


@cache
def connection_store() -> ConnectionStore:
    """The ConnectionStore that settings.CONNECTION_STORE names; one for the process."""
    adapter: ConnectionStore = import_string(settings.CONNECTION_STORE)()
    return adapter


@cache
def store_meta() -> StoreMeta:
    """The StoreMeta that settings.STORE_META names; one for the process."""
    adapter: StoreMeta = import_string(settings.STORE_META)()
    return adapter


@cache
def tables() -> Tables:
    """The Tables that settings.TABLES names; one for the process."""
    adapter: Tables = import_string(settings.TABLES)()
    return adapter
