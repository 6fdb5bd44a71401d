"""manage.py staff_add NAME --role ROLE: a member of staff, who sets their factors by a link."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from chatsite.running.clock import now_ms
from moderation import roles, staff

ACTOR = "manage.py"
HOURS = staff.LINK_MS // 3_600_000


class Command(BaseCommand):
    help = (
        f"Make NAME a member of staff, and print a link, good once and for {HOURS} hours, and a "
        "code that it asks for. There they set a password and a second factor: nobody enters the "
        "admin without both. A member who is there already gets the role instead of the one "
        "before, and no link. Staff have accounts of their own, without a chat. Policy: the "
        "smallest role that does; send the link on one way, and tell the code on another. It is "
        "written into the audit log, and so is who opens the link."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="the name they sign in with")
        parser.add_argument("--role", required=True, choices=sorted(roles.ROLES))

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.ADMIN_URL:
            raise CommandError("There is no admin: set ADMIN_URL first (docs/operations.md).")
        try:
            way_in = staff.add(options["name"], options["role"], ACTOR, now_ms())
        except staff.Unusable as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{options['name']} has the role {options['role']}.")
        if way_in is not None:
            self.stdout.write(said(way_in))


def said(way_in: staff.WayIn) -> str:
    """For the terminal."""
    return (
        f"The code, to be told on another way than the link: {way_in.code}\n"
        f"The link, good once and for {HOURS} hours:\n{way_in.link}"
    )
