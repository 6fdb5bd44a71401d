"""manage.py restore FOLDER: a backup takes the place of the site's data."""

from functools import partial
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from chatsite import copying
from chatsite.backup import Failed, Problem, importing, restoring, stored
from chatsite.backup.reporting import Reporter, databases
from chatsite.running.progress import Progress

REFUSED, FAILED = 1, 2


class Command(BaseCommand):
    help = (
        "Put a backup that `manage.py backup` made, on whatever engine, in the place of this "
        "site's data. Refused while a server runs. The files are checked against the manifest, "
        "opened, and brought up to date first. Where the data is in files, the old data then moves "
        "aside, into a folder that is named, and is deleted by nobody. Where it is in servers, "
        "the message store and the accounts must be empty; what was copied is compared, and a run "
        "that was interrupted goes on by the same command. Policy: what was written after the "
        "backup is gone from the server. Everybody signs in again: who signed out, withdrew an "
        "invite or used a reset link since then, nobody knows any more, so all of these end. Their "
        "browsers keep what they have: messages that the server no longer knows stay readable "
        "there, marked as such. Exit: 0 done, 1 refused and nothing begun, 2 failed: in files the "
        "site is as it was, in servers the command is to be repeated."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path, help="made by manage.py backup")
        parser.add_argument(
            "--dry-run", action="store_true",
            help="change nothing: unpack the backup, check it and bring it up to date, and remove "
            "that again; the site may run",
        )  # fmt: skip

    def handle(self, *args: Any, **options: Any) -> None:
        var, source = Path(settings.VAR).resolve(), options["folder"].absolute()
        telling, progress = Reporter(self.stdout), Progress(self.stdout)
        try:
            if options["dry_run"]:
                return self._rehearse(source, var, telling)
            if databases() is not None:
                put_back = partial(stored.put_back, progress=progress) if settings.S3 else None
                aside = restoring.restore(source, var, telling, put_back)
                said = f"{var}; what was there is in {aside}"
            else:
                said = importing.restore(source, var, progress, telling)
        except (Problem, copying.Problem) as problem:
            code = FAILED if isinstance(problem, Failed) else REFUSED
            raise CommandError(str(problem), returncode=code) from problem
        self._tell(said, var)

    def _rehearse(self, source: Path, var: Path, telling: Reporter) -> None:
        said = restoring.rehearse(source, var, telling)
        size = sum(file.bytes for file in said.files.values())
        self.stdout.write(
            f"The backup of {said.made} is good: {len(said.files):,} files with {size:,} bytes. "
            "Nothing was changed."
        )

    def _tell(self, said: str, var: Path) -> None:
        self.stdout.write(f"The data of the backup is in {said}.")
        if settings.CASSANDRA:
            self.stdout.write(f"Copy {var}/secrets to each machine of the site, and start it.")
        else:
            self.stdout.write(
                "Start the site with bin/dev, or run bin/setup and then manage.py serve."
            )
