"""manage.py storage_setup: what the store of blobs needs."""

from typing import Any

from asgiref.sync import async_to_sync
from django.core.management.base import BaseCommand, CommandError

from chatsite.running.needs import Unfit
from media.backends import opened
from media.stores import StoreAway


class Command(BaseCommand):
    help = (
        "Make the bucket where S3_BUCKET names one that is missing. Where S3_PUBLIC_ENDPOINT is "
        "set, let pages of the site call it, as MEDIA_TRANSFER=direct needs. Repeating it has no "
        "effect."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            made = async_to_sync(prepared)()
        except (Unfit, StoreAway) as error:
            raise CommandError(str(error)) from error
        if options["verbosity"]:
            for sentence in made:
                self.stdout.write(sentence)


async def prepared() -> list[str]:
    async with opened() as store:
        return await store.prepare()
