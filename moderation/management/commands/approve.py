"""manage.py approve [NAME …]: let new accounts ask others, or list those that wait."""

from datetime import UTC, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts import names
from chatsite.running.clock import now_ms
from moderation import approving, figures

ACTOR = "manage.py approve"


class Command(BaseCommand):
    help = (
        "Without a name: list the accounts that wait to be approved (REGISTRATION=approval). With "
        "names: approve these. They can ask others from then on, and are found. It is not taken "
        "back; `manage.py suspend` is for accounts that are not wanted. Policy: a name says "
        "little. Approve people whom you expect, or have asked by other means. "
        "Each is an entry in the audit log."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("names", nargs="*", metavar="NAME", help="a username")

    def handle(self, *args: Any, **options: Any) -> None:
        waiting = figures.unapproved(now_ms())
        if not options["names"]:
            for user in waiting.order_by("joined"):
                day = datetime.fromtimestamp(user.joined / 1000, UTC).strftime("%Y-%m-%d")
                self.stdout.write(f"{day}  {user.username}  {user.display_name}")
            return
        for name in options["names"]:
            found = waiting.filter(username=names.folded(name)).first()
            if found is None:
                raise CommandError(f"No account {name} waits to be approved.")
            approving.approve(found, ACTOR)
            self.stdout.write(f"{name} is approved.")
