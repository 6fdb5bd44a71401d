"""The one session of this process, and the statements that go over it.

A Statement is a constant beside its use. It is prepared when it is first used, in a thread, which
is also when the session connects. The loop never waits for the driver.
"""

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, NamedTuple

from cassandra import DriverException, InvalidRequest, OperationTimedOut
from cassandra.cluster import Cluster, NoHostAvailable, ResponseFuture, Session
from cassandra.connection import ConnectionException
from cassandra.protocol import ErrorMessage, SyntaxException
from django.conf import settings

from chatsite.running import away, metrics
from messaging.backends.base import Busy
from messaging.backends.cassandra import driver
from messaging.backends.cassandra.driver import Options, Profile
from messaging.backends.cassandra.inbox import Inbox
from messaging.backends.cassandra.sharing import Numbered, Row, Sharing, Values
from messaging.backends.cassandra.values import Prepared, plain

IN_FLIGHT_MAX = 512  # statements of this process; the next one is Busy at once
PAGE_ROWS = 1000  # of an answer; longer ones are fetched page by page
TRY_AGAIN_SECONDS = 0.5  # between two tries to connect

AWAY = (DriverException, NoHostAvailable, ConnectionException, ErrorMessage)
MISTAKEN = (InvalidRequest, SyntaxException)  # a statement that cannot be right


class Unsettled(Busy):
    """A compare-and-set that may have happened or not. A read with Profile.SETTLED tells."""


@dataclass(frozen=True, slots=True)
class Statement:
    """CQL with named markers, `:conv`. `partitions` is what it touches, for the accounts."""

    cql: str
    profile: Profile = Profile.QUORUM
    partitions: int = 1

    @property
    def settled(self) -> "Statement":
        """The same read, after what a compare-and-set left open is done or undone."""
        return replace(self, profile=Profile.SETTLED)


class Reply(NamedTuple):
    """Of a compare-and-set. `row`: why it was refused, by column; its columns depend on that."""

    applied: bool
    row: dict[str, Any]


class Spent(NamedTuple):
    statements: int
    partitions: int


class Store:
    """Connects when it is first used, and again after `close`."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self._thread = ThreadPoolExecutor(1, "cassandra")  # connects and prepares
        self._cluster: Cluster | None = None
        self._session: Session | None = None
        self._hosts = driver.hosts(options)
        self._failed = float("-inf")  # when connecting did, by the monotonic clock
        self._prepared: dict[str, Prepared] = {}
        self._free = threading.BoundedSemaphore(IN_FLIGHT_MAX)
        self._inbox: Inbox | None = None
        self._sharing = Sharing[Statement](self.rows)
        self._spent = [0, 0]

    @property
    def spent(self) -> Spent:
        """Statements sent so far, and partitions that they touched."""
        return Spent(*self._spent)

    async def rows(self, statement: Statement, values: Values) -> list[Row]:
        """All rows of a read. Raises Busy."""
        call = await self._ask(statement, values)
        found = call.prepared.rows(call.rows)
        while call.more:
            call = await self._ask(statement, values, call.more)
            found += call.prepared.rows(call.rows)
        return found

    async def shared(self, of: Numbered[Statement], values: Values) -> list[Row]:
        """A read or a repeatable write that others may share (sharing.py): all rows of all of them.
        Raises Busy."""
        return await self._sharing.rows(of, values)

    async def page(
        self, statement: Statement, n: int, state: bytes | None
    ) -> tuple[list[Row], bytes | None]:
        """About n rows of a read of a whole table, and where it goes on. Raises Busy."""
        call = await self._ask(statement, {}, state, n)
        return call.prepared.rows(call.rows), call.more

    async def run(self, statement: Statement, values: Values) -> None:
        """A repeatable write; on most replicas when it returns. Raises Busy: it may be done."""
        await self._ask(statement, values)

    async def cas(self, statement: Statement, values: Values) -> Reply:
        """A compare-and-set; refused or done when it returns. Raises Unsettled, or Busy where
        it was not sent."""
        call = await self._ask(statement, values)
        named = dict(zip(call.columns, map(plain, call.rows[0]), strict=True))
        return Reply(named.pop("[applied]"), named)

    def close(self) -> None:
        """End the session and its threads."""
        self._thread.submit(self._disconnect).result()

    async def _ask(
        self,
        statement: Statement,
        values: Values,
        page: bytes | None = None,
        size: int = PAGE_ROWS,
    ) -> "_Call":
        """`page`: where an answer goes on."""
        if not self._free.acquire(blocking=False):
            raise Busy
        try:
            prepared = self._prepared.get(statement.cql) or await self._prepare(statement.cql)
            bound = prepared.bind(values)
            bound.fetch_size = size
            bound.is_idempotent = statement.profile.repeatable
            session = self._session
            if session is None:
                raise Busy
            self._spent[0] += 1
            self._spent[1] += statement.partitions
            call = _Call(prepared, statement.profile, self._inbox_of_this_loop(), self._over)
            response = session.execute_async(
                bound, execution_profile=statement.profile.value, paging_state=page
            )
        except BaseException:
            self._free.release()
            raise
        kind, sent = statement.profile.value, time.monotonic()
        metrics.STATEMENTS.add(kind)
        try:
            return await call.answer(response)
        finally:
            metrics.SPENT.add(kind, time.monotonic() - sent)

    def _over(self, response: ResponseFuture) -> None:
        self._free.release()
        self._hosts.learn(response)

    def _inbox_of_this_loop(self) -> Inbox:
        loop = asyncio.get_running_loop()
        if self._inbox is None or self._inbox.loop is not loop:
            self._inbox = Inbox(loop)
        return self._inbox

    async def _prepare(self, cql: str) -> Prepared:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, self._prepare_now, cql)

    def _prepare_now(self, cql: str) -> Prepared:
        if cql not in self._prepared:
            try:
                session = self._session or self._connect()
                self._prepared[cql] = Prepared(session.prepare(cql))
            except AWAY as error:
                if isinstance(error, OperationTimedOut) and error.last_host:
                    self._hosts.found_silent(error.last_host)
                raise _translated(error, Profile.QUORUM) from error
        return self._prepared[cql]

    def _connect(self) -> Session:
        if time.monotonic() - self._failed < TRY_AGAIN_SECONDS:
            raise Busy
        self._hosts = driver.hosts(self.options)
        cluster = driver.cluster(self.options, self._hosts)
        try:
            session = cluster.connect()
            session._default_timeout = driver.PREPARED_SECONDS  # with profiles nothing else sets it
            session.set_keyspace(self.options["KEYSPACE"])  # InvalidRequest where there is none
        except BaseException:
            self._failed = time.monotonic()
            cluster.shutdown()
            driver.require_center(cluster, self.options["DC"])
            raise
        self._cluster, self._session = cluster, session
        return session

    def _disconnect(self) -> None:
        cluster, self._cluster, self._session = self._cluster, None, None
        self._prepared.clear()
        if cluster is not None:
            cluster.shutdown()


class _Call:
    """A statement under way; its callbacks run on the driver's thread."""

    def __init__(
        self,
        prepared: Prepared,
        profile: Profile,
        inbox: Inbox,
        over: Callable[[ResponseFuture], None],
    ) -> None:
        self.prepared = prepared
        self.rows: list[Row] = []
        self.columns: list[str] = []
        self.more: bytes | None = None
        self._once = threading.Lock()  # held by the first answer: two hosts may have been asked
        self._inbox = inbox
        self._over = over  # called once, when it is
        self._profile = profile
        self._future: asyncio.Future[_Call] = inbox.loop.create_future()

    async def answer(self, response: ResponseFuture) -> "_Call":
        with_it = {"callback_args": (response,), "errback_args": (response,)}
        response.add_callbacks(self._arrived, self._failed, **with_it)
        return await self._future

    def _arrived(self, rows: list[Row] | None, response: ResponseFuture) -> None:
        if self._once.acquire(blocking=False):
            self.rows, self.columns = rows or [], response._col_names or []
            self.more = response._paging_state
            self._done(self, response)

    def _failed(self, error: Exception, response: ResponseFuture) -> None:
        if self._once.acquire(blocking=False):
            self._done(_translated(error, self._profile), response)

    def _done(self, answer: "_Call | Exception", response: ResponseFuture) -> None:
        self._over(response)
        self._inbox.put(self._future, answer)


def _translated(error: Exception, profile: Profile) -> Exception:
    """What the caller is told. Of a compare-and-set no error but one says that it was not done."""
    compare = profile is Profile.COMPARE
    mistaken: bool = isinstance(error, InvalidRequest if compare else MISTAKEN)
    if mistaken or not (compare or isinstance(error, AWAY)):
        return error
    away.tell(error)
    translated = Unsettled() if compare else Busy()
    translated.__cause__ = error
    return translated


@cache
def store() -> Store:
    """The Store that settings.CASSANDRA names; one for the process, never across a fork."""
    return Store(settings.CASSANDRA)
