"""What an operator reads while it runs."""

import time
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError

EVERY_SECONDS = 1.0
POSTGRES = "django.db.backends.postgresql"


class Reporter:
    """At most a line a second, and one for each file."""

    def __init__(self, out: Any) -> None:
        self._out = out
        self._what = ""
        self._told = float("-inf")

    def __call__(self, what: str, done: int, size: int) -> None:
        now = time.monotonic()
        if what == self._what and done < size and now - self._told < EVERY_SECONDS:
            return
        self._what, self._told = what, now
        self._out.write(f"{what}: {done / 1e6:,.0f} of {size / 1e6:,.0f} MB" if size else what)


SEVERAL = (
    "This site keeps messages in Cassandra and accounts in PostgreSQL. Each has its own tools: "
    "docs/backup.md says in which order."
)


def require_sqlite(otherwise: str) -> dict[str, Path]:
    """The files of the databases, by alias."""
    if settings.CASSANDRA:
        raise CommandError(SEVERAL)
    if any(settings.DATABASES[alias]["ENGINE"] == POSTGRES for alias in settings.DATABASES):
        raise CommandError(otherwise)
    return {alias: Path(settings.DATABASES[alias]["NAME"]) for alias in settings.DATABASES}
