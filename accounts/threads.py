"""Database work of this app for callers that live on the event loop."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import ParamSpec, TypeVar

from asgiref.sync import SyncToAsync
from django.db import InterfaceError, OperationalError, connection

THREADS = 4  # each holds a connection; reads of SQLite run side by side

P = ParamSpec("P")
T = TypeVar("T")


async def run(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Await one plain function of accounts: `await threads.run(sessions.valid, hashes, now)`.

    In a small pool of its own: by default all such calls of all sockets would queue for the one
    thread that Django calls sensitive.
    """

    def work() -> T:
        try:
            return function(*args, **kwargs)
        except (InterfaceError, OperationalError):
            connection.close()  # kept open otherwise; the next call opens a fresh one
            raise

    return await SyncToAsync(work, thread_sensitive=False, executor=_pool())()


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(THREADS, "accounts")
