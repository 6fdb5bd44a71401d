"""What a real node has on its disk, and what it reads of it."""

import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from messaging.backends.cassandra.store import Statement, Store
from testkit.running import ROOT

FOLDER = Path(os.environ.get("CHAT_SERVICES", ROOT / ".services"))
TRACE_SECONDS = 60  # until a node has written down what it did
READ = re.compile(r"Read (\d+) live rows and (\d+) tombstone cells")


class Disk:
    """Of the nodes that hold the tables; they must be those of `bin/services` in this clone."""

    def __init__(self, tables: Store) -> None:
        self._tables = tables
        self._keyspace: str = tables.options["KEYSPACE"]
        self._nodes = [f"cassandra-{n + 1}" for n in range(len(tables.options["HOSTS"]))]
        if _services("url", *self._nodes).split() != tables.options["HOSTS"]:
            pytest.skip("CHAT_TEST_CASSANDRA_HOSTS are no nodes of bin/services in this clone")

    def flush(self, table: str, keyspace: str = "") -> None:
        """Into files."""
        self._nodetool("flush", keyspace or self._keyspace, table)

    def compact(self, table: str) -> None:
        """Into one file, without what is gone for good."""
        self._nodetool("compact", self._keyspace, table)

    def has(self, data: bytes, table: str, keyspace: str = "") -> bool:
        """Whether a file of a table has these bytes; random ones, which no compression hides."""
        found = [
            data in file.read_bytes()
            for node in self._nodes
            for file in (FOLDER / node / "data").glob(f"{keyspace or self._keyspace}/{table}-*/*")
            if file.name.endswith("-Data.db")
        ]
        assert found, "there is no file"
        return any(found)

    async def read_by(self, statement: Statement, values: dict[str, Any]) -> tuple[int, int]:
        """Rows and tombstones that a node goes through to answer this, in its own words."""
        await self._tables.rows(statement, values)  # prepared, and repaired if need be
        session = self._tables._session
        assert session
        bound = self._tables._prepared[statement.cql].bind(values)
        profile = statement.profile.value
        answer = session.execute_async(bound, trace=True, execution_profile=profile)
        answer.result()
        events = answer.get_query_trace(TRACE_SECONDS).events
        read = [READ.search(event.description) for event in events]
        rows, tombstones = zip(*(found.groups() for found in read if found), strict=True)
        return max(map(int, rows)), max(map(int, tombstones))

    def _nodetool(self, *words: str) -> None:
        for node in self._nodes:
            _services("nodetool", node, *words)


def _services(*words: str) -> str:
    done = subprocess.run([ROOT / "bin/services", *words], capture_output=True, text=True)
    return done.stdout
