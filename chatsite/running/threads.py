"""Database work for callers that live on the event loop, in threads that keep their connections."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, ParamSpec, TypeVar

from asgiref.sync import SyncToAsync
from django.db import DEFAULT_DB_ALIAS, connections

from chatsite.running import away

THREADS = 4  # each holds a connection; reads of SQLite run side by side

P = ParamSpec("P")
T = TypeVar("T")


class Threads:
    """A few threads. By default all such calls of all sockets would queue for the one thread that
    Django calls sensitive."""

    def __init__(self, name: str, count: int) -> None:
        self._name, self._count = name, count
        self._pool: ThreadPoolExecutor | None = None  # made at the first call
        self._opened: set[Any] = set()  # the connections of our threads
        _all.append(self)

    async def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Await one plain function: `await threads.run(sessions.ended, bounds, now)`. An async
        function that it calls by `async_to_sync` runs on this loop."""

        def work() -> T:
            connection = self._connection()
            try:
                return function(*args, **kwargs)
            except Exception as error:
                if away.is_away(error):
                    connection.close()  # kept open otherwise; the next call opens a fresh one
                raise

        if self._pool is None:
            self._pool = ThreadPoolExecutor(self._count, self._name)
        return await SyncToAsync(work, thread_sensitive=False, executor=self._pool)()

    def stop(self) -> None:
        """End the threads and their connections; the next `run` makes new ones."""
        if self._pool is not None:
            self._pool.shutdown()
            self._pool = None
        while self._opened:
            self._opened.pop().close()

    def _connection(self) -> Any:
        own = connections[DEFAULT_DB_ALIAS]
        if own not in self._opened:
            own.inc_thread_sharing()  # stop() ends it from another thread
            self._opened.add(own)
        return own


_all: list[Threads] = []
_accounts = Threads("accounts", THREADS)
run = _accounts.run


def stop() -> None:
    """End the threads of this process; repeating has no effect."""
    for threads in _all:
        threads.stop()
