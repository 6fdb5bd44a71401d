"""manage.py stats: what the site holds, in numbers."""

import asyncio
import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError

from chatsite import stats
from chatsite.copying import Problem, sites
from chatsite.running import away
from chatsite.running.clock import now_ms
from chatsite.running.progress import Progress
from messaging.backends import tables


class Command(BaseCommand):
    help = (
        "Print how many people, browsers, conversations, messages and files the site has, on "
        "whatever engine. Nothing is changed, and nothing of it names a person. It reads a row for "
        "each conversation, so a large site takes a while. Numbers over time: /metrics."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="one object, for programs")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            sites.require_whole("read")
            numbers = self._numbers()
        except Problem as problem:
            raise CommandError(str(problem)) from problem
        except DatabaseError as error:
            raise CommandError(f"A database does not answer: {away.reason(error)}.") from error
        if options["json"]:
            self.stdout.write(json.dumps(dict(numbers), indent=1))
            return
        width = max(len(f"{number:,}") for _, number in numbers)
        for name, number in numbers:
            self.stdout.write(f"{number:>{width},}  {name}")

    def _numbers(self) -> stats.Numbers:
        whole = tables()
        try:
            say = Progress(self.stderr).so_far  # what a program reads has nothing but the numbers
            return asyncio.run(stats.counted(whole, now_ms(), say))
        finally:
            whole.close()
