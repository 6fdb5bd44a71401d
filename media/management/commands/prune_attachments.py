from typing import Any

from asgiref.sync import async_to_sync
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import Count, Sum

from accounts.models import User
from chatsite.running import threads
from chatsite.running.clock import now_ms
from chatsite.running.progress import Progress
from media import auditing, ownership, sweep
from media.backends import opened
from media.models import Blob, BlobHold
from media.stores import StoreAway
from messaging.backends.base import Busy


class Command(BaseCommand):
    help = (
        "Delete files that nobody has: uploads that were never sent, those of expired messages, "
        "parts that belong to nothing. The server does it by itself. With --check also compare "
        "every message with the store: exit 1 where a file is lost."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="delete nothing, and count")
        parser.add_argument("--check", action="store_true", help="read all messages and all files")
        parser.add_argument(
            "--adopt", action="store_true",
            help="first make the store this site's, whatever name it carries",
        )  # fmt: skip
        parser.add_argument(
            "--people", type=int, default=0, metavar="N",
            help="and list the N people whose files take most",
        )  # fmt: skip

    def handle(self, *args: Any, **options: Any) -> None:
        self._progress = Progress(self.stdout)
        try:
            async_to_sync(self._run)(
                dry=options["dry_run"], check=options["check"], adopt=options["adopt"]
            )
        except ownership.Foreign as foreign:
            raise CommandError(str(foreign)) from foreign
        except StoreAway as away:
            raise CommandError(f"The store of files does not answer: {away}") from away
        except Busy as busy:
            raise CommandError("The store of messages does not answer. Try again.") from busy
        self._tell_room(options["people"])

    async def _run(self, **how: bool) -> None:
        async with opened():
            await self._prune(**how)

    async def _prune(self, *, dry: bool, check: bool, adopt: bool) -> None:
        now = now_ms()
        if adopt and not dry:
            await ownership.adopt()
        await ownership.require(claim=not dry)
        say = self._progress.so_far
        truth = await auditing.audit(say, now, dry=dry) if check else None
        swept = await threads.run(sweep.counted, now) if dry else await sweep.sweep(now, say)
        orphans = await sweep.remove_orphans(now, say, dry=dry)
        swept.orphans, swept.stuck = orphans.orphans, swept.stuck + orphans.stuck
        self._progress.say(f"{'Would delete' if dry else 'Files'}: {swept}.")
        for blob in swept.stuck:
            self.stdout.write(f"The store does not delete {blob.hex()}.")
        if truth is not None:
            self.stdout.write(f"{truth}.")
            if not truth.holds:
                wrong = sorted(truth.lost | truth.broken)[:20]
                raise CommandError("Lost: " + ", ".join(blob.hex() for blob in wrong))

    def _tell_room(self, people: int) -> None:
        """What all take, and those that take most."""
        all_of_them = Blob.objects.aggregate(files=Count("pk"), size=Sum("size"))
        size = all_of_them["size"] or 0
        self.stdout.write(f"Now {all_of_them['files']} files take {size:,} bytes.")
        held = BlobHold.objects.values("blob").distinct().count()
        if held:
            self.stdout.write(f"{held} of them stay as long as reports need them.")
        each = Blob.objects.values("owner").annotate(files=Count("pk"), size=Sum("size"))
        most = list(each.order_by("-size")[:people])
        names = dict(
            User.objects.filter(uid__in=[one["owner"] for one in most]).values_list(
                "uid", "username"
            )
        )
        for one in most:
            name = names.get(one["owner"], one["owner"].hex())
            self.stdout.write(f"{one['size']:>16,} bytes {one['files']:>7} files  {name}")
