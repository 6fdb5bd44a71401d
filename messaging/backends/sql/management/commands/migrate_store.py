"""manage.py migrate_store: the tables of the message store in an SQL database."""

from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand

from messaging.backends.sql.router import ALIAS


class Command(BaseCommand):
    help = "Make the tables of the message store, or what is missing of them."

    def handle(self, *args: Any, **options: Any) -> None:
        call_command("migrate", database=ALIAS, verbosity=options["verbosity"])
