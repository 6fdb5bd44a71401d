"""manage.py storage_check: whether the store of blobs does all that the site relies on."""

import sys
from typing import Any

from asgiref.sync import async_to_sync
from django.core.management.base import BaseCommand, CommandError

from chatsite.running.needs import Unfit
from media import proving
from media.backends import opened
from media.stores import StoreAway


class Command(BaseCommand):
    help = (
        "Try everything that the site relies on with the store of pictures and files as it is "
        "configured, on a blob that is deleted afterwards. "
        "Exit: 0 nothing is missing, 1 something is."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            proven = async_to_sync(tried)()
        except (Unfit, StoreAway) as error:
            raise CommandError(str(error)) from error
        for row, missing in proven:
            style = self.style.ERROR if missing else self.style.SUCCESS
            self.stdout.write(f"{style('missing' if missing else 'ok'):8} {row}")
            if missing:
                self.stdout.write(f"         {missing}")
        if any(missing for _, missing in proven):
            sys.exit(1)


async def tried() -> list[tuple[str, str]]:
    async with opened() as store:
        await store.check()
        return [row async for row in proving.prove(store)]
