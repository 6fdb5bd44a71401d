"""manage.py backup FOLDER: both databases, the secrets and a manifest, while the site runs."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from chatsite.backup import Failed, Problem, making
from chatsite.backup.reporting import Reporter, require_sqlite

REFUSED, FAILED = 1, 2
BY_PG_DUMP = (
    "The databases of this site are in PostgreSQL, which has its own tools: "
    "`pg_dump --format=custom --file=site.dump` takes both in one moment. Copy {secrets} "
    "beside it. docs/backup.md says how both come back."
)


class Command(BaseCommand):
    help = (
        "Write a backup of this site into FOLDER, which must not be there yet, while the site "
        "goes on: both databases (messages first, accounts second), the secrets, pictures and "
        "files that lie on this machine, and a manifest with their hashes. What was written is "
        "opened and checked before FOLDER appears; an interrupted run leaves nothing. Policy: "
        "anybody who has a backup has what the server knows, and may try passwords: encrypt it,"
        " and keep it on another machine. Try one now and then: a backup that was never "
        "restored is a hope. Exit: 0 done, 1 refused and nothing begun, 2 failed and what was "
        "written removed."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path, help="a name that is still free")

    def handle(self, *args: Any, **options: Any) -> None:
        var = Path(settings.VAR)
        databases = require_sqlite(BY_PG_DUMP.format(secrets=var / "secrets"))
        target = options["folder"].absolute()
        try:
            making.make(target, databases, var, Reporter(self.stdout))
        except Problem as problem:
            code = FAILED if isinstance(problem, Failed) else REFUSED
            raise CommandError(str(problem), returncode=code) from problem
        self.stdout.write(f"The backup is in {target}. Keep it as safe as the site itself.")
        if settings.S3:
            self.stdout.write(
                f"Pictures and files are not in it: they are in the bucket {settings.S3['BUCKET']}."
            )
