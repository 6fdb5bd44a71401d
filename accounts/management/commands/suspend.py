"""manage.py suspend NAME: an account's sessions end at once, and nobody signs in to it."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts import names, suspending
from accounts.models import User


class Command(BaseCommand):
    help = (
        "Suspend the account NAME: it is signed out everywhere at once, and nobody can sign in to "
        "it. Nothing of it is deleted, and what others send it waits. --undo takes it back."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="the username")
        parser.add_argument("--undo", action="store_true", help="let the person in again")

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(username=names.folded(options["name"])).first()
        if user is None:
            raise CommandError("There is no such account.")
        suspending.suspend(user, not options["undo"])
        self.stdout.write(f"{user.username} is {'active' if options['undo'] else 'suspended'}.")
