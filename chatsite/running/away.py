"""A database may be away: not reachable, locked, full, broken. That is no bug, and repeating is
safe: who waits is told to come back, and the log has one line a minute (chatsite/logs.py).
"""

import logging
import sqlite3
import ssl
import time

from django.db import DatabaseError, InterfaceError, OperationalError

from chatsite.running import metrics

PRIMARY = 0xFF  # of an extended result code of SQLite
BROKEN = {sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT}

logger = logging.getLogger("chatsite.database")
_told = float("-inf")  # when an error last said so


def is_away(error: BaseException | None) -> bool:
    """Whether this error says so, and not that a query of ours is wrong."""
    code = _sqlite_code(error)
    if code in BROKEN:
        return isinstance(error, DatabaseError | sqlite3.DatabaseError)
    return isinstance(error, OperationalError | InterfaceError) and code != sqlite3.SQLITE_ERROR


def told(error: BaseException | None) -> bool:
    """The same, and then it stands in the log."""
    if not is_away(error):
        return False
    tell(error)
    return True


def tell(error: BaseException | None) -> None:
    global _told
    _told = time.monotonic()
    metrics.AWAY.add()
    logger.warning("a database is away: %s", reason(error))


def last_told() -> float:
    """By the monotonic clock. What was open before may be broken as well."""
    return _told


def tls_refused(error: BaseException | None) -> ssl.SSLError | None:
    """What TLS had against a service, where that is why it was not reached: no waiting helps."""
    while error is not None and not isinstance(error, ssl.SSLError):
        error = error.__cause__ or error.__context__
    return error


def reason(error: BaseException | None) -> str:
    """The first line of what the driver says."""
    first, *_ = str(error).strip().splitlines() or [type(error).__name__]
    return first


def _sqlite_code(error: BaseException | None) -> int | None:
    """Django's errors have the driver's as their cause."""
    cause = error.__cause__ if isinstance(error, DatabaseError) else error
    code = getattr(cause, "sqlite_errorcode", None)
    return None if code is None else code & PRIMARY
