"""var/copy.sqlite3: what a copy has done so far, so that it goes on where it ended."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from chatsite.copying import Problem

NAME = "copy.sqlite3"
_TABLES = """
CREATE TABLE IF NOT EXISTS fact (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS copied (conv BLOB PRIMARY KEY) WITHOUT ROWID;
"""
_SET = "INSERT INTO fact VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value"


class Checkpoint:
    """`begun` is where the copy goes, empty for one that has not begun."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database
        self.copied = {conv for (conv,) in database.execute("SELECT conv FROM copied")}

    @property
    def begun(self) -> str:
        return self._fact("target")

    @property
    def finished(self) -> bool:
        """Compared, and found equal."""
        return bool(self._fact("finished"))

    def begin(self, target: str) -> None:
        self._set("target", target)

    def finish(self) -> None:
        self._set("finished", "yes")

    def add(self, conv: bytes) -> None:
        """This conversation is copied as a whole."""
        with self._database:
            self._database.execute("INSERT OR IGNORE INTO copied VALUES (?)", (conv,))
        self.copied.add(conv)

    def _fact(self, key: str) -> str:
        found = self._database.execute("SELECT value FROM fact WHERE key = ?", (key,)).fetchone()
        return found[0] if found else ""

    def _set(self, key: str, value: str) -> None:
        with self._database:
            self._database.execute(_SET, (key, value))


@contextmanager
def opened(var: Path, name: str = NAME) -> Iterator[Checkpoint]:
    """Raises Problem where it is none of ours."""
    path = var / name
    try:
        with closing(sqlite3.connect(path)) as database:
            path.chmod(0o600)
            database.executescript(_TABLES)
            yield Checkpoint(database)
    except sqlite3.DatabaseError as error:
        raise Problem(
            f"{path} cannot be used ({error}). Without it a copy begins again."
        ) from error
