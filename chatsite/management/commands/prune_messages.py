"""manage.py prune_messages: what is older than the site keeps messages."""

import asyncio
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError

from chatsite import retention as policy
from chatsite.copying import Problem, sites
from chatsite.running import away
from chatsite.running.clock import now_ms
from chatsite.running.progress import Progress
from messaging import retention
from messaging.backends.base import Busy
from messaging.retention import Purged

ACTOR = "manage.py prune_messages"


class Command(BaseCommand):
    help = (
        "Take away messages that are older than MESSAGE_RETENTION_DAYS, on whatever engine; where "
        "it is not set, messages stay for ever. Their texts, keys and files go from the server, "
        "and from each browser at once or when it next comes; only a backup brings them back. "
        "What somebody reported stays in the report. The site may run, and does the same once a "
        "day. It may be stopped and repeated: the next run goes on where this one ended. Each "
        "time that something went is an entry in the audit log."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="take nothing away, and count")

    def handle(self, *args: Any, **options: Any) -> None:
        days = settings.MESSAGE_RETENTION_DAYS
        if not days:
            self.stdout.write("messages: stay (MESSAGE_RETENTION_DAYS is not set)")
            return
        dry = options["dry_run"]
        try:
            sites.require_whole("changed")
            purged = asyncio.run(self._all(dry=dry))
        except Problem as problem:
            raise CommandError(str(problem)) from problem
        except (Busy, DatabaseError) as error:
            words = (
                f"A store does not answer: {away.reason(error)}. What was done stays; try again."
            )
            raise CommandError(words) from error
        done = "would go" if dry else "gone"
        self.stdout.write(
            f"messages: {purged.messages:,} {done}, of {purged.conversations:,} conversations, "
            f"older than {days} days"
        )
        if purged.failed:
            raise CommandError(f"{purged.failed:,} conversations are damaged: see check_store")

    async def _all(self, *, dry: bool) -> Purged:
        progress, now = Progress(self.stdout), now_ms()
        progress.begin("conversations", await retention.conversations())
        if dry:
            days = settings.MESSAGE_RETENTION_DAYS
            purged = await retention.purge(now, days, progress.step, dry=True)
        else:
            purged = await policy.apply(now, ACTOR, progress.step)
        progress.end()
        return purged
