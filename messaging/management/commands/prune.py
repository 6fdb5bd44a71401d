from typing import Any

from asgiref.sync import async_to_sync
from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts import housekeeping
from chatsite.running.clock import now_ms
from chatsite.running.progress import Progress
from messaging import expiry
from messaging.backends.base import Busy


class Command(BaseCommand):
    help = (
        "Delete what has had its time: the texts and keys of messages that disappear, sessions "
        "(90 days unused), invite links and links to start over, sign-ups that were not finished, "
        "wrong passwords (a day). The server does it by itself, each minute and each hour. It may "
        "be stopped and repeated. What people still have and do not use: prune_stale; files that "
        "nobody has: prune_attachments."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="delete nothing, and count")

    def handle(self, *args: Any, **options: Any) -> None:
        now = now_ms()
        try:
            if options["dry_run"]:
                self._count(now)
                return
            progress = Progress(self.stdout)
            count = async_to_sync(expiry.prune)(now, progress.so_far)
        except Busy as busy:
            raise CommandError("The store of messages does not answer. Try again.") from busy
        progress.say(f"Cleared {count} messages.")
        rows = housekeeping.prune(now)
        self.stdout.write(f"Deleted {rows} expired rows of accounts.")

    def _count(self, now: int) -> None:
        found = async_to_sync(expiry.counted)(now)
        found |= {name: rows.count() for name, rows in housekeeping.expired(now).items()}
        for name, count in found.items():
            self.stdout.write(f"Would delete {count} {name}.")
