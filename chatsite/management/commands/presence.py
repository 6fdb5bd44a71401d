"""manage.py presence: who is connected, to which server, and its last heartbeat."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from asgiref.sync import async_to_sync
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from accounts import profile
from chatsite import control
from chatsite.running import away

HEAD = ("User", "Server", "Heartbeat", "Device")
GAP = "  "
DEVICE_DIGITS = 8  # enough to tell the devices of one person apart


class Command(BaseCommand):
    help = "Print User, Server and Heartbeat of every device that is connected to the running site."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            entries = _entries()
        except control.NotRunning as error:
            raise CommandError(str(error)) from None
        for line in _table([HEAD, *_rows(entries)]):
            self.stdout.write(line)
        people = len({entry["user"] for entry in entries})
        self.stdout.write(f"people: {people}, devices: {len(entries)}")


def _entries() -> list[dict[str, Any]]:
    """Of the process that runs here; of several, anybody may ask presence itself."""
    if settings.RELAY:
        entries: list[dict[str, Any]] = control.ask("presence")
        return entries
    try:
        return async_to_sync(control.presence)()
    except Exception as error:  # each driver has its own
        raise CommandError(f"Redis does not answer: {away.reason(error)}") from error


def _rows(entries: list[dict[str, Any]]) -> list[tuple[str, ...]]:
    known = profile.people(bytes.fromhex(entry["user"]) for entry in entries)
    names = {uid.hex(): person.username for uid, person in known.items()}
    return sorted(
        (
            names.get(entry["user"], entry["user"]),  # no longer in the accounts: its number
            f"{entry['server']}.{entry['incarnation']}",
            _time(entry["heartbeat"]),
            entry["device"][:DEVICE_DIGITS],
        )
        for entry in entries
    )


def _table(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        yield GAP.join(cells).rstrip()


def _time(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%SZ")
