"""manage.py protocol: write static/js/protocol.js and docs/protocol.md, or check them."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from chatsite.wire import javascript, markdown

FILES = {"static/js/protocol.js": javascript.text, "docs/protocol.md": markdown.text}


class Command(BaseCommand):
    help = "Write the browser's constants and the documentation of the wire."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true", help="exit 1 when a file is stale")

    def handle(self, *args: Any, **options: Any) -> None:
        wanted = {Path(settings.BASE_DIR, name): text() for name, text in FILES.items()}
        stale = [path for path, text in wanted.items() if _content(path) != text]
        if options["check"] and stale:
            names = ", ".join(path.name for path in stale)
            raise CommandError(f"stale: {names}. Run manage.py protocol.")
        for path in stale:
            path.write_text(wanted[path])
        self.stdout.write(f"{len(stale)} of {len(wanted)} files written")


def _content(path: Path) -> str | None:
    return path.read_text() if path.exists() else None
