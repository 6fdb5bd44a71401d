"""The composition root: which adapters stand behind the ports, and every setting that varies with
them. CHAT_ENGINE picks.

Adapters are named here and loaded by `import_string`; no other module names one.
"""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from chatsite import env, services

Settings = dict[str, Any]  # as Django reads them
DATABASE = "chatsite.doctor.database.examine"


def embedded(var: Path) -> Settings:
    """One process; everything that lasts is in files of SQLite, or in one PostgreSQL."""
    return {
        "CLAIM": "chatsite.alone.claim",  # of `serve`: what follows lives in its memory
        "MESSAGE_LOG": "messaging.backends.sql.log.SqlMessageLog",
        "CONNECTION_STORE": "messaging.backends.sql.connections.SqlConnectionStore",
        "STORE_META": "messaging.backends.sql.meta.SqlStoreMeta",
        "TABLES": "messaging.backends.sql.tables.SqlTables",
        "PRESENCE": "presence.backends.memory.MemoryPresence",
        "RELAY": "chatsite.control.relay",  # of commands: their process knows no live session
        "CHANNEL_LAYERS": {"default": {"BACKEND": "chatsite.layers.InProcessLayer"}},
        "ENGINE_APPS": ["messaging.backends.sql"],
        "DATABASES": _databases(var),
        "DATABASE_ROUTERS": ["messaging.backends.sql.router.MessagesRouter"],
        "CACHES": {
            "default": {
                "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
                # Used nonces and rate limits: what is evicted could be used again. Django's own
                # is 300.
                "OPTIONS": {"MAX_ENTRIES": 200_000},
            }
        },
        "STORAGES": _STORAGES,
        "SESSION_ENGINE": "django.contrib.sessions.backends.db",
        **_blobs(s3 := services.s3()),
        "NEEDS": _needed(s3),  # its database is at hand, or waited for by the claim
        "EXAMINED": [
            ("Accounts", DATABASE, "default"),
            ("Messages", DATABASE, "messages"),
            *_looked_at(s3),
        ],
    }


def _blobs(s3: dict[str, str] | None) -> Settings:
    """Where pictures and files lie."""
    if s3 is None:
        return {"BLOB_STORE": "media.backends.files.FileStore"}
    return {"BLOB_STORE": "media.backends.s3.store.S3Store", "S3": s3}


def _needed(s3: dict[str, str] | None) -> list[tuple[str, str, Any]]:
    return [] if s3 is None else [("Object storage", "media.backends.s3.checking.check", s3)]


def _looked_at(s3: dict[str, str] | None) -> list[tuple[str, str, Any]]:
    return [] if s3 is None else [("Object storage", "media.backends.s3.checking.examine", s3)]


def several(redis: str, cache: str) -> Settings:
    """What several processes of a site share, and how they reach each other: Redis."""
    return {
        "CLAIM": "",  # each has a lease in presence
        "RELAY": "",  # a command publishes what it has to tell
        "PRESENCE": "presence.backends.redis.RedisPresence",
        "REDIS_URL": redis,
        "CHANNEL_LAYERS": {"default": {"BACKEND": "chatsite.redis_layer.RedisLayer"}},
        "CACHES": {
            "default": {"BACKEND": "chatsite.redis_cache.SharedCache", "LOCATION": cache},
        },
    }


def distributed(var: Path) -> Settings:
    """Any number of processes: messages in Cassandra, accounts in PostgreSQL, the rest in Redis."""
    from messaging.backends.cassandra.alias import ALIAS, database

    redis = services.redis("REDIS_URL")
    cassandra = services.cassandra()
    postgres = services.postgres("DATABASE_URL")
    s3 = services.s3()
    for value, variable, holds in (
        (redis, "REDIS_URL", "what its processes share in Redis"),
        (cassandra, "CASSANDRA_HOSTS", "messages in Cassandra"),
        (postgres, "DATABASE_URL", "accounts in PostgreSQL"),
        (s3, "S3_BUCKET", "pictures and files in an S3 server"),
    ):
        if not value:
            raise env.BadSetting(f"{variable} is missing: the distributed engine keeps {holds}")
    assert cassandra
    assert postgres
    cache = services.redis("REDIS_CACHE_URL", redis)
    return {
        **several(redis, cache),
        "MESSAGE_LOG": "messaging.backends.cassandra.log.CassandraMessageLog",
        "CONNECTION_STORE": "messaging.backends.cassandra.connections.CassandraConnectionStore",
        "STORE_META": "messaging.backends.cassandra.meta.CassandraStoreMeta",
        "TABLES": "messaging.backends.cassandra.tables.CassandraTables",
        **_blobs(s3),
        "CASSANDRA": cassandra,
        "ENGINE_APPS": ["django_cassandra_engine", "messaging.backends.cassandra"],
        "DATABASES": {"default": kept(postgres), ALIAS: database(cassandra)},
        "DATABASE_ROUTERS": [],
        "STORAGES": _STORAGES,
        "SESSION_ENGINE": "django.contrib.sessions.backends.db",
        "NEEDS": [
            ("PostgreSQL", "chatsite.needs.database", "default"),
            *(("Redis", "chatsite.redis_check.check", url) for url in {redis, cache}),
            ("Cassandra", "messaging.backends.cassandra.schema.check", cassandra),
            *_needed(s3),
        ],
        "EXAMINED": [*_examined({redis, cache}, cassandra), *_looked_at(s3)],
    }


def _examined(redis: Iterable[str], cassandra: Settings) -> list[tuple[str, str, Any]]:
    return [
        ("PostgreSQL", DATABASE, "default"),
        *(("Redis", "chatsite.redis_check.examine", url) for url in redis),
        ("Cassandra", "messaging.backends.cassandra.examining.nodes", cassandra),
        ("Tables", "messaging.backends.cassandra.examining.tables", cassandra),
    ]


ENGINES: dict[str, Callable[[Path], Settings]] = {
    "embedded": embedded,
    "distributed": distributed,
}

# Variables of an engine for several machines. Somebody who sets one without that engine believes
# that messages are where they are not.
DISTRIBUTED_ONLY = (
    "REDIS_URL", "REDIS_CACHE_URL", "CASSANDRA_HOSTS", "CASSANDRA_PORT", "CASSANDRA_KEYSPACE",
    "CASSANDRA_USERNAME", "CASSANDRA_PASSWORD", "CASSANDRA_REPLICATION", "CASSANDRA_DC",
    "CASSANDRA_ADDRESS_MAP", "CASSANDRA_CA", "REDIS_CA",
)  # fmt: skip
PREPARE_AFTER = 2  # executions of a query on one connection
# Of PostgreSQL. A machine that is gone without a word is noticed: by a new connection after two
# seconds, by one that waits for an answer after ten or so. A query is parsed and planned once on
# each connection: that of the caller's session costs more to plan than to run.
_KEPT = {
    "CONN_MAX_AGE": None,  # see _sqlite; chatsite/running/threads.py tries one that was idle
}
_OPTIONS = {
    **{"server_side_binding": True, "prepare_threshold": PREPARE_AFTER},
    **{"connect_timeout": 2, "tcp_user_timeout": 5000},
    **{"keepalives_idle": 5, "keepalives_interval": 2, "keepalives_count": 3},
}
_STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "chatsite.staticstorage.StaticStorage"},
}


def choose(var: Path) -> tuple[str, Settings]:
    """The engine's name and its settings. Raises BadSetting for an unknown one."""
    name = env.choice("CHAT_ENGINE", "embedded", list(ENGINES))
    for variable in DISTRIBUTED_ONLY if name == "embedded" else ():
        if env.text(variable, ""):
            raise env.BadSetting(f"{variable} is set, but the {name} engine does not use it")
    return name, ENGINES[name](var)


def _databases(var: Path) -> Settings:
    postgres = services.postgres("DATABASE_URL")
    if postgres:
        postgres = kept(postgres)
        return {"default": postgres, "messages": {**postgres, "TEST": {"MIRROR": "default"}}}
    return {"default": _sqlite(var, "site.sqlite3"), "messages": _sqlite(var, "messages.sqlite3")}


def kept(postgres: Settings) -> Settings:
    """A PostgreSQL whose connections stay open, as every site has it."""
    return {**postgres, **_KEPT, "OPTIONS": {**postgres["OPTIONS"], **_OPTIONS}}


def _sqlite(var: Path, name: str) -> Settings:
    """WAL, and FULL because NORMAL may drop the last acknowledged rows when the power goes."""
    pragmas = ("journal_mode=WAL", "synchronous=FULL", "secure_delete=ON")
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": var / name,
        "CONN_MAX_AGE": None,  # kept by its thread: opening costs what a request costs
        "OPTIONS": {
            "timeout": 5,
            "transaction_mode": "IMMEDIATE",
            "init_command": "".join(f"PRAGMA {pragma};" for pragma in pragmas),
        },
        "TEST": {"NAME": var / f"test-{name}"},  # a file: consumers read from other threads
    }
