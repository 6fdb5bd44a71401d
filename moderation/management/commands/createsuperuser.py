"""manage.py createsuperuser: Django's own makes somebody with every right and one factor."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError


class Command(BaseCommand):
    help = "Not here: use staff_add."

    def handle(self, *args: Any, **options: Any) -> None:
        raise CommandError("Nobody here has every right. Use: manage.py staff_add NAME --role ROLE")
