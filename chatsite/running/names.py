"""Names that were seen, in bounded memory however many they are."""

import sqlite3
import weakref

KEPT_MAX = 20_000  # 2 MB; more than that go to a file of their own
CACHE_KIB = 4096


class Names:
    """A set of byte strings. Many of them lie in a temporary file that nobody else sees, and that
    goes with this object."""

    def __init__(self) -> None:
        self._kept: set[bytes] = set()
        self._file: sqlite3.Connection | None = None

    def add(self, name: bytes) -> None:
        """Raises sqlite3.OperationalError where the disk of temporary files is full."""
        if len(self._kept) < KEPT_MAX:
            self._kept.add(name)
        elif name not in self._kept:
            self._file = self._file or _opened(self)
            self._file.execute("INSERT OR IGNORE INTO seen VALUES (?)", (name,))

    def __contains__(self, name: bytes) -> bool:
        if name in self._kept:
            return True
        look = "SELECT 1 FROM seen WHERE name = ?"
        return self._file is not None and bool(self._file.execute(look, (name,)).fetchone())


def _opened(owner: Names) -> sqlite3.Connection:
    file = sqlite3.connect("", isolation_level=None)  # SQLite's own kind of temporary file
    weakref.finalize(owner, file.close)
    file.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
    file.execute("PRAGMA synchronous = OFF")
    file.execute("PRAGMA journal_mode = OFF")
    file.execute("CREATE TABLE seen (name BLOB PRIMARY KEY) WITHOUT ROWID")
    file.execute("BEGIN")
    return file
