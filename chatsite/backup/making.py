"""A backup of the running site: messages first, accounts second, so that everybody in a
conversation of the copy has an account in it. No transaction spans both databases; messages that
are newer than the copy are what a restore loses, and never half of one.
"""

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from chatsite.backup import Failed, Problem, blobs, manifest, room
from chatsite.rotation.files import held

PAGES = 4096  # a step: 16 MB, between two of which a waiting writer is let in

Progress = Callable[[str, int, int], None]  # what, bytes done, bytes in all


def make(
    target: Path,
    databases: dict[str, Path],
    var: Path,
    progress: Progress,
    files: Callable[[Path], None] | None = None,
) -> None:
    """Write the backup `target` of the site in `var`, whole or not at all. No secret is rotated
    meanwhile: rows of the copy may need a key that is about to be dropped. `files` puts pictures
    and files into the folder; if not given, those on this machine are copied. Raises Problem."""
    with written(target, databases.values()) as partial:
        with held(var / manifest.SECRETS):
            for alias, name in manifest.DATABASES.items():
                _copy_database(databases[alias], partial / name, name, progress)
            copy_secrets(var / manifest.SECRETS, partial / manifest.SECRETS)
        if files:
            files(partial)
        else:
            _copy_blobs(var / manifest.BLOBS, partial, progress)


@contextmanager
def written(target: Path, copied: Iterable[Path] = ()) -> Iterator[Path]:
    """A folder to write a backup into, which becomes `target` at the end, or goes. `copied`: files
    that there must be room for. Raises Problem."""
    require_free(target)
    room.require(target.parent, sum(path.stat().st_size for path in copied))
    partial = target.with_name(f".{target.name}.{os.getpid()}.partial")
    try:
        with _sentence(target):
            partial.mkdir(mode=0o700)
            yield partial
            manifest.write(partial, datetime.now(UTC).isoformat(timespec="seconds"))
            sync(partial)
            partial.rename(target)
            sync_folder(target.parent)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def require_free(target: Path) -> None:
    """Raises Problem where no folder of that name can be made."""
    if target.exists() or target.is_symlink():
        raise Problem(f"{target} is there already; name a folder that is not.")
    if not target.parent.is_dir():
        raise Problem(f"There is no folder {target.parent} to put the backup into.")


def check_database(path: Path, name: str) -> None:
    """It opens, is whole, and every reference in it leads somewhere. Raises Problem."""
    try:
        with closing(sqlite3.connect(path)) as database:
            [[said], *_] = database.execute("PRAGMA integrity_check(1)").fetchall()
            dangling = database.execute("PRAGMA foreign_key_check").fetchone()
    except sqlite3.DatabaseError as error:
        raise Problem(f"{name} cannot be opened as a database ({error}).") from error
    if said != "ok":
        raise Problem(f"{name} is damaged: {said}.")
    if dangling is not None:
        raise Problem(f"{name} is damaged: a row of {dangling[0]} names one that is not there.")


def sync(folder: Path) -> None:
    """Everything in it is on the disk, and only its owner may read it."""
    for path in [*folder.rglob("*"), folder]:
        path.chmod(0o700 if path.is_dir() else 0o600)
        sync_folder(path)


def sync_folder(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _copy_database(source: Path, target: Path, name: str, progress: Progress) -> None:
    """A copy of one moment. The open read holds that moment: without it SQLite would start the
    copy again at every write, and never finish on a busy site."""
    uri = f"{source.resolve().as_uri()}?mode=ro"
    with (
        closing(sqlite3.connect(uri, uri=True, isolation_level=None)) as reading,
        closing(sqlite3.connect(target)) as copy,
    ):
        reading.execute("BEGIN")
        [size] = reading.execute("PRAGMA page_size").fetchone()
        reading.execute("SELECT count(*) FROM sqlite_master").fetchone()
        reading.backup(
            copy,
            pages=PAGES,
            progress=lambda _, left, pages: progress(name, (pages - left) * size, pages * size),
        )
        copy.execute("PRAGMA journal_mode=DELETE").fetchone()  # one file, nothing beside it
    progress(f"checking {name}", 0, 0)
    check_database(target, name)


def copy_secrets(source: Path, target: Path) -> None:
    """What else lies there, such as the copy of an editor, no restore would take."""
    target.mkdir(mode=0o700)
    for path in sorted(source.iterdir()):
        if path.is_file() and manifest.holds(f"{manifest.SECRETS}/{path.name}"):
            shutil.copyfile(path, target / path.name)


def _copy_blobs(source: Path, partial: Path, progress: Progress) -> None:
    """None where they lie in an S3 server."""
    if not source.is_dir():
        return
    wanted = blobs.whole(partial / manifest.DATABASES["default"])
    size, done = sum(wanted.values()), 0
    room.require(partial, size)
    for more in blobs.copy(wanted, source, partial):
        done += more
        progress(blobs.WHAT, done, size)


@contextmanager
def _sentence(target: Path) -> Iterator[None]:
    try:
        yield
    except Failed:
        raise
    except Problem as problem:
        raise Failed(f"The copy is not good, and was removed: {problem}") from problem
    except (OSError, sqlite3.Error) as error:
        said = getattr(error, "strerror", None) or error
        raise Failed(f"{target} could not be written ({said}); nothing was left there.") from error
