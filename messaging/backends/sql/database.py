"""The connections of one database: threads of ours, each with its own, and plain SQL on them.

Reads go to a small pool, writes to the writer, which commits many together. On PostgreSQL other
processes may write as well: there the lock of a head row is the sequencer.
"""

import asyncio
import contextlib
import re
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Generic, Protocol, TypeVar

import django.db
from django.db import connections

from chatsite.edge.refusals import Refusal
from chatsite.running import away, files
from chatsite.running.threads import IDLE_SECONDS
from messaging.backends.base import Busy
from messaging.backends.sql.writer import Writer

T = TypeVar("T")
Row = tuple[Any, ...]
Values = Sequence[object] | Mapping[str, object]

SQLITE_READERS = 4
POSTGRES_READERS = 8
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
        self._file, self._used = files.place(self._django), time.monotonic()
        self.sqlite = self._django.vendor == "sqlite"
        if not self.sqlite:
            _write_whole_numbers_alike(self._raw)
        for statement in SQLITE_SETUP if self.sqlite else POSTGRES_SETUP:
            self._raw.execute(statement).close()

    def execute(self, text: str, values: Values = ()) -> Result:
        result: Result
        if self.sqlite:
            result = self._raw.execute(_for_sqlite(text), values)
        else:
            result = self._raw.execute(text, values, binary=True)
        return result

    def is_sound(self) -> bool:
        """Whether its file is where it was; or its server knows it still, where it was idle."""
        if self.sqlite:
            return self._file == files.place(self._django)
        now = time.monotonic()
        idle, self._used = now - self._used > IDLE_SECONDS, now
        return not idle or bool(self._django.is_usable())

    @property
    def lost(self) -> bool:
        """Whether the server ended it, or the way there broke."""
        return not self.sqlite and bool(self._raw.broken)

    def one(self, text: str, values: Values = ()) -> Row | None:
        row: Row | None = self.execute(text, values).fetchone()
        return row

    def all(self, text: str, values: Values = ()) -> list[Row]:
        return self.execute(text, values).fetchall()

    def count(self, text: str, values: Values = ()) -> int:
        """How many rows the statement changed."""
        result = self.execute(text, values)
        if not self.sqlite:
            self._pipeline.sync()
        return result.rowcount

    def later(self, text: str, values: Values = ()) -> Callable[[], list[Row]]:
        """The rows of a statement, to be asked for when the transaction is over: on PostgreSQL
        the others of a group do not wait for them."""
        result = self.execute(text, values)
        if not self.sqlite:
            return result.fetchall
        rows = result.fetchall()
        return lambda: rows

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """Committed at its end. What raises in it must be followed by `rollback`.

        On PostgreSQL statements are sent without waiting, until somebody asks for the rows
        of one. SQLite takes its write lock first: no transaction fails half-way for want of it.
        """
        if self.sqlite:
            self.execute("BEGIN IMMEDIATE")
            yield
            self.commit()
            return
        with self._raw.pipeline() as self._pipeline:
            self.execute("BEGIN")
            yield
            self.commit()

    def commit(self) -> None:
        self.execute("COMMIT")

    def rollback(self) -> None:
        self.execute("ROLLBACK")

    def close(self) -> None:
        """What was not committed is gone."""
        if self.sqlite:  # with a cursor still open somewhere, closing alone would keep the lock
            with contextlib.suppress(self._django.Database.Error):
                self._raw.rollback()
        self._django.close()
        self._django.dec_thread_sharing()


def _write_whole_numbers_alike(raw: Any) -> None:
    """By their size they would be of three types, and each statement be prepared for each mix."""
    from psycopg.types.numeric import Int8BinaryDumper  # a site on SQLite starts without it

    raw.adapters.register_dumper(int, Int8BinaryDumper)


@lru_cache(maxsize=512)
def _for_sqlite(text: str) -> str:
    return re.sub(r" FOR UPDATE( OF \w+)?", "", text.replace("%s", "?"))


@dataclass(frozen=True, slots=True)
class Later(Generic[T]):
    """An answer of a work that is made when its transaction is over."""

    get: Callable[[], T]


Read = Callable[[Session], T]
Work = Callable[[Session], T | Later[T]]


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
            SQLITE_READERS if self.sqlite else POSTGRES_READERS, f"{alias}-sql"
        )
        self._writer = Writer(f"{alias}-writer", self._transact)

    async def read(self, work: Read[T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._pool, self._read, work)

    async def write(self, work: Work[T], *, patient: bool = False, locks: bytes = b"") -> T:
        """Durable when it returns. Raises what `work` raises, or Busy. `patient`: it stands aside
        while others wait. `locks`: the conversation whose rows it locks."""
        answer: T = await self._writer.run(work, patient=patient, locks=locks)
        return answer

    def close(self) -> None:
        """End the threads; what was accepted is finished first."""
        self._writer.close()
        self._pool.shutdown()
        while self._sessions:
            self._sessions.pop().close()

    def _read(self, work: Read[T]) -> T:
        session: Session | None = getattr(self._own, "session", None)
        try:
            return work(self._session())
        except Refusal:
            raise
        except Exception as error:
            lost = session is not None and session.lost  # since it was last used
            self._drop()
            if lost:
                return self._read(work)
            raise self._translated(error) from error

    def _transact(self, group: Sequence[Work[Any]]) -> list[Any]:
        """One transaction for all, their answers in order; a Refusal is an answer."""
        try:
            session = self._session()
            with session.transaction():
                answers = [_answer(work, session) for work in group]
            return [answer.get() if isinstance(answer, Later) else answer for answer in answers]
        except Exception as error:
            answer = self._translated(error)
            if self._undone() or not isinstance(answer, Busy):
                raise answer from error
            return [Busy() for _ in group]  # no item's fault: one by one each would wait as long

    def _session(self) -> Session:
        session: Session | None = getattr(self._own, "session", None)
        if session is not None and not session.is_sound():
            self._drop()
            session = None
        if session is None:
            session = self._own.session = Session(self.alias)
            self._sessions.add(session)
        return session

    def _undone(self) -> bool:
        """Roll back. False: there is no connection any more, and the next work opens another."""
        session: Session | None = getattr(self._own, "session", None)
        try:
            if session is not None:
                session.rollback()
                return True
        except Exception:  # noqa: BLE001 -- whatever it was, a new connection is the cure
            self._drop()
        return False

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
        if not away.is_away(error) and (mistaken or not isinstance(error, passing)):
            return error
        away.tell(error)
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
