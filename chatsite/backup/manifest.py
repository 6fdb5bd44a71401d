"""What a backup holds, with sizes and hashes, so that a damaged or foreign folder is refused."""

import hashlib
import re
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import msgspec

from chatsite.backup import Problem

NAME = "manifest.json"
FORMAT = 1
MANIFEST_MAX = 512_000_000  # bytes: some three million files
CHUNK = 1 << 20
DATABASES = {"messages": "messages.sqlite3", "default": "site.sqlite3"}  # in the order of copying
SECRETS, BLOBS = "secrets", "blobs"
_FILE = re.compile(
    rf"{'|'.join(map(re.escape, DATABASES.values()))}|{SECRETS}/[A-Za-z0-9_-]+(?:\.pub)?"
    rf"|{BLOBS}/[0-9a-f]{{2}}/[0-9a-f]{{32}}/[0-9]{{1,9}}"
)

Advance = Callable[[int], None]  # bytes more


class File(msgspec.Struct, forbid_unknown_fields=True):
    bytes: Annotated[int, msgspec.Meta(ge=0)]
    sha256: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]


class Manifest(msgspec.Struct, forbid_unknown_fields=True):
    format: int
    made: str  # UTC
    files: dict[str, File]

    @property
    def blobs(self) -> list[str]:
        """Parts of pictures and files, each as blobs/ab/id/n."""
        return [name for name in self.files if name.startswith(f"{BLOBS}/")]


def holds(name: str) -> bool:
    """Whether a backup may have a file of this name."""
    return _FILE.fullmatch(name) is not None


def write(folder: Path, made: str) -> Manifest:
    """The manifest of all files in `folder`, as they read back from the disk. Raises Problem where
    `read` would not take it."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    files = {path.relative_to(folder).as_posix(): described(path) for path in paths}
    manifest = Manifest(FORMAT, made, files)
    encoded = msgspec.json.format(msgspec.json.encode(manifest), indent=2)
    if len(encoded) > MANIFEST_MAX:
        raise Problem(f"{len(files):,} files are too many for a backup: stop the site and copy it.")
    (folder / NAME).write_bytes(encoded)
    return manifest


def read(folder: Path) -> Manifest:
    """Raises Problem for anything that `write` would not have written."""
    path = folder / NAME
    try:
        with path.open("rb") as file:
            manifest = msgspec.json.decode(file.read(MANIFEST_MAX), type=Manifest)
    except OSError as error:
        raise Problem(f"{folder} is no backup: cannot read {path} ({error.strerror}).") from error
    except msgspec.DecodeError as error:
        raise Problem(f"{path} is not the manifest of a backup ({error}).") from error
    if manifest.format != FORMAT:
        raise Problem(
            f"{folder} is a backup of format {manifest.format}; this version reads {FORMAT}."
        )
    for name in manifest.files:
        if not holds(name):
            raise Problem(f"{path} names {name!r}, which no backup holds.")
    for name in DATABASES.values():
        if name not in manifest.files:
            raise Problem(f"{folder} is not complete: {path} does not name {name}.")
    return manifest


def described(path: Path, advance: Advance = lambda _: None) -> File:
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
            size += len(chunk)
            advance(len(chunk))
    return File(size, digest.hexdigest())
