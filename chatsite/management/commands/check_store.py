"""manage.py check_store: whether the message store and the files are what they must be."""

import asyncio
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError

from chatsite.checking import Fault
from chatsite.checking.store import Checked, check
from chatsite.copying import Problem, sites
from chatsite.copying.progress import Progress
from chatsite.running import away
from chatsite.running.clock import now_ms
from media import auditing
from media.backends import store
from media.stores import StoreAway
from messaging.backends import tables
from messaging.backends.base import Busy

TOLD_MAX = 50


class Command(BaseCommand):
    help = (
        "Read the whole message store, on whatever engine, and say what is wrong: messages that "
        "are missing or doubled, counts and watermarks that are not what follows from them, "
        "records that belong to nobody, files that a message names and that are lost. The site "
        "may run meanwhile; what looks wrong is looked at again. It repairs nothing and may be "
        "stopped and repeated. What to do about a fault: docs/operations.md. "
        "Exit: 0 nothing is wrong, 1 something is, 2 the store does not answer."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--no-files", action="store_true", help="leave out pictures and files")

    def handle(self, *args: Any, **options: Any) -> None:
        progress = Progress(self.stdout)
        try:
            sites.require_whole("read")
            checked = self._checked(progress, files=not options["no_files"])
        except Problem as problem:
            raise CommandError(str(problem), returncode=2) from problem
        except (Busy, StoreAway, DatabaseError) as error:
            words = f"A store does not answer: {away.reason(error)}. Try again."
            raise CommandError(words, returncode=2) from error
        for fault in checked.faults[:TOLD_MAX]:
            self.stdout.write(self.style.ERROR(str(fault)))
        if len(checked.faults) > TOLD_MAX:
            self.stdout.write(f"and {len(checked.faults) - TOLD_MAX} more")
        self.stdout.write(
            f"conversations: {checked.pairs:,}, messages: {checked.messages:,}, "
            f"faults: {len(checked.faults):,}"
        )
        if checked.faults:
            sys.exit(1)

    def _checked(self, progress: Progress, *, files: bool) -> Checked:
        whole = tables()
        try:
            return asyncio.run(_all(progress, files=files))
        finally:
            whole.close()


async def _all(progress: Progress, *, files: bool) -> Checked:
    checked = await check(tables(), progress)
    if files:
        try:
            truth = await auditing.audit(lambda *_: None, now_ms(), dry=True)
        finally:
            await store().close()
        progress.say(f"{truth}.")
        checked.faults += [Fault("file", one.hex(), "a message names it, and it is lost")
                           for one in sorted(truth.lost)]  # fmt: skip
        checked.faults += [Fault("file", one.hex(), "parts of it are missing")
                           for one in sorted(truth.broken)]  # fmt: skip
    return checked
