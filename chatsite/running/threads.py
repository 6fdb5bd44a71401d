"""Database work for callers that live on the event loop, in threads that keep their connections."""

import math
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, ParamSpec, TypeVar

from asgiref.sync import SyncToAsync
from django.db import DEFAULT_DB_ALIAS, OperationalError, connections

from chatsite.running import away, files

THREADS = 4  # each holds a connection; reads of SQLite run side by side
# More than so many are turned away while nobody was served for so long: the database hangs.
WAITING_MAX = 64
STUCK_SECONDS = 2.0
IDLE_SECONDS = 1.0  # a connection that was not used for so long may have been cut meanwhile

P = ParamSpec("P")
T = TypeVar("T")


class Threads:
    """A few threads. By default all such calls of all sockets would queue for the one thread that
    Django calls sensitive."""

    def __init__(self, name: str, count: int, waiting: float = math.inf) -> None:
        """`waiting`: no more than so many wait for a database that hangs."""
        self._name, self._count, self._waiting_max = name, count, waiting
        self._pool: ThreadPoolExecutor | None = None  # made at the first call
        self._opened: dict[Any, float] = {}  # the connections of our threads: when last used
        self._files: dict[Any, object] = {}  # which file each of them has open
        self._waiting = 0
        self._served = 0.0  # when somebody was, or began to wait for nobody else
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
            finally:
                self._opened[connection] = self._served = time.monotonic()

        if self._pool is None:
            self._pool = ThreadPoolExecutor(self._count, self._name)
        if not self._waiting:
            self._served = time.monotonic()
        elif self._waiting >= self._waiting_max and time.monotonic() - self._served > STUCK_SECONDS:
            raise OperationalError("the database does not answer, and many wait for it")
        self._waiting += 1
        try:
            return await SyncToAsync(work, thread_sensitive=False, executor=self._pool)()
        finally:
            self._waiting -= 1

    def stop(self) -> None:
        """End the threads and their connections; the next `run` makes new ones."""
        if self._pool is not None:
            self._pool.shutdown()
            self._pool = None
        while self._opened:
            self._opened.popitem()[0].close()
        self._files.clear()

    def _connection(self) -> Any:
        own = connections[DEFAULT_DB_ALIAS]
        now = time.monotonic()
        if own not in self._opened:
            own.inc_thread_sharing()  # stop() ends it from another thread
            self._opened[own] = now
        if self._files.setdefault(own, place := files.place(own)) != place:
            own.close()
            self._files[own] = place
        elif self._opened[own] < max(now - IDLE_SECONDS, away.last_told()):
            _try(own)
        return own


def _try(connection: Any) -> None:
    """Costs a round trip. Before each request that would be half of what a small one asks for."""
    if connection.connection is not None and not connection.is_usable():
        connection.close()


_all: list[Threads] = []
_accounts = Threads("accounts", THREADS, WAITING_MAX)
run = _accounts.run


def stop() -> None:
    """End the threads of this process; repeating has no effect."""
    for threads in _all:
        threads.stop()
