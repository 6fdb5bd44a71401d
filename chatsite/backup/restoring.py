"""Puts a backup back. The new data is prepared beside `var` and takes its place by a rename.
Until then nothing of the site has changed; afterwards the old data is beside it.
"""

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings
from django.db.migrations.loader import MigrationLoader

from chatsite import control, env, make_secrets
from chatsite.backup import Failed, Problem, manifest, moving, room
from chatsite.backup.making import Progress, check_database, sync
from chatsite.backup.manifest import DATABASES, Manifest
from chatsite.copying import sites
from chatsite.copying.accounts import STORE

OF_MESSAGES = settings.BASE_DIR / "messaging/backends/sql/migrations"
STAYS = "static"  # files of the code, not of the data
# Secrets that backups of earlier versions do not have. What they are for was not there either.
NEWER = {"ticket", "audit", "totp"}

PutBack = Callable[[Path, Manifest], None]


def refuse_while_in_use(var: Path) -> None:
    """Raises Problem where a server, or any other process, has the data open."""
    if control.is_running():
        raise Problem("The site runs. Stop it first: what it writes meanwhile would be lost.")
    for name in DATABASES.values():
        if (var / name).exists() and _is_open(var / name):
            raise Problem(f"Another process has {var / name} open. End it first.")


def restore(source: Path, var: Path, progress: Progress, files: PutBack | None = None) -> Path:
    """Put `source` in the place of `var`, a path without symbolic links; return where the old data
    is now. `files` takes pictures and files where they do not lie on this machine. Raises
    Problem."""
    refuse_while_in_use(var)
    moving.require_movable(var)
    said = manifest.read(source)
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S")
    aside = var.with_name(f"{var.name}.before-restore-{stamp}")
    ready = var.with_name(f".{var.name}.{os.getpid()}.restoring")
    try:
        prepare(source, said, ready, env.with_var(ready), progress)
        if files and said.blobs:
            files(ready, said)
            shutil.rmtree(ready / manifest.BLOBS)
        refuse_while_in_use(var)
        moving.swap(var, aside, ready)
    finally:
        shutil.rmtree(ready, ignore_errors=True)
    if (aside / STAYS).exists():
        (aside / STAYS).rename(var / STAYS)
    return aside


def rehearse(source: Path, var: Path, progress: Progress) -> Manifest:
    """Unpack `source`, check it and bring it up to date as `restore` does, beside `var`, and remove
    that again. The site may run. Raises Problem."""
    said = manifest.read(source)
    ready = var.with_name(f".{var.name}.{os.getpid()}.rehearsing")
    try:
        prepare(source, said, ready, sites.in_files(ready).variables, progress)
    finally:
        shutil.rmtree(ready, ignore_errors=True)
    return said


def prepare(
    source: Path, said: Manifest, ready: Path, variables: Mapping[str, str], progress: Progress
) -> None:
    """Make `ready`, a data folder with the backup in it, checked and brought up to date.
    `variables`: of a site with its data there. Raises Problem."""
    with _sentence(ready):
        room.require(ready.parent, sum(file.bytes for file in said.files.values()))
        ready.mkdir(mode=0o700)
        _unpack(source, said, ready, progress)
        _check(ready)
        _adopt(variables)
        sync(ready)


def _unpack(source: Path, said: Manifest, ready: Path, progress: Progress) -> None:
    (ready / manifest.SECRETS).mkdir(mode=0o700)
    for name, file in said.files.items():
        done = 0

        def advance(more: int, name: str = name, size: int = file.bytes) -> None:
            nonlocal done
            done += more
            progress(name, done, size)

        try:
            (ready / name).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            shutil.copyfile(source / name, ready / name)
        except FileNotFoundError as error:
            raise Problem(f"{source} is not complete: {name} is missing.") from error
        if manifest.described(ready / name, advance) != file:
            raise Problem(
                f"{source / name} is not the file that the manifest names; it is damaged."
            )


def _check(ready: Path) -> None:
    for name in DATABASES.values():
        check_database(ready / name, name)
        _refuse_newer(ready / name, name)
    folder = ready / manifest.SECRETS
    try:
        for purpose in settings.SECRETS:
            if purpose not in NEWER or (folder / purpose).exists():
                env.secret(folder, purpose)
        make_secrets.main(folder)
    except env.BadSetting as error:
        raise Problem(f"The secrets of the backup are of no use: {error}.") from error


def _refuse_newer(path: Path, name: str) -> None:
    """This version would neither keep nor read a table that it does not know."""
    known = set(MigrationLoader(None, ignore_no_migrations=True).disk_migrations)
    known |= {(STORE, path.stem) for path in OF_MESSAGES.glob("[0-9]*.py")}  # of whatever engine
    with closing(sqlite3.connect(path)) as database:
        applied = set(database.execute("SELECT app, name FROM django_migrations"))
    unknown = sorted(f"{app}.{migration}" for app, migration in applied - known)
    if unknown:
        raise Problem(
            f"{name} was made by a newer version of the site, with {unknown[0]}. Update first."
        )


def _adopt(variables: Mapping[str, str]) -> None:
    """Run as the site that it will be: a process with its data there."""
    done = sites.manage(variables, "restored")
    if done.returncode:
        raise Problem(f"The tables could not be brought up to date: {done.stderr.strip()}")


def _is_open(path: Path) -> bool:
    """SQLite leaves the write-ahead log only where nobody else has the file open. The old data is
    one closed file afterwards; a damaged one has no owner."""
    try:
        with closing(sqlite3.connect(path, timeout=0)) as database:
            [mode] = database.execute("PRAGMA journal_mode=DELETE").fetchone()
    except sqlite3.OperationalError as error:
        return "locked" in str(error)
    except sqlite3.DatabaseError:
        return False
    return bool(mode == "wal")


@contextmanager
def _sentence(var: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, sqlite3.Error) as error:
        said = getattr(error, "strerror", None) or error
        raise Failed(f"The backup could not be unpacked beside {var} ({said}).") from error
