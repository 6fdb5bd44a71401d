"""The adapters under contract, each on a real database of its own, and a pair of people in it."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

import pytest
from django.core.management import call_command
from django.db import connections
from django.db.utils import ConnectionHandler

from chatsite import engines
from messaging.backends.base import ConnectionStore, MessageLog, StoreMeta
from messaging.backends.sql.connections import SqlConnectionStore
from messaging.backends.sql.database import database
from messaging.backends.sql.log import SqlMessageLog
from messaging.backends.sql.meta import SqlStoreMeta
from messaging.backends.sql.tables import SqlTables
from messaging.backends.tables import Tables
from messaging.domain import VECTOR_MAX, Draft, EpochHead, NewEpoch, Row, Seal, VectorRow
from tests.services import own_postgres

if TYPE_CHECKING:  # the driver takes a while to load
    from messaging.backends.cassandra.store import Store

NOW = 1_790_000_000_000  # ms, when these tests begin
FIRST = EpochHead(n=0, forced=False, time=NOW, k1=1, k2=1)


@dataclass(frozen=True)
class Adapters:
    """The ports over one store. `alias` is for tests that must reach below them, `elsewhere` what
    another process needs to open the same log."""

    alias: str
    log: MessageLog
    store: ConnectionStore
    meta: StoreMeta
    tables: Tables
    elsewhere: dict[str, Any]
    lapses_itself: bool = False  # content goes by the store's own clock


@pytest.fixture(scope="session", params=["sqlite", "postgres", "cassandra"])
def adapters(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, django_db_blocker: Any
) -> Iterator[Adapters]:
    with django_db_blocker.unblock():
        if request.param == "cassandra":
            yield cassandra_adapters(request.getfixturevalue("tables"))
        else:
            yield from adapters_on(request.param, tmp_path_factory)


def adapters_on(database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Adapters]:
    """`database`: sqlite or postgres."""
    if database == "sqlite":
        yield from sql_adapters(sqlite_settings(tmp_path_factory.mktemp("log") / "log.sqlite3"))
    else:
        with own_postgres() as url:
            yield from sql_adapters(postgres_settings(url))


def sql_adapters(settings: dict[str, Any]) -> Iterator[Adapters]:
    alias = register(settings)
    call_command("migrate", "messaging_sql", database=alias, verbosity=0)
    connections[alias].close()
    ports = SqlMessageLog(alias), SqlConnectionStore(alias), SqlStoreMeta(alias)
    yield Adapters(alias, *ports, SqlTables(alias), settings_of(alias))
    database(alias).close()
    connections[alias].close()
    del connections.settings[alias]


def cassandra_adapters(tables: "Store") -> Adapters:
    from messaging.backends.cassandra.connections import CassandraConnectionStore
    from messaging.backends.cassandra.log import CassandraMessageLog
    from messaging.backends.cassandra.meta import CassandraStoreMeta
    from messaging.backends.cassandra.tables import CassandraTables

    ports = (
        CassandraMessageLog(tables),
        CassandraConnectionStore(tables),
        CassandraStoreMeta(tables),
        CassandraTables(tables),
    )
    return Adapters("", *ports, dict(tables.options), lapses_itself=True)


@contextmanager
def opened(elsewhere: dict[str, Any]) -> Iterator[MessageLog]:
    """The same log in another process."""
    if "KEYSPACE" not in elsewhere:
        yield SqlMessageLog(register(elsewhere))
        return
    from messaging.backends.cassandra.log import CassandraMessageLog
    from messaging.backends.cassandra.store import Store

    tables = Store(elsewhere)
    yield CassandraMessageLog(tables)
    tables.close()


def register(settings: dict[str, Any], alias: str = "") -> str:
    """Make a database known to Django under an alias of its own."""
    alias = alias or f"contract_{secrets.token_hex(4)}"
    handler = ConnectionHandler({"default": {}, alias: settings})
    connections.settings[alias] = handler.settings[alias]
    return alias


def settings_of(alias: str) -> dict[str, Any]:
    """What another process needs to `register` the same database."""
    keys = ("ENGINE", "NAME", "USER", "PASSWORD", "HOST", "PORT", "OPTIONS")
    return {key: connections.settings[alias][key] for key in keys}


def sqlite_settings(path: Path) -> dict[str, Any]:
    return {"ENGINE": "django.db.backends.sqlite3", "NAME": str(path), "OPTIONS": {"timeout": 5}}


def postgres_settings(url: str) -> dict[str, Any]:
    parts = urlsplit(url)
    place = {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.path.lstrip("/"),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or "",
        "PORT": str(parts.port or ""),
        "OPTIONS": {},
    }
    return engines.kept(place)


@pytest.fixture(autouse=True)
def database_access(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Of the test database: threads keep the connection that they opened first."""
    with django_db_blocker.unblock():
        yield


@pytest.fixture
def log(adapters: Adapters) -> MessageLog:
    return adapters.log


@pytest.fixture
def store(adapters: Adapters) -> ConnectionStore:
    return adapters.store


@pytest.fixture
def meta(adapters: Adapters) -> StoreMeta:
    return adapters.meta


def new_id() -> bytes:
    return secrets.token_bytes(16)


def seal(time: int) -> tuple[str, bytes]:
    """A tag that shows which time it was made for."""
    return "kid1", time.to_bytes(32, "big")


async def vector_of(log: MessageLog, user: bytes) -> list[VectorRow]:
    page = await log.vector(user, VECTOR_MAX)
    assert page.after is None
    return page.rows


@dataclass
class Chat:
    """Two connected people; `alice` < `bob` as bytes, so that she is user1."""

    log: MessageLog
    alice: bytes
    bob: bytes
    conv: bytes
    head: EpochHead = FIRST
    devices: dict[bytes, bytes] = field(default_factory=dict)
    ctr: int = 0

    def draft(self, sender: bytes, **changes: Any) -> Draft:
        self.ctr += 1
        peer = self.bob if sender == self.alice else self.alice
        device = self.devices.setdefault(sender, new_id())
        draft = Draft(
            self.conv, new_id(), 0, sender, peer, device, self.ctr, 1, self.head.n, self.head, 0,
            b"text %d" % self.ctr, secrets.token_bytes(32),
        )  # fmt: skip
        return replace(draft, **changes)

    async def send(self, sender: bytes, now: int = NOW, seal: Seal = seal, **changes: Any) -> Row:
        return await self.log.append(self.draft(sender, **changes), seal, now)

    async def erase(self, row: Row, now: int = NOW) -> Row:
        """With a silent row that says so."""
        return await self.send(row.sender, now, kind=2, erase=(row.seq, row.client_id))


async def connected(adapters: Adapters, epoch: bool = True) -> Chat:
    alice, bob = sorted([new_id(), new_id()])
    conv = new_id()
    await adapters.store.ask(alice, bob, conv, NOW)
    await adapters.store.ask(bob, alice, new_id(), NOW)
    if epoch:
        await adapters.store.advance(conv, NewEpoch(0, b"E0", False, NOW, 1, 1))
    return Chat(adapters.log, alice, bob, conv)


@pytest.fixture
async def chat(adapters: Adapters) -> Chat:
    return await connected(adapters)
