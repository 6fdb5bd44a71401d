"""manage.py capacity: what a site of so many people needs."""

import argparse
import json
import math
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from chatsite.capacity import measured, sheet
from chatsite.capacity.model import Load, plan

STEPS = (1_000, 100_000, 1_000_000, 10_000_000)
MOST_USERS = 10_000_000_000
MOST_MESSAGES = 10_000
MOST_COPIES = 9
MOST_DAYS = 36_500


class Command(BaseCommand):
    help = (
        "Say how many nodes of each kind a site of so many people needs, how much memory, disk and "
        "network, and what gives way first. A model: docs/scale.md says what of it is measured."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        usual, whole = Load(1), _within(int, 1, MOST_USERS)
        parser.add_argument(
            "--users", type=whole, action="append", metavar="N",
            help="who use it on a day; may be repeated; without it four sites of different size",
        )  # fmt: skip
        parser.add_argument(
            "--messages", type=_within(float, 0.01, MOST_MESSAGES), default=usual.messages,
            help=f"that each of them sends on it, {usual.messages:g} by default",
        )  # fmt: skip
        parser.add_argument(
            "--online", type=_within(float, 0.0001, 1), default=usual.online, metavar="SHARE",
            help=f"of them, at the same time, at the peak: {usual.online:g} by default",
        )  # fmt: skip
        parser.add_argument(
            "--replication", type=_within(int, 1, MOST_COPIES), default=usual.replication,
            help=f"copies of each message, {usual.replication} by default",
        )  # fmt: skip
        parser.add_argument(
            "--days", type=_within(int, 1, MOST_DAYS), default=usual.days,
            help=f"that messages are kept, {usual.days} by default",
        )  # fmt: skip
        parser.add_argument("--json", action="store_true", help="for programs")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            costs = measured.read(settings.BASE_DIR / "docs/performance.md")
        except (measured.NotMeasured, OSError) as error:
            raise CommandError(str(error)) from None
        asked = ("messages", "online", "replication", "days")
        more = {name: options[name] for name in asked}
        plans = [plan(Load(users, **more), costs) for users in options["users"] or STEPS]
        if options["json"]:
            self.stdout.write(json.dumps(sheet.as_data(plans), indent=1))
            return
        table = sheet.rows(plans)
        widths = [max(map(len, column)) for column in zip(*table, strict=True)]
        for name, *cells in table:
            columns = zip(cells, widths[1:], strict=True)
            line = "  ".join(
                [name.ljust(widths[0]), *(cell.rjust(width) for cell, width in columns)]
            )
            self.stdout.write(line.rstrip())


def _within(kind: type, least: float, most: float) -> Callable[[str], Any]:
    """A number of this kind within these bounds, or a sentence that says so."""
    what = "a whole number" if kind is int else "a number"

    def number(text: str) -> Any:
        try:
            value = kind(text)
        except ValueError:
            value = math.nan
        if not least <= value <= most:
            raise argparse.ArgumentTypeError(
                f"{text!r} is not {what} from {least:,g} to {most:,.0f}"
            )
        return value

    return number
