"""manage.py doctor: what is wrong with this site, and what to do about it."""

import json
import logging
import sys
from collections import Counter
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from chatsite.doctor import OF_EVERY_SITE, Check, examine
from chatsite.running.findings import Finding, Level

SECONDS = 3.0
STYLES = {Level.OK: "SUCCESS", Level.WARNING: "WARNING", Level.WRONG: "ERROR"}
WIDTH = max(map(len, Level))


class Command(BaseCommand):
    help = (
        "Say what is wrong with this site and what to do about it: its settings, this machine, "
        "every service that it uses, its nodes. Nothing is changed. "
        "Exit: 0 nothing is wrong, though there may be warnings, 1 something is."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="a list of findings, for programs")
        parser.add_argument(
            "--seconds", type=float, default=SECONDS, help=f"for one check, {SECONDS:g} by default"
        )
        parser.add_argument(
            "--node", action="append", default=[], metavar="NAME=HOST:PORT",
            help="where a node listens whose name does not say it; may be repeated",
        )  # fmt: skip

    def handle(self, *args: Any, **options: Any) -> None:
        logging.disable()  # what its log would say, it says itself
        nodes = dict(pair.split("=", 1) for pair in options["node"] if "=" in pair)
        checks = [
            *OF_EVERY_SITE,
            *(Check(*one) for one in settings.EXAMINED),
            Check("Nodes", "chatsite.doctor.nodes.examine", nodes),
        ]
        findings = examine(checks, options["seconds"])
        levels = self._as_json(findings) if options["json"] else self._as_lines(findings)
        if Level.WRONG in levels:
            sys.exit(1)

    def _as_lines(self, findings: Iterator[tuple[str, Finding]]) -> Counter[Level]:
        levels: Counter[Level] = Counter()
        for check, finding in findings:
            levels[finding.level] += 1
            level = getattr(self.style, STYLES[finding.level])(finding.level.ljust(WIDTH))
            todo = f" → {finding.todo}" if finding.todo else ""
            self.stdout.write(f"{level}  {check}: {finding.text}{todo}")
            self.stdout.flush()
        told = ", ".join(f"{levels[level]} {level}" for level in reversed(Level) if levels[level])
        self.stdout.write(told)
        return levels

    def _as_json(self, findings: Iterator[tuple[str, Finding]]) -> Counter[Level]:
        found = list(findings)
        named = [{"check": check, **finding._asdict()} for check, finding in found]
        self.stdout.write(json.dumps(named, indent=1))
        return Counter(finding.level for _, finding in found)
