"""The engines that are measured side by side, each on a site and data of its own."""

import os
import secrets
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from bench.process import SERVER, a_site, listener, pid_of
from testkit.postgres import own_database
from testkit.running import ROOT, Site
from testkit.s3 import s3_variables

Env = Mapping[str, str]
TOLD = {
    "postgres": "CHAT_TEST_POSTGRES_URL",
    "redis": "CHAT_TEST_REDIS_URL",
    "s3": "CHAT_TEST_S3_URL",
    "cassandra": "CHAT_TEST_CASSANDRA_HOSTS",
}
CASSANDRA_PORT = 9042
DROP_SECONDS = 60  # of a keyspace, on a busy machine


class Missing(Exception):
    """It cannot be had on this machine; the text says why."""


@dataclass
class Engine:
    """A site that is ready to start, and the pids of the services it stands on, by name."""

    name: str
    site: Site
    services: dict[str, int] = field(default_factory=dict)

    @property
    def pids(self) -> dict[str, int]:
        """While the site runs."""
        return {SERVER: pid_of(self.site), **self.services}


@contextmanager
def opened(names: Sequence[str], env: Env) -> Iterator[list[Engine]]:
    """Those of them that this machine can have; each that it cannot is said aloud. None: exit."""
    with ExitStack() as stack:
        engines = []
        for name in names:
            try:
                engines.append(stack.enter_context(ENGINES[name](env)))
            except Missing as missing:
                say_missing(name, missing)
        if not engines:
            raise SystemExit("bench: there is nothing to measure")
        yield engines


def say_missing(name: str, missing: Missing) -> None:
    print(f"== MISSING: {TITLES[name]}, which is left out: {missing}", file=sys.stderr, flush=True)


def profile_of(profile: str | None, engine: Engine, engines: Sequence[Engine]) -> str | None:
    """Of several, each has a file of its own."""
    return f"{profile}.{engine.name}" if profile and len(engines) > 1 else profile


@contextmanager
def _sqlite(env: Env) -> Iterator[Engine]:
    with a_site({**env, "DATABASE_URL": ""}) as site:
        yield Engine("sqlite", site)


@contextmanager
def _postgres(env: Env) -> Iterator[Engine]:
    with postgres() as url, a_site({**env, "DATABASE_URL": url}) as site:
        yield Engine("postgres", site, {"postgres": _listens(url)})


@contextmanager
def _distributed(env: Env) -> Iterator[Engine]:
    """One process of the site and one node of Cassandra."""
    with (
        keyspace() as (host, name),
        service("redis") as redis,
        service("s3") as s3,
        postgres() as url,
    ):
        own = {
            "CHAT_ENGINE": "distributed", "DATABASE_URL": url, "REDIS_URL": redis,
            "CASSANDRA_HOSTS": host, "CASSANDRA_KEYSPACE": name,
            **s3_variables(s3),
        }  # fmt: skip
        services = {
            "postgres": _listens(url),
            "redis": _listens(redis),
            "cassandra": listener(host, CASSANDRA_PORT),
        }
        with a_site({**env, **own}) as site:
            yield Engine("distributed", site, services)


Opener = Callable[[Env], AbstractContextManager[Engine]]
ENGINES: dict[str, Opener] = {
    "sqlite": _sqlite,
    "postgres": _postgres,
    "distributed": _distributed,
}
TITLES = {"sqlite": "SQLite", "postgres": "PostgreSQL", "distributed": "distributed"}
PROCESSES = (SERVER, "postgres", "redis", "cassandra")  # all that an engine may consist of


@contextmanager
def postgres() -> Iterator[str]:
    """The URL of a database of its own, which is dropped afterwards. Raises Missing."""
    with service("postgres") as url, own_database(url) as own:
        yield own


@contextmanager
def keyspace() -> Iterator[tuple[str, str]]:
    """A node of Cassandra, and the name of a keyspace there that is free, and dropped afterwards.
    Raises Missing."""
    with service("cassandra") as host:
        if "," in host:
            raise Missing(f"it is measured on one node of Cassandra, and not on {host}")
        name = f"bench_{secrets.token_hex(6)}"
        try:
            yield host, name
        finally:
            _drop_keyspace(host, name)


@contextmanager
def service(name: str) -> Iterator[str]:
    """Where it runs: as the tests are told, or else by bin/services, which stops it again if it did
    not run. Raises Missing."""
    with ExitStack() as stack:
        where = os.environ.get(TOLD[name], "") or _services("url", name)
        if not where:
            stack.callback(_services, "stop", name)
            where = _services("start", name)
        if not where:
            raise Missing(f"`bin/services start {name}` could not start it")
        yield where


def _services(verb: str, name: str) -> str:
    """What `bin/services` prints; nothing where it fails. What it says goes to the terminal."""
    done = subprocess.run(
        ["bin/services", verb, name], cwd=ROOT, check=False, stdout=subprocess.PIPE, text=True
    )
    return done.stdout.strip() if done.returncode == 0 else ""


def _listens(url: str) -> int:
    parts = urlsplit(url)
    assert parts.hostname
    assert parts.port
    return listener(parts.hostname, parts.port)


def _drop_keyspace(host: str, name: str) -> None:
    from cassandra.cluster import Cluster  # it takes a while to load

    with Cluster([host], CASSANDRA_PORT) as cluster:
        cluster.connect().execute(f"DROP KEYSPACE IF EXISTS {name}", timeout=DROP_SECONDS)
