"""What the log says about requests. Anybody can cause as many refusals as they like: a log with a
line for each would be of no use, and fill the disk."""

import logging
import time
from collections.abc import Callable
from typing import Any

from chatsite.running import metrics

LINE_MAX = 1000  # characters; a path may have 16,000
EVERY_SECONDS = 60.0  # between two lines of one kind
KINDS_MAX = 1000  # remembered
# Strangers cause them, or a database that is away.
OFTEN = (
    *("cassandra", "chatsite.database", "chatsite.door"),
    *("daphne", "django.request", "django.security"),
)

CLIENT_ERRORS = range(400, 500)
UNAVAILABLE = 503


class Everyday(logging.Filter):
    """For `django.request`: what a client did wrong is logged at INFO, in the API at DEBUG; so is a
    503, for its reason is in the log (chatsite/running/away.py)."""

    def filter(self, record: logging.LogRecord) -> bool:
        status = getattr(record, "status_code", 0)
        if status not in CLIENT_ERRORS and status != UNAVAILABLE:
            return True
        record.exc_info = None  # nothing on our side is broken
        path = getattr(getattr(record, "request", None), "path", "")
        quiet = status == UNAVAILABLE or path.startswith("/api/")
        record.levelno = logging.DEBUG if quiet else logging.INFO
        record.levelname = logging.getLevelName(record.levelno)
        return logging.getLogger().isEnabledFor(record.levelno)


class Counted(logging.Handler):
    """Counts errors, those too of which the log leaves lines out; it writes none."""

    def emit(self, record: logging.LogRecord) -> None:
        metrics.ERRORS.add()


class Seldom(logging.Filter):
    """For what strangers cause: one line a kind and minute, which says how many it stands for."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._kinds: dict[tuple[Any, ...], tuple[float, int]] = {}  # last said, left out since

    def filter(self, record: logging.LogRecord) -> bool:
        if not record.name.startswith(OFTEN):
            return True
        if record.name.startswith("django.security"):
            record.exc_info = None  # always the same place in Django's code
        kind, now = _kind(record), self._clock()
        said, left_out = self._kinds.get(kind, (-EVERY_SECONDS, 0))
        if now - said < EVERY_SECONDS:
            self._kinds[kind] = said, left_out + 1
            return False
        if len(self._kinds) >= KINDS_MAX:
            self._kinds.clear()
        self._kinds[kind] = now, 0
        if left_out:
            record.msg, record.args = f"{record.getMessage()} (and {left_out} like it before)", ()
        return True


class Line(logging.Formatter):
    """No line of a record is longer than LINE_MAX, whatever a stranger sent."""

    def format(self, record: logging.LogRecord) -> str:
        return "\n".join(map(_cut, super().format(record).split("\n")))


def _kind(record: logging.LogRecord) -> tuple[Any, ...]:
    """By what the code says, not by what was sent: the text before its arguments come in."""
    error = record.exc_info[0] if record.exc_info else None
    return record.name, record.levelno, str(record.msg)[:100], error


def _cut(line: str) -> str:
    more = len(line) - LINE_MAX
    return f"{line[:LINE_MAX]}… ({more} characters more)" if more > 0 else line
