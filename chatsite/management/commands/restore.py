"""manage.py restore FOLDER: a backup takes the place of the site's data."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from chatsite.backup import Failed, Problem, restoring
from chatsite.backup.reporting import Reporter, require_sqlite

REFUSED, FAILED = 1, 2
BY_PG_RESTORE = (
    "The databases of this site are in PostgreSQL: put them back with `pg_restore`, and the "
    "secrets into {secrets}, while no server runs. Then run `manage.py restored`. "
    "docs/backup.md says more."
)


class Command(BaseCommand):
    help = (
        "Put a backup that `manage.py backup` made in the place of this site's data. Refused while "
        "a server runs. The files are checked against the manifest, opened, and brought up to date "
        "first; then the old data moves aside, into a folder that is named, and is deleted by "
        "nobody. Policy: what was written after the backup is gone from the server. Everybody "
        "signs in again: who signed out, withdrew an invite or used a reset link since then, "
        "nobody knows any more, so all of these end. Their browsers keep what they have: messages "
        "that the server no longer knows stay readable there, marked as such. "
        "Exit: 0 done, 1 refused and nothing begun, 2 failed and the site as it was."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path, help="made by manage.py backup")

    def handle(self, *args: Any, **options: Any) -> None:
        var = Path(settings.VAR).absolute()
        require_sqlite(BY_PG_RESTORE.format(secrets=var / "secrets"))
        try:
            aside = restoring.restore(options["folder"].absolute(), var, Reporter(self.stdout))
        except Problem as problem:
            code = FAILED if isinstance(problem, Failed) else REFUSED
            raise CommandError(str(problem), returncode=code) from problem
        self.stdout.write(f"The data of the backup is in {var}; what was there is in {aside}.")
        self.stdout.write("Start the site with bin/dev, or run bin/setup and then manage.py serve.")
