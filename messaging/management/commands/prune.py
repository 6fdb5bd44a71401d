from typing import Any

from asgiref.sync import async_to_sync
from django.core.management.base import BaseCommand

from accounts import housekeeping
from chatsite.running.clock import now_ms
from messaging import expiry


class Command(BaseCommand):
    help = (
        "Clear the texts and keys of messages whose time has come, and delete sessions, reset "
        "links and the like that have lapsed. The server does both by itself."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        count = async_to_sync(expiry.prune)(now_ms())
        self.stdout.write(f"Cleared {count} messages.")
        rows = housekeeping.prune(now_ms())
        self.stdout.write(f"Deleted {rows} expired rows of accounts.")
