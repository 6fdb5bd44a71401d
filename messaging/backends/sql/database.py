"""The connections of one database: threads of ours, each with its own, and plain SQL on them.

Reads go to a small pool. Writes go to the writer on SQLite (it allows one at a time, and commits
many together), and to the pool on PostgreSQL, where the lock of a head row is the sequencer.
"""

import asyncio
import contextlib
import logging
import sqlite3
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import Any, Protocol, TypeVar

import django.db
from django.db import connections

from messaging.backends.base import Busy, Refusal
from messaging.backends.sql.writer import Writer

logger = logging.getLogger(__name__)
T = TypeVar("T")
Row = tuple[Any, ...]

SQLITE_READERS = 4
POSTGRES_THREADS = 8  # also how many appends may wait for a commit at a time
LOCK_WAIT_MS = 5_000  # for SQLite's write lock, for a row's on PostgreSQL; then Busy
CHECKPOINT_PAGES = 4_000  # 16 MB of journal: folding it in less often costs less in all

# FULL: NORMAL may drop the last acknowledged rows when the power goes. secure_delete: an
# expired salt is overwritten, not only unlinked.
SQLITE_SETUP = (
    f"PRAGMA busy_timeout={LOCK_WAIT_MS}",
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA secure_delete=ON",
    f"PRAGMA wal_autocheckpoint={CHECKPOINT_PAGES}",
)
POSTGRES_SETUP = ("SET synchronous_commit=on", f"SET lock_timeout={LOCK_WAIT_MS}")


class Result(Protocol):
    rowcount: int

    def fetchone(self) -> Any: ...
    def fetchall(self) -> list[Any]: ...


class Session:
    """One thread's connection. SQL is written once, as PostgreSQL reads it."""

    def __init__(self, alias: str) -> None:
        self._django: Any = connections[alias]
        self._django.ensure_connection()
        self._django.inc_thread_sharing()  # Database.close ends it from another thread
        self._raw = self._django.connection
        self._sqlite = self._django.vendor == "sqlite"
        for statement in SQLITE_SETUP if self._sqlite else POSTGRES_SETUP:
            self._raw.execute(statement).close()

    def execute(self, text: str, values: Sequence[object] = ()) -> Result:
        result: Result = self._raw.execute(_for_sqlite(text) if self._sqlite else text, values)
        return result

    def one(self, text: str, values: Sequence[object] = ()) -> Row | None:
        row: Row | None = self.execute(text, values).fetchone()
        return row

    def all(self, text: str, values: Sequence[object] = ()) -> list[Row]:
        return self.execute(text, values).fetchall()

    def begin(self) -> None:
        """SQLite takes its write lock here: no transaction fails half-way for want of it."""
        self.execute("BEGIN IMMEDIATE" if self._sqlite else "BEGIN")

    def commit(self) -> None:
        self.execute("COMMIT")

    def rollback(self) -> None:
        self.execute("ROLLBACK")

    def close(self) -> None:
        """What was not committed is gone."""
        if self._sqlite:  # with a cursor still open somewhere, closing alone would keep the lock
            with contextlib.suppress(self._django.Database.Error):
                self._raw.rollback()
        self._django.close()
        self._django.dec_thread_sharing()


@lru_cache(maxsize=512)
def _for_sqlite(text: str) -> str:
    return text.replace("%s", "?").replace(" FOR UPDATE", "")


Work = Callable[[Session], T]


class Database:
    """Runs work on the threads of one alias: sync functions of a Session.

    Work that writes is run again after a failure of another item of its group, and raises a
    Refusal only before its first write: it is committed with the group.
    """

    def __init__(self, alias: str) -> None:
        self.alias = alias
        self.sqlite = connections[alias].vendor == "sqlite"
        self._own = threading.local()  # .session of each thread of ours
        self._sessions: set[Session] = set()  # of all of them, to be closed at the end
        self._pool = ThreadPoolExecutor(
            SQLITE_READERS if self.sqlite else POSTGRES_THREADS, f"{alias}-sql"
        )
        self._writer = Writer(f"{alias}-writer", self._transact)

    async def read(self, work: Work[T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._pool, self._read, work)

    async def write(self, work: Work[T]) -> T:
        """Durable when it returns. Raises what `work` raises, or Busy."""
        if self.sqlite:
            return await self._writer.run(work)
        return await asyncio.get_running_loop().run_in_executor(self._pool, self._alone, work)

    def close(self) -> None:
        """End the threads; what was accepted is finished first."""
        self._writer.close()
        self._pool.shutdown()
        while self._sessions:
            self._sessions.pop().close()

    def _read(self, work: Work[T]) -> T:
        try:
            return work(self._session())
        except Refusal:
            raise
        except Exception as error:
            self._drop()
            raise self._translated(error) from error

    def _alone(self, work: Work[T]) -> T:
        [answer] = self._transact([work])
        if isinstance(answer, Refusal):
            raise answer
        done: T = answer
        return done

    def _transact(self, group: Sequence[Work[Any]]) -> list[Any]:
        """One transaction for all, their answers in order; a Refusal is an answer."""
        try:
            session = self._session()
            session.begin()
            answers = [_answer(work, session) for work in group]
            session.commit()
        except Exception as error:
            self._undo()
            raise self._translated(error) from error
        return answers

    def _session(self) -> Session:
        session: Session | None = getattr(self._own, "session", None)
        if session is None:
            session = self._own.session = Session(self.alias)
            self._sessions.add(session)
        return session

    def _undo(self) -> None:
        try:
            self._session().rollback()
        except Exception:  # noqa: BLE001 -- whatever it was, a new connection is the cure
            self._drop()

    def _drop(self) -> None:
        session: Session | None = getattr(self._own, "session", None)
        if session is not None:
            self._own.session = None
            self._sessions.discard(session)
            session.close()

    def _translated(self, error: Exception) -> Exception:
        """Busy for what may pass (locked, full, away, deadlock); a bug stays what it is."""
        driver: Any = connections[self.alias].Database  # type: ignore[attr-defined]
        passing = (
            django.db.OperationalError,
            django.db.InterfaceError,
            driver.OperationalError,
            driver.InterfaceError,
        )
        mistaken = getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_ERROR
        if mistaken or not isinstance(error, passing):
            return error
        logger.warning("%s: %s", self.alias, type(error).__name__)
        return Busy()


def _answer(work: Work[Any], session: Session) -> Any:
    try:
        return work(session)
    except Refusal as refusal:
        return refusal


_open: dict[str, Database] = {}


def database(alias: str) -> Database:
    """The one Database of an alias in this process; its threads start when they are needed."""
    if alias not in _open:
        _open[alias] = Database(alias)
    return _open[alias]


def close_all() -> None:
    """End every thread and connection. Adapters made before are of no use afterwards."""
    while _open:
        _open.popitem()[1].close()
