"""A database of Django's: PostgreSQL, or SQLite in this machine's files."""

import asyncio
import time
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.db import OperationalError, connections

from chatsite import needs
from chatsite.doctor.nodes import leases
from chatsite.handler import THREADS as OF_PAGES
from chatsite.running import away
from chatsite.running.findings import Finding, clock, latency, ok, warning, wrong
from chatsite.running.threads import THREADS as OF_SESSIONS
from presence.registry import wall_clock

CONNECTIONS = OF_PAGES + OF_SESSIONS  # that a process keeps to a database
LEFT_OVER = 10  # for commands, backups, and who looks after it
NO_TLS = """
SELECT NOT ssl AND client_addr IS NOT NULL AND NOT client_addr <<= '127.0.0.0/8'
  AND client_addr <> '::1'
FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE pid = pg_backend_pid()
"""


def examine(alias: str, seconds: float) -> Iterator[Finding]:
    connection = connections[alias]
    postgres = connection.vendor == "postgresql"
    if postgres:
        more = {**connection.settings_dict["OPTIONS"], "connect_timeout": max(2, int(seconds))}
        connection.settings_dict = {**connection.settings_dict, "OPTIONS": more}
    try:
        needs.database(alias)  # Unfit is told by the caller
        yield ok(f"{_version(connection)}, answers in {_latency(connection)}")
        yield ok("no migration is pending")
        if postgres:
            yield from _postgres(connection, seconds)
    except OperationalError as error:
        todo = "see whether it runs, and is reached by DATABASE_URL from here"
        yield wrong(f"does not answer: {away.reason(error)}", todo)
    finally:
        connection.close()


def _postgres(connection: Any, seconds: float) -> Iterator[Finding]:
    asked = time.time()
    theirs = _one(connection, "SELECT extract(epoch FROM clock_timestamp())::float8")
    yield clock("PostgreSQL", asked, theirs, time.time())
    most = int(_one(connection, "SHOW max_connections"))
    processes = _processes(seconds)
    # Both aliases of the embedded engine may lead to one database.
    aliases = sum(one["ENGINE"].endswith("postgresql") for one in settings.DATABASES.values())
    wanted = processes * aliases * CONNECTIONS + LEFT_OVER
    text = (
        f"max_connections is {most}; {processes} processes take up to {wanted - LEFT_OVER}, "
        f"and {LEFT_OVER} are for commands and backups"
    )
    if wanted > most:
        yield wrong(text, f"set max_connections to {wanted} or more, or run fewer processes")
    else:
        yield ok(text)
    if _one(connection, NO_TLS):
        yield warning(
            "what it is told crosses the network in the clear",
            "set DATABASE_CA (docs/operations.md)",
        )


def _processes(seconds: float) -> int:
    """Those that live now, one at least."""
    if settings.RELAY:
        return 1
    try:
        nodes = asyncio.run(leases(seconds))
    except Exception:  # noqa: BLE001 -- whatever Redis says is said by its own check
        return 1
    return max(1, sum(wall_clock() < ends for ends in nodes.values()))


def _version(connection: Any) -> str:
    if connection.vendor == "postgresql":
        return f"PostgreSQL {_one(connection, 'SHOW server_version')}"
    return f"SQLite {_one(connection, 'SELECT sqlite_version()')}"


def _latency(connection: Any) -> str:
    return latency(lambda: _one(connection, "SELECT 1"))


def _one(connection: Any, question: str) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(question)
        return cursor.fetchone()[0]
