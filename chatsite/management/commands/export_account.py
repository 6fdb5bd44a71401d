"""manage.py export_account NAME FILE: what the server has of a person, as an archive."""

import asyncio
import os
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts import names
from accounts.models import User
from chatsite.copying import Problem
from chatsite.leaving import export
from chatsite.leaving.archive import zipped
from chatsite.running.clock import now_ms
from chatsite.running.progress import Progress
from messaging.backends import connection_store
from moderation import audit

ACTOR = "manage.py export_account"


class Command(BaseCommand):
    help = (
        "Write what the server has of the account NAME into FILE, a zip of readable JSON with a "
        "README: names, settings, devices, contacts, and of each message when, by whom and how "
        "large. No text is in it: the server has none that it can open. People get the same by "
        "themselves, in Settings, and do not need you. Policy: it is for the person alone. Make it "
        "only for somebody whom you have recognised by other means than a message through this "
        "site, hand it over on a way that you both trust, delete your copy. Nothing is changed; "
        "the file is there once it is whole, readable for you alone. May be repeated and "
        "interrupted. Each use is an entry in the audit log."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="the username")
        parser.add_argument("file", type=Path, metavar="FILE", help="a zip that is not there yet")
        parser.add_argument("--dry-run", action="store_true", help="say what would happen, no more")

    def handle(self, *args: Any, **options: Any) -> None:
        people = User.objects.filter(head_k__gt=0)
        user = people.filter(username=names.folded(options["name"])).first()
        if user is None:
            raise CommandError("There is no such person; staff accounts have nothing to export.")
        file: Path = options["file"]
        if file.exists() or not file.parent.is_dir():
            raise CommandError(f"{file} cannot be made: it is there, or its folder is not.")
        count = len(asyncio.run(connection_store().contacts(user.uid)))
        if options["dry_run"]:
            self.stdout.write(f"{count} conversations of {user.username} would go into {file}.")
            return
        audit.write(ACTOR, "export", f"person {user.uid.hex()}", {})
        try:
            size = asyncio.run(_write(user, file, Progress(self.stdout)))
        except Problem as problem:
            raise CommandError(str(problem)) from problem
        self.stdout.write(f"{file}: {count} conversations, {size:,} bytes.")


async def _write(user: User, file: Path, progress: Progress) -> int:
    """In place once it is whole: what an interruption leaves behind is overwritten."""
    beside = file.with_name(f"{file.name}.part")
    size = 0
    # Readable for its owner from its first byte.
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
        async for piece in zipped(export.files(user, now_ms(), progress)):
            size += out.write(piece)
        out.flush()
        os.fsync(out.fileno())
    progress.end()
    beside.replace(file)
    return size
