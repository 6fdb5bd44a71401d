"""manage.py copy_store --to ENGINE: the whole site, on another engine."""

import asyncio
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError

from chatsite import engines
from chatsite.copying import (
    Interrupted,
    Problem,
    accounts,
    blobs,
    checkpoint,
    conversations,
    sites,
)
from chatsite.copying.checkpoint import Checkpoint
from chatsite.copying.sites import Target
from chatsite.running import away
from chatsite.running.progress import Progress
from media.backends import store
from messaging.backends import tables
from messaging.backends.tables import Tables

REFUSED, INTERRUPTED, DIFFERENT = 1, 2, 3
TOLD_MAX = 20  # differences that are named


class Command(BaseCommand):
    help = (
        "Copy this site, which must be stopped, to another engine: accounts, keys, "
        "conversations, pictures and files, secrets. Where to is said by variables like those "
        "of a site with TO_ before their names (TO_CASSANDRA_HOSTS, TO_DATABASE_URL, "
        "TO_REDIS_URL, TO_CHAT_VAR); docs/operations.md has the steps. The new place must be "
        "empty. Afterwards both are compared, message by message. This site is not changed. May"
        " be repeated: what is done stands in var/copy.sqlite3, and a copy that is finished is "
        "only compared again. Exit: 0 copied and equal, 1 refused, 2 interrupted and to be "
        "repeated, 3 not equal."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--to", required=True, choices=[*engines.ENGINES], metavar="ENGINE")
        parser.add_argument(
            "--sessions", action="store_true",
            help="sign-ins too; otherwise everybody signs in again, on the devices that they have",
        )  # fmt: skip
        parser.add_argument(
            "--dry-run", action="store_true", help="say what would be copied, and change nothing"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        progress = Progress(self.stdout)
        try:
            new = sites.target(options["to"])
            sites.require_stopped(new)
            sites.require_whole()
            if options["dry_run"]:
                _say(new, progress)
                return
            with checkpoint.opened(Path(settings.VAR)) as done:
                found = _copy(new, done, progress, sessions=options["sessions"])
        except Problem as problem:
            code = INTERRUPTED if isinstance(problem, Interrupted) else REFUSED
            raise CommandError(str(problem), returncode=code) from problem
        if found:
            raise CommandError(_told(found, new), returncode=DIFFERENT)
        self.stdout.write(f"The copy is complete and equal: {new.place}. This site is as it was.")


def _copy(new: Target, done: Checkpoint, progress: Progress, *, sessions: bool) -> list[str]:
    """What is different afterwards."""
    if done.begun and done.begun != new.place:
        raise Problem(
            f"{settings.VAR}/{checkpoint.NAME} is of a copy to {done.begun}. Delete it to begin "
            "another."
        )
    if not done.begun:
        sites.prepare(new)
    sites.connect(new)
    chosen = [] if new.keeps_accounts else accounts.models(sessions=sessions)
    source, target = tables(), new.tables()
    try:
        if not done.begun:
            _require_empty(new, target)
            done.begin(new.place)
        if chosen and not done.finished:
            accounts.copy(sites.KEEPS, sites.ACCOUNTS, chosen, progress)
        found = asyncio.run(_store(source, target, done, progress))
        found += accounts.differences(sites.KEEPS, sites.ACCOUNTS, chosen, progress)
        if not new.keeps_blobs:
            found += asyncio.run(_blobs(new, blobs.wanted(), done, progress))
        sites.require_no_nodes(new)
    except DatabaseError as error:
        raise Interrupted(f"A database takes no more: {away.reason(error)}") from error
    finally:
        source.close()
        target.close()
    if not found:
        done.finish()
    return found


async def _store(source: Tables, target: Tables, done: Checkpoint, progress: Progress) -> list[str]:
    every = await conversations.pairs(source)
    if not done.finished:
        await conversations.copy(source, target, every, done, progress)
    return await conversations.differences(source, target, every, progress)


async def _blobs(
    new: Target, every: list[bytes], done: Checkpoint, progress: Progress
) -> list[str]:
    source, target = store(), new.blobs()
    try:
        if not done.finished:
            await blobs.copy(source, target, every, progress)
        return await blobs.differences(source, target, every, progress)
    finally:
        await source.close()
        await target.close()


def _require_empty(new: Target, target: Tables) -> None:
    empty = asyncio.run(conversations.is_empty(target))
    if not empty or (not new.keeps_accounts and accounts.are_there(sites.ACCOUNTS)):
        raise Problem(f"There is a site already in {new.place}. Name a place that is empty.")


def _say(new: Target, progress: Progress) -> None:
    """What a copy would bring along."""
    source = tables()
    try:
        every = asyncio.run(conversations.pairs(source))
    finally:
        source.close()
    progress.say(f"{len(every):,} conversations would be copied to {new.place}.")
    if new.keeps_accounts:
        progress.say("Accounts stay in their database.")


def _told(found: list[str], new: Target) -> str:
    more = f"\nand {len(found) - TOLD_MAX} more" if len(found) > TOLD_MAX else ""
    return (
        f"The copy is not equal. Do not serve it: empty {new.place}, delete "
        f"{settings.VAR}/{checkpoint.NAME} and begin again.\n" + "\n".join(found[:TOLD_MAX]) + more
    )
