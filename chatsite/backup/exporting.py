"""A backup of a running site whose data is in servers, as the site in files that it would be:
messages first, pair by pair, each as it is in one moment; accounts second, all in one moment.
"""

import asyncio
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from django.db import DatabaseError, connections

from chatsite import copying
from chatsite.backup import Failed, making, manifest
from chatsite.copying import accounts, checkpoint, conversations, sites
from chatsite.copying.sites import Target
from chatsite.rotation.files import held
from chatsite.running import away
from chatsite.running.progress import Progress
from messaging.backends import tables

FAULTS = 1  # exit of check_store: something is wrong


def make(target: Path, var: Path, progress: Progress, files: Callable[[Path], None]) -> str:
    """Write the backup `target`, whole or not at all. `files` puts pictures and files into it. What
    check_store says of it, where that finds faults, which the site has as well; else nothing.
    Raises Problem."""
    with making.written(target) as partial, sentences():
        with held(var / manifest.SECRETS):
            making.copy_secrets(var / manifest.SECRETS, partial / manifest.SECRETS)
            site = sites.in_files(partial)
            sites.make_tables(site)
            _databases(site, progress)
        files(partial)
        progress.say("checking")
        checked = site.manage("check_store", "--no-files")
        require_checked(checked.returncode, checked.stdout, checked.stderr)
        for name in manifest.DATABASES.values():
            _close(partial / name)
            making.check_database(partial / name, name)
        progress.say(checked.stdout.splitlines()[-1])
        return checked.stdout if checked.returncode else ""


def require_checked(code: int, said: str, errors: str) -> None:
    """check_store came to its end, whatever it found. Raises Failed where something ended it: then
    its code may be that of faults as well, and what it has said is not all."""
    if code not in (0, FAULTS) or "\nconversations: " not in f"\n{said}":
        raise Failed(f"The copy cannot be checked: {errors.strip() or f'it ended with {code}'}")


@contextmanager
def sentences() -> Iterator[None]:
    """What ends a copy, in the words of a backup."""
    try:
        yield
    except copying.Problem as problem:
        raise Failed(str(problem)) from problem
    except DatabaseError as error:
        raise Failed(f"A database does not answer: {away.reason(error)}.") from error


def _databases(site: Target, progress: Progress) -> None:
    sites.connect(site)
    source, there = tables(), site.tables()
    try:
        with checkpoint.opened(site.var) as done:
            every = asyncio.run(conversations.pairs(source))
            asyncio.run(conversations.copy(source, there, every, done, progress, live=True))
        (site.var / checkpoint.NAME).unlink()
        chosen = accounts.models(sessions=False)
        with accounts.one_moment():
            accounts.copy(sites.KEEPS, sites.ACCOUNTS, chosen, progress)
            found = accounts.differences(sites.KEEPS, sites.ACCOUNTS, chosen, progress)
        if found:
            raise Failed("The copy is not good, and was removed: " + "; ".join(found))
    finally:
        source.close()
        there.close()
        connections[sites.ACCOUNTS].close()


def _close(path: Path) -> None:
    """One file, nothing beside it."""
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA journal_mode=DELETE").fetchone()
