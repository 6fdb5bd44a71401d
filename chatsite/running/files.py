"""The files of SQLite, under a server. One that vanishes takes what is written by those who have it
open, and all of that is lost with the process; where there is none, opening makes an empty one.
Neither may happen: without its file a database is away."""

import logging
import os
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

FILE = "FILE"  # of a database's settings: its path

logger = logging.getLogger("chatsite.database")


def make_none(databases: Iterable[dict[str, Any]]) -> None:
    """From now on none of them is made by opening it. `databases`: their settings in Django."""
    for database in databases:
        if database["ENGINE"].endswith("sqlite3"):
            database[FILE] = str(database["NAME"])
            database["NAME"] = f"file:{quote(database[FILE])}?mode=rw"


def place(connection: Any) -> tuple[int, int] | None:
    """Which file the path of a database leads to; a connection opened to another one must go. None:
    it has none, which the log says."""
    path = connection.settings_dict.get(FILE)
    if path is None:
        return None
    try:
        found = os.stat(path)  # noqa: PTH116 -- with each statement: a Path costs three times as much
    except FileNotFoundError:
        logger.error("the database file %s is gone: nothing is kept until it is back", path)
        return None
    return found.st_dev, found.st_ino
