"""The embedded engine is one process: presence, limits and the layer are in its memory. A second
server on the same data would let people miss each other's messages, so it does not start.

The kernel or the database holds the lock: it ends with the process, however that ends. A database
that restarts forgets it: then the first to try takes it again.
"""

import fcntl
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import Error, connections

WAIT_SECONDS = 5.0  # wait this long for a server that is ending
TRY_SECONDS = 0.1
KEEP_SECONDS = 5.0  # between two looks whether the lock is still there
ADVISORY = 0x63686174  # key of the lock on PostgreSQL: one a database
ALIAS = "messages"


class Taken(Exception):
    """Another process serves this data; the text names it."""


Keep = Callable[[], None]

_held: list[Any] = []  # for as long as the process lives


def claim(name: str) -> Keep:
    """From now on this process, `name`, serves the data. Raises Taken.

    Call the answer every KEEP_SECONDS: it takes a lock that was lost again, and raises Taken where
    another process was first. It blocks, and raises what the database raises when it is away.
    """
    if connections[ALIAS].vendor == "sqlite":
        _held.append(_wait(lambda: _lock_file(name)))
        return _nothing_is_lost
    lock = _DatabaseLock(name)
    _wait(lock.keep)
    return lock.keep


def _nothing_is_lost() -> None:
    """The kernel forgets no lock of a living process."""


class _DatabaseLock:
    def __init__(self, name: str) -> None:
        self._name = name
        self._connection: Any = None

    def keep(self) -> None:
        if self._connection is not None:
            try:
                with self._connection.cursor() as cursor:
                    cursor.execute("SELECT 1")
                return
            except Error:
                self._connection.close()
                self._connection = None
        self._connection = _lock_database(self._name)


def _wait(lock: Any) -> Any:
    until = time.monotonic() + WAIT_SECONDS
    while True:
        try:
            return lock()
        except Taken:
            if time.monotonic() > until:
                raise
            time.sleep(TRY_SECONDS)


def _lock_file(name: str) -> int:
    path = Path(settings.VAR) / "serve.lock"
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = path.read_text().strip()
        os.close(handle)
        raise Taken(f"The data in {settings.VAR} is served already, by {holder}.") from None
    os.ftruncate(handle, 0)
    os.write(handle, f"process {os.getpid()}, {name}\n".encode())
    return handle


def _lock_database(name: str) -> Any:
    """On a connection of its own, whose name in pg_stat_activity says who holds the lock."""
    connection = connections[ALIAS].copy()
    connection.inc_thread_sharing()  # it is looked after from another thread
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(%s)", [ADVISORY])
            if cursor.fetchone()[0]:
                label = f"serve, process {os.getpid()}, {name}"
                cursor.execute("SELECT set_config('application_name', %s, false)", [label])
                return connection
            cursor.execute(
                "SELECT a.application_name FROM pg_locks l JOIN pg_stat_activity a USING (pid) "
                "WHERE l.locktype = 'advisory' AND l.objid = %s AND l.granted "
                "AND a.datname = current_database()",
                [ADVISORY],
            )
            holder = cursor.fetchone()
    except BaseException:
        connection.close()
        raise
    connection.close()
    where = settings.DATABASES[ALIAS]["NAME"]
    raise Taken(f"The database {where} is served already, by {holder[0] if holder else 'another'}.")
