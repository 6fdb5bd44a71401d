"""The embedded engine is one process: the lock beside the files of SQLite, and PostgreSQL's own."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from threading import Thread

import psycopg
import pytest

from chatsite import alone
from testkit.running import ROOT, Site, free_port, new_site
from tests.services import own_postgres

SOON = 30.0


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def made(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Site, Site]]:
    """Two servers of the same data: on PostgreSQL as if from two machines."""
    folder = tmp_path_factory.mktemp("alone")
    if request.param == "postgres":
        with own_postgres() as url:
            yield new_site({"DATABASE_URL": url}, folder), new_site({"DATABASE_URL": url}, folder)
    else:
        one = new_site({"DATABASE_URL": ""}, folder)
        yield one, replace(one, port=free_port())


@pytest.fixture
def two(made: tuple[Site, Site]) -> Iterator[tuple[Site, Site]]:
    """Neither of them runs."""
    yield made
    for site in made:
        site.stop()


def serve(site: Site) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-W", "ignore", "manage.py", "serve"],
        cwd=ROOT, env=site._env(), capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


def test_a_second_server_is_refused_by_name(two: tuple[Site, Site]) -> None:
    one, other = two
    one.start()
    assert one.process
    second = serve(other)
    assert second.returncode == 1
    assert "is served already" in second.stderr
    assert f"process {one.process.pid}, 127.0.0.1:{one.port}" in second.stderr
    assert "Traceback" not in second.stderr
    assert one.process.poll() is None


@pytest.mark.parametrize("end", [Site.stop, Site.kill], ids=["stop", "kill -9"])
def test_the_lock_goes_with_the_process(
    two: tuple[Site, Site], end: Callable[[Site], None]
) -> None:
    one, other = two
    one.start()
    end(one)
    other.start()


LOCKS = """
SELECT pid FROM pg_locks WHERE locktype = 'advisory'
AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""
LOCKED_BY, WAITING = LOCKS + "AND granted", LOCKS + "AND NOT granted"


@pytest.fixture
def database(tmp_path: Path) -> Iterator[tuple[Site, psycopg.Connection]]:
    """A site on PostgreSQL, and its database."""
    with own_postgres() as url, psycopg.connect(url, autocommit=True) as connection:
        site = new_site({"DATABASE_URL": url}, tmp_path).start()
        yield site, connection
        site.stop()


def lost(database: psycopg.Connection) -> None:
    """The database forgets the lock, as when it restarts."""
    [(holder,)] = database.execute(LOCKED_BY).fetchall()
    database.execute("SELECT pg_terminate_backend(%s, 5000)", [holder])


def until(true: Callable[[], object]) -> None:
    deadline = time.monotonic() + SOON
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)  # nobody tells


def test_a_lock_that_the_database_lost_is_taken_again(
    database: tuple[Site, psycopg.Connection],
) -> None:
    site, connection = database
    lost(connection)
    until(lambda: connection.execute(LOCKED_BY).fetchall())
    assert site.process
    assert site.process.poll() is None
    assert serve(site).returncode == 1


def test_who_comes_too_late_to_take_it_again_ends(
    database: tuple[Site, psycopg.Connection],
) -> None:
    site, connection = database
    assert site.process
    with elsewhere(connection):  # stands in line: it is first, whenever the lock is lost
        lost(connection)
        assert site.process.wait(timeout=SOON) == 1
    assert "is served already, by serve, process 1, elsewhere" in site.log.read_text()


@contextmanager
def elsewhere(connection: psycopg.Connection) -> Iterator[None]:
    """Another server waits for the lock, and has it as soon as it is free, until the block ends."""
    with psycopg.connect(connection.info.dsn, password=connection.info.password) as other:
        other.execute("SET application_name = 'serve, process 1, elsewhere'")
        other.execute("SELECT set_config('lock_timeout', %s, false)", [f"{SOON}s"])
        take = partial(other.execute, "SELECT pg_advisory_lock(%s)", [alone.ADVISORY])
        taking = Thread(target=take)
        taking.start()
        try:
            until(lambda: connection.execute(WAITING).fetchall())
            yield
        finally:
            taking.join()
