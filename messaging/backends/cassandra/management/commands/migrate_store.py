"""manage.py migrate_store: the tables of the message store in Cassandra."""

import asyncio
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from chatsite.running.needs import Unfit
from messaging.backends.base import Busy
from messaging.backends.cassandra import schema
from messaging.backends.cassandra.store import store


class Command(BaseCommand):
    help = "Make the keyspace of the message store and its tables, or what is missing of them."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            schema.sync(store().options)
            asyncio.run(schema.stamp(store()))
        except Unfit as unfit:
            raise CommandError(str(unfit)) from unfit
        except Busy as busy:
            raise CommandError("Cassandra went away: run this command again") from busy
        finally:
            store().close()
        if options["verbosity"]:
            self.stdout.write(f"The message store has its tables, version {schema.VERSION}.")
