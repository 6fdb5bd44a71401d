"""manage.py prune_stale: what nobody has used for long."""

from argparse import RawDescriptionHelpFormatter
from textwrap import fill
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError

from chatsite import stale
from chatsite.copying import Problem
from chatsite.running import away
from chatsite.running.clock import now_ms
from chatsite.running.progress import Progress

HELP = """End what nobody has used for long. The site may run; each step is taken by itself, so that
it may be stopped and repeated. The server does the same once a day. Each policy is off until its
setting says after how many days:
"""


class Command(BaseCommand):
    def create_parser(self, *args: Any, **options: Any) -> CommandParser:
        parser = super().create_parser(*args, **options)
        parser.formatter_class = RawDescriptionHelpFormatter
        policies = [fill(f"{one.setting}: {one.notice}.", 96, subsequent_indent="  ")
                    for one in stale.POLICIES]  # fmt: skip
        parser.description = "\n".join([HELP, *policies])
        return parser

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="end nothing, and count")

    def handle(self, *args: Any, **options: Any) -> None:
        now = now_ms()
        try:
            for policy in stale.POLICIES:
                self.stdout.write(self._line(policy, now, dry=options["dry_run"]))
        except Problem as problem:
            raise CommandError(str(problem)) from problem
        except DatabaseError as error:
            raise CommandError(f"A database does not answer: {away.reason(error)}.") from error

    def _line(self, policy: stale.Policy, now: int, *, dry: bool) -> str:
        if not policy.days:
            return f"{policy.what}: stay ({policy.setting} is not set)"
        count, since = stale.count(policy, now), f"unused for {policy.days} days"
        if dry:
            return f"{policy.what}: {count:,} would end, {since}"
        progress = Progress(self.stdout)
        progress.begin(policy.what, count)
        done = stale.apply(policy, now, "manage.py prune_stale", progress.step)
        progress.end()
        return f"{policy.what}: {done:,} ended, {since}"
