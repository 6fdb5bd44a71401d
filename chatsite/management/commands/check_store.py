"""manage.py check_store: whether the message store and the files are what they must be."""

import asyncio
import sys
from collections import Counter
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError

from chatsite.checking import FILES, Fault
from chatsite.checking.repairing import HELP, repair
from chatsite.checking.store import Checked, check
from chatsite.copying import Problem, sites
from chatsite.running import away
from chatsite.running.clock import now_ms
from chatsite.running.progress import Progress
from media import auditing
from media.backends import opened
from media.stores import StoreAway
from messaging.backends import tables
from messaging.backends.base import Busy

TOLD_MAX = 50


class Command(BaseCommand):
    help = (
        "Read the whole message store, on whatever engine, and say what is wrong: messages that "
        "are missing or doubled, counts and watermarks that are not what follows from them, "
        "records that belong to nobody, files that a message names and that are lost. The site "
        "may run meanwhile; what looks wrong is looked at again. Without --repair nothing is "
        "changed; it may be stopped and repeated, with --repair as well. What to do about other "
        "faults: docs/operations.md. "
        "Exit: 0 nothing is wrong, 1 something is, 2 the store does not answer."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--no-files", action="store_true", help="leave out pictures and files")
        parser.add_argument(
            "--repair", choices=HELP, metavar="NAME",
            help="put right what can be, and check again. "
            + "; ".join(f"{name}: {what}" for name, what in HELP.items()),
        )  # fmt: skip
        parser.add_argument(
            "--dry-run", action="store_true", help="with --repair: say how much it would be"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        progress, name = Progress(self.stdout), options["repair"]
        if name == FILES and options["no_files"]:
            raise CommandError("--repair files and --no-files contradict each other.")
        try:
            sites.require_whole("read")
            checked = self._run(progress, options)
        except Problem as problem:
            raise CommandError(str(problem), returncode=2) from problem
        except (Busy, StoreAway, DatabaseError) as error:
            words = f"A store does not answer: {away.reason(error)}. Try again."
            raise CommandError(words, returncode=2) from error
        self._tell(checked)
        if checked.faults:
            sys.exit(1)

    def _tell(self, checked: Checked) -> None:
        for fault in checked.faults[:TOLD_MAX]:
            self.stdout.write(self.style.ERROR(str(fault)))
        if len(checked.faults) > TOLD_MAX:
            self.stdout.write(f"and {len(checked.faults) - TOLD_MAX} more")
        for name, count in Counter(one.repair for one in checked.faults if one.repair).items():
            self.stdout.write(f"check_store --repair {name}: is for {count:,} of them")
        self.stdout.write(
            f"conversations: {checked.pairs:,}, messages: {checked.messages:,}, "
            f"faults: {len(checked.faults):,}"
        )

    def _run(self, progress: Progress, options: dict[str, Any]) -> Checked:
        whole = tables()
        try:
            return asyncio.run(self._all(progress, options))
        finally:
            whole.close()

    async def _all(self, progress: Progress, options: dict[str, Any]) -> Checked:
        files = not options["no_files"]
        async with opened():
            checked = await _checked(progress, files=files)
            fits = [fault for fault in checked.faults if fault.repair == options["repair"]]
            if options["repair"] is None or not fits:
                return checked
            if options["dry_run"]:
                progress.say(f"would be repaired: {len(fits):,}")
                return checked
            await repair(tables(), fits, progress, now_ms())
            progress.say("once more, to see what is left")
            return await _checked(progress, files=files)


async def _checked(progress: Progress, *, files: bool) -> Checked:
    checked = await check(tables(), progress)
    if files:
        truth = await auditing.audit(progress.so_far, now_ms(), dry=True)
        progress.say(f"{truth}.")
        for blob in sorted(truth.lost):
            unlinked = tuple(one for one in truth.unlinked if one.blob == blob)
            right = (FILES, unlinked) if unlinked else ()
            text = "a message names it, and it is lost"
            checked.faults.append(Fault("file", blob.hex(), text, *right))
        checked.faults += [Fault("file", one.hex(), "parts of it are missing")
                           for one in sorted(truth.broken)]  # fmt: skip
    return checked
