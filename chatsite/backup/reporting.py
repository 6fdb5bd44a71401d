"""What an operator reads while it runs."""

import time
from pathlib import Path
from typing import Any

from django.conf import settings

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


def databases() -> dict[str, Path] | None:
    """The files of the databases, by alias; None where servers have them."""
    if settings.CASSANDRA or any(one["ENGINE"] == POSTGRES for one in settings.DATABASES.values()):
        return None
    return {alias: Path(one["NAME"]) for alias, one in settings.DATABASES.items()}
