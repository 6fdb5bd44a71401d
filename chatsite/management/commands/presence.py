"""manage.py presence: who is connected, to which server, and its last heartbeat."""

from datetime import UTC, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from chatsite import control

LINE = "{:<32}  {:<32}  {:<21}  {}"


class Command(BaseCommand):
    help = "Print User, Device, Server and Heartbeat time of everybody who is connected."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            entries = control.ask("presence")
        except control.NotRunning:
            raise CommandError("the server does not answer; does it run, as this user?") from None
        self.stdout.write(LINE.format("User", "Device", "Server", "Heartbeat"))
        for entry in entries:
            server = f"{entry['server']}.{entry['incarnation']}"
            when = datetime.fromtimestamp(entry["heartbeat"] / 1000, UTC).isoformat(
                sep=" ", timespec="seconds"
            )
            self.stdout.write(LINE.format(entry["user"], entry["device"], server, when))
        self.stdout.write(f"{len(entries)} devices")
