"""manage.py restored: what an older database needs before a server may run on it."""

from typing import Any

from asgiref.sync import async_to_sync
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from accounts import housekeeping
from chatsite import control
from chatsite.copying import Problem, sites
from messaging import invites
from messaging.backends import store_meta
from moderation import staff


class Command(BaseCommand):
    help = (
        "Say that the database was put back from a backup. `manage.py restore` does it by itself; "
        "after `pg_restore` it is yours to do, before any process starts. It brings the tables up "
        "to date, gives the data a new random id, by which browsers see that they may know more "
        "than the server, and ends what may have ended since: sign-ins, grants, reset links, "
        "unconfirmed mail addresses, invites and links of staff. May be repeated."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        if control.is_running():
            raise CommandError("The site runs. Stop it first.")
        try:
            sites.require_no_nodes()
        except Problem as problem:
            raise CommandError(str(problem)) from problem
        for command in ("migrate", "migrate_store"):
            call_command(command, verbosity=0)
        housekeeping.end_given_leave()
        invites.withdraw_all()
        staff.withdraw_links()
        data = async_to_sync(store_meta().renew_data)()
        self.stdout.write(f"The data is {data.hex()} from now on, and everybody signs in again.")
