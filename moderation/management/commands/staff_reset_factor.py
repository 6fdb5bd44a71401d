"""manage.py staff_reset_factor NAME: a new link for somebody of staff who lost their factor."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from chatsite.running.clock import now_ms
from moderation import staff
from moderation.management.commands.staff_add import ACTOR, HOURS, said


class Command(BaseCommand):
    help = (
        "Take password, app, passkeys and codes from the member of staff NAME, end their sessions, "
        f"and print a link, good once and for {HOURS} hours, and a code that it asks for, with "
        "which they set new ones. Policy: only for somebody whom you have recognised by other "
        "means than a message through this site; send the link on one way, and tell the code on "
        "another. It is written into the audit log."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="the name they sign in with")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.ADMIN_URL:
            raise CommandError("There is no admin: set ADMIN_URL first (docs/operations.md).")
        try:
            way_in = staff.reset(options["name"], ACTOR, now_ms())
        except staff.Unusable as error:
            raise CommandError(str(error)) from error
        self.stdout.write(said(way_in))
