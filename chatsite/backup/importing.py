"""Puts a backup into the empty services of this site. It becomes a site in files first, which is
checked and brought up to date; that is copied, as to any other engine, and compared. What an
interrupted run has copied stays, and the same command goes on.
"""

import asyncio
import hashlib
import shutil
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings
from django.db import connections

from chatsite.backup import Failed, Problem, making, manifest, moving, restoring, stored
from chatsite.backup.exporting import sentences
from chatsite.backup.making import sync
from chatsite.backup.manifest import SECRETS
from chatsite.copying import accounts, checkpoint, conversations, sites
from chatsite.copying.checkpoint import Checkpoint
from chatsite.copying.sites import Target
from chatsite.rotation.files import held
from chatsite.running.progress import Progress
from messaging.backends import tables
from messaging.backends.tables import Tables

READY = ".restoring"  # the site in files, in the data folder
NOTES = "restore.sqlite3"  # what is done, until all is
TOLD_MAX = 20  # differences that are named


def restore(source: Path, var: Path, progress: Progress, unpacking: making.Progress) -> str:
    """Where the data of `source` is now, and where the secrets are that were there before. Raises
    Problem, of this package and of copies."""
    said, ready = manifest.read(source), var / READY
    old = sites.in_files(ready)
    moving.require_movable(var / SECRETS)
    with held(var / SECRETS):
        sites.require_stopped(old, "restore")
        shutil.rmtree(ready, ignore_errors=True)
        try:
            restoring.prepare(source, said, ready, old.variables, unpacking)
            with sentences(), checkpoint.opened(var, NOTES) as done:
                _copy(old, sites.here(), f"the backup {_name(source)}", done, progress)
                stored.put_back(ready, said, progress)
                sites.require_no_nodes()
            aside = _put_secrets(ready / SECRETS, var / SECRETS)
            (var / NOTES).unlink()
        finally:
            shutil.rmtree(ready, ignore_errors=True)
    return f"{sites.here().place}. The secrets that were there are in {aside}"


def _name(source: Path) -> str:
    return hashlib.sha256((source / manifest.NAME).read_bytes()).hexdigest()[:16]


def _copy(old: Target, new: Target, what: str, done: Checkpoint, progress: Progress) -> None:
    sites.make_tables(new)
    sites.connect(old)
    source, target = old.tables(), tables()
    try:
        _begin(target, new, f"{what} to {new.place}", done)
        found = asyncio.run(_messages(source, target, done, progress))
        chosen = accounts.models(sessions=False)
        accounts.copy(sites.ACCOUNTS, sites.KEEPS, chosen, progress)
        found += accounts.differences(sites.ACCOUNTS, sites.KEEPS, chosen, progress)
    finally:
        source.close()
        target.close()
        connections[sites.ACCOUNTS].close()
    if found:
        raise Failed(
            f"The site is not equal to the backup. Do not serve it: empty {new.place}, delete "
            f"{settings.VAR}/{NOTES}, and begin again.\n" + "\n".join(found[:TOLD_MAX])
        )


def _begin(target: Tables, new: Target, what: str, done: Checkpoint) -> None:
    if done.begun == what:
        return
    empty = asyncio.run(conversations.is_empty(target)) and not accounts.are_there(sites.KEEPS)
    if done.begun or not empty:
        raise Problem(
            f"There is a site already in {new.place}. A backup goes into an empty place: name "
            f"another keyspace and database, or empty these and delete {settings.VAR}/{NOTES}."
        )
    done.begin(what)


async def _messages(
    source: Tables, target: Tables, done: Checkpoint, progress: Progress
) -> list[str]:
    every = await conversations.pairs(source)
    await conversations.copy(source, target, every, done, progress)
    return await conversations.differences(source, target, every, progress)


def _put_secrets(ready: Path, place: Path) -> Path:
    """Those of the backup in the place of ours, which move aside."""
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S")
    aside = place.with_name(f"{SECRETS}.before-restore-{stamp}")
    sync(ready)
    moving.swap(place, aside, ready)
    return aside
