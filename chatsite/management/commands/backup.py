"""manage.py backup FOLDER: databases, secrets, files and a manifest, while the site runs."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from chatsite import copying
from chatsite.backup import Failed, Problem, exporting, making, measuring, stored
from chatsite.backup.reporting import Reporter, databases
from chatsite.copying import sites
from chatsite.running.progress import Progress

REFUSED, FAILED, FAULTY = 1, 2, 3


class Command(BaseCommand):
    help = (
        "Write a backup of this site into FOLDER, which must not be there yet, while the site "
        "goes on: messages first, accounts second, the secrets, pictures and files, and a manifest "
        "with their hashes. On whatever engine it is the same kind of folder, and `restore` puts "
        "it back on any. What was written is opened and checked before FOLDER appears; an "
        "interrupted run leaves nothing. Policy: anybody who has a backup has what the server "
        "knows, and may try passwords: encrypt it, and keep it on another machine. Try one now and "
        "then: a backup that was never restored is a hope. Exit: 0 done, 1 refused and nothing "
        "begun, 2 failed and what was written removed, 3 done, but the message store has faults."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path, help="a name that is still free")
        parser.add_argument("--no-files", action="store_true", help="leave out pictures and files")
        parser.add_argument("--dry-run", action="store_true", help="write nothing, and count")

    def handle(self, *args: Any, **options: Any) -> None:
        var, target, faults = Path(settings.VAR), options["folder"].absolute(), ""
        progress = Progress(self.stdout)
        elsewhere = options["no_files"] or settings.S3

        def files(folder: Path) -> None:
            if not options["no_files"]:
                stored.fetch(folder, progress)

        try:
            found = databases()
            if options["dry_run"]:
                return self._count(target, found or {}, files=not options["no_files"])
            if found is not None:
                making.make(target, found, var, Reporter(self.stdout), files if elsewhere else None)
            else:
                sites.require_whole("backed up")
                faults = exporting.make(target, var, progress, files)
        except (Problem, copying.Problem) as problem:
            code = FAILED if isinstance(problem, Failed) else REFUSED
            raise CommandError(str(problem), returncode=code) from problem
        self._tell(target, faults, files=not options["no_files"])

    def _count(self, target: Path, found: dict[str, Path], *, files: bool) -> None:
        for kind in measuring.measure(target, found, files=files):
            self.stdout.write(f"Would copy {kind}.")
        known = "it" if found else "that; how large the databases become, the copy alone tells"
        self.stdout.write(f"{target} has room for {known}.")

    def _tell(self, target: Path, faults: str, *, files: bool) -> None:
        self.stdout.write(f"The backup is in {target}. Keep it as safe as the site itself.")
        if not files:
            self.stdout.write("Pictures and files are not in it.")
        if faults:
            raise CommandError(
                f"The site has faults, and so has its backup; docs/operations.md says what to do "
                f"about each.\n{faults}",
                returncode=FAULTY,
            )
