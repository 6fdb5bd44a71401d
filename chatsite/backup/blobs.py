"""Pictures and files of a backup: what the copied accounts say is whole, part by part. They are
copied last. What was deleted meanwhile is not there, nor are its messages after a restore.
"""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from chatsite.backup.manifest import BLOBS
from media.models import Blob, BlobHold, State

WHAT = "pictures and files"
_HELD = f"SELECT blob_id FROM {BlobHold._meta.db_table}"  # noqa: S608
_WHOLE = f"SELECT blob, size FROM {Blob._meta.db_table} WHERE state IN (?, ?) OR id IN ({_HELD})"  # noqa: S608


def whole(accounts: Path) -> dict[str, int]:
    """From the file of a database: the ids of blobs that messages may have or that are held for a
    report, with bytes."""
    with closing(sqlite3.connect(accounts)) as database:
        rows = database.execute(_WHOLE, (State.WHOLE, State.LINKED))
        return {bytes(blob).hex(): size for blob, size in rows}


def copy(wanted: dict[str, int], source: Path, target: Path) -> Iterator[int]:
    """Each blob, as the store in files keeps it; yields the bytes of each."""
    for name, size in wanted.items():
        folder = Path(name[:2], name)
        for n in _parts(source / folder):
            (target / BLOBS / folder).mkdir(parents=True, exist_ok=True)
            try:
                shutil.copyfile(source / folder / n, target / BLOBS / folder / n)
            except FileNotFoundError:  # its message was deleted just now
                break
        yield size


def _parts(folder: Path) -> list[str]:
    try:
        return [path.name for path in folder.iterdir() if path.name.isdecimal()]
    except FileNotFoundError:
        return []
