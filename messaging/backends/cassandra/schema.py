"""The keyspace: made by `sync_cassandra`, compared with the models, and stamped with a version.

`sync_cassandra` makes what is missing. It says nothing where a table sorts the other way round, and
only warns of another type, so a comparison follows.
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from io import StringIO
from typing import Any

from cassandra import InvalidRequest
from cassandra.cluster import NoHostAvailable
from cassandra.cqlengine.columns import Column
from cassandra.cqlengine.models import Model
from django.core.management import call_command

from chatsite.running import away
from chatsite.running.needs import Unfit
from messaging.backends.base import Busy
from messaging.backends.cassandra import driver, meta
from messaging.backends.cassandra.alias import ALIAS
from messaging.backends.cassandra.driver import Options
from messaging.backends.cassandra.models import TABLES
from messaging.backends.cassandra.store import Statement, Store

VERSION = "4"  # of the tables; a release refuses to serve another
SCHEMA = "schema"  # its name in `meta`

COLUMNS = Statement("""
SELECT table_name, column_name, kind, position, clustering_order, type
FROM system_schema.columns WHERE keyspace_name = :name
""")
SETTINGS = Statement("""
SELECT table_name, gc_grace_seconds, default_time_to_live, compaction, compression
FROM system_schema.tables WHERE keyspace_name = :name
""")
KEYS = ("partition_key", "clustering")  # kinds of columns
UNORDERED = -1  # the position of a column that is in no key

Shape = tuple[str, int, str, str]  # kind, position, order, type


def sync(options: Options) -> None:
    """Make the keyspace and what is missing in it. Repeatable; two at once may clash. Raises Unfit
    where Cassandra is away."""
    try:
        call_command("sync_cassandra", database=ALIAS, stdout=StringIO())
    except NoHostAvailable as error:
        raise no_host(error, options) from error


async def stamp(store: Store, models: Sequence[type[Model]] = TABLES) -> None:
    """Raises Unfit where the tables differ from the models; else they have VERSION now."""
    if found := await differences(store, models):
        raise Unfit(
            f"the keyspace {store.options['KEYSPACE']} differs from what this release needs: "
            + "; ".join(found)
        )
    await meta.decide(store, SCHEMA, VERSION)


def check(options: Options) -> None:
    """For the start of a process: Raises Unfit, and Busy while Cassandra is away."""
    store = Store(options)
    try:
        asyncio.run(require(store))
    finally:
        store.close()


async def require(store: Store) -> None:
    """Raises Unfit if this release cannot serve the keyspace, Busy while it is away."""
    keyspace = store.options["KEYSPACE"]
    try:
        version = await meta.fact(store, SCHEMA)
    except InvalidRequest:  # no such keyspace, or no such table
        version = None
    except Busy as busy:
        if not (driver.login_refused(busy.__cause__) or driver.tls_refused(busy.__cause__)):
            raise
        raise no_host(busy.__cause__, store.options) from busy
    if version is None:
        raise Unfit(f"the keyspace {keyspace} has no tables yet: run manage.py migrate_store")
    if version != VERSION:
        raise Unfit(
            f"the keyspace {keyspace} has tables of version {version}, and this release needs "
            f"{VERSION}: run manage.py migrate_store of the newer of the two"
        )


async def differences(store: Store, models: Sequence[type[Model]] = TABLES) -> list[str]:
    """What the live tables have otherwise than the models, in words; nothing when all is well. A
    column that an earlier release needed does no harm."""
    name = {"name": store.options["KEYSPACE"]}
    live: dict[str, dict[str, Shape]] = {}
    for table, column, kind, position, order, of_type in await store.rows(COLUMNS, name):
        live.setdefault(table, {})[column] = (kind, position, order, of_type)
    settings = {row[0]: row[1:] for row in await store.rows(SETTINGS, name)}
    return [
        difference
        for model in models
        for difference in _compared(model, live.get(_table(model), {}), settings)
    ]


def no_host(error: BaseException | None, options: Options) -> Unfit:
    if driver.login_refused(error):
        return Unfit("Cassandra does not know CASSANDRA_USERNAME by CASSANDRA_PASSWORD")
    if tls := driver.tls_refused(error):
        return Unfit(f"Cassandra and CASSANDRA_CA do not go together: {tls}")
    return Unfit(f"Cassandra is away ({', '.join(options['HOSTS'])}): {away.reason(error)}")


def _compared(
    model: type[Model], live: Mapping[str, Shape], settings: Mapping[str, Any]
) -> Iterator[str]:
    table = _table(model)
    if not live:
        yield f"there is no table {table}"
        return
    wanted = dict(_shapes(model))
    keys = {column for column, (kind, *_) in live.items() if kind in KEYS}
    for column in sorted(wanted.keys() | keys):
        if wanted.get(column) != live.get(column):
            is_, should = _words(live.get(column)), _words(wanted.get(column))
            yield f"{table}.{column} is {is_} and should be {should}"
    for option, value in _settings(model).items():
        if not _has(settings[table], option, value):
            yield f"{table} has another {option}"


def _shapes(model: type[Model]) -> Iterator[tuple[str, Shape]]:
    partition, clustering = model._partition_keys.values(), model._clustering_keys.values()
    keys = dict(zip(KEYS, (list(partition), list(clustering)), strict=True))
    for column in model._columns.values():
        yield column.db_field_name, _shape(column, keys)


def _shape(column: Column, keys: Mapping[str, list[Column]]) -> Shape:
    for kind, columns in keys.items():
        if column in columns:
            order = (column.clustering_order or "asc").lower() if kind == "clustering" else "none"
            return kind, columns.index(column), order, column.db_type
    return "static" if column.static else "regular", UNORDERED, "none", column.db_type


def _words(shape: Shape | None) -> str:
    if shape is None:
        return "not there"
    kind, position, order, of_type = shape
    place = "" if position == UNORDERED else f" {position}"
    return f"{of_type} ({kind}{place}{'' if order == 'none' else ', ' + order})"


def _settings(model: type[Model]) -> Mapping[str, Any]:
    return {"default_time_to_live": 0, **model.__options__}


def _has(live: tuple[Any, ...], option: str, wanted: Any) -> bool:
    gc_grace_seconds, default_time_to_live, compaction, compression = live
    match option:
        case "gc_grace_seconds":
            return bool(gc_grace_seconds == wanted)
        case "default_time_to_live":
            return bool(default_time_to_live == wanted)
    given = dict(compaction if option == "compaction" else compression)
    # The server writes a class with its package.
    given["class"] = given.get("class", "").rpartition(".")[2]
    return all(given.get(key) == value for key, value in wanted.items())


def _table(model: type[Model]) -> str:
    name: str = model.__table_name__
    return name
