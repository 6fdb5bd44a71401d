"""Database work of this app for callers that live on the event loop."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any, ParamSpec, TypeVar

from asgiref.sync import SyncToAsync
from django.db import DEFAULT_DB_ALIAS, InterfaceError, OperationalError, connections

THREADS = 4  # each holds a connection; reads of SQLite run side by side

P = ParamSpec("P")
T = TypeVar("T")


async def run(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Await one plain function of accounts: `await threads.run(sessions.valid, hashes, now)`.

    In a small pool of its own: by default all such calls of all sockets would queue for the one
    thread that Django calls sensitive.
    """

    def work() -> T:
        connection = _connection()
        try:
            return function(*args, **kwargs)
        except (InterfaceError, OperationalError):
            connection.close()  # kept open otherwise; the next call opens a fresh one
            raise

    return await SyncToAsync(work, thread_sensitive=False, executor=_pool())()


def stop() -> None:
    """End the threads and their connections; the next `run` begins anew."""
    _pool().shutdown()
    _pool.cache_clear()
    while _opened:
        _opened.pop().close()


_opened: set[Any] = set()  # the connections of all our threads


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(THREADS, "accounts")


def _connection() -> Any:
    own = connections[DEFAULT_DB_ALIAS]
    if own not in _opened:
        own.inc_thread_sharing()  # stop() ends it from another thread
        _opened.add(own)
    return own
