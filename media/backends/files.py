"""Blobs in files of this machine: `ab/abcd…/n` below one folder, a folder for each blob.

A part is written under another name, brought to the disk and renamed; then the folder that has the
new name is brought to the disk as well. So what was acknowledged outlives a loss of power, and no
part is ever seen torn. All of it is done in a few threads of the adapter's own.
"""

import asyncio
import errno
import os
import secrets
import shutil
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from pathlib import Path
from typing import IO, TypeVar

from django.conf import settings

from chatsite.running.needs import Unfit
from media.stores import (
    CHUNK,
    PAGE,
    BlobStore,
    Missing,
    Part,
    Signed,
    StoreAway,
    Stored,
    StoreFull,
    Undeletable,
    fitting,
    id_of,
    named,
    number_of,
    numbered,
)

THREADS = 4
FREE_MIN = 256 * 1024 * 1024  # bytes of the disk that stay free for the databases beside it
TRIES = 5  # of a put whose folder somebody deletes meanwhile
NEW = ".new-"  # begins the name of a part that is not whole yet
FULL = {errno.ENOSPC, errno.EDQUOT}

T = TypeVar("T")


class FileStore(BlobStore):
    def __init__(self, folder: Path | None = None, free_min: int = FREE_MIN) -> None:
        """`folder`: settings.BLOB_FOLDER unless given; made by the first put. A put that would
        leave less than `free_min` bytes free is refused."""
        self._folder = folder or Path(settings.BLOB_FOLDER)
        self._free_min = free_min
        self._threads: ThreadPoolExecutor | None = None  # made at the first call

    async def put(self, blob: bytes, n: int, data: bytes | bytearray | memoryview) -> None:
        fitting(data)
        place = self._place(blob) / numbered(n)
        await self._run(lambda: self._put(place, data))

    def get(self, blob: bytes, n: int) -> AbstractAsyncContextManager[Part]:
        return self._get(self._place(blob) / numbered(n))

    @asynccontextmanager
    async def _get(self, place: Path) -> AsyncIterator[Part]:
        opened, size = await self._run(lambda: _opened(place))
        try:
            yield Part(size, self._chunks(opened, size))
        finally:
            opened.close()

    async def _chunks(self, opened: "Opened", size: int) -> AsyncIterator[bytes]:
        while size > 0:
            chunk = await self._run(opened.read)
            if not chunk:
                raise StoreAway("a part is shorter than it was")
            size -= len(chunk)
            yield chunk

    async def sizes(self, blob: bytes) -> dict[int, int]:
        folder = self._place(blob)
        return await self._run(lambda: dict(_parts(folder)))

    async def delete(self, blob: bytes) -> None:
        folder = self._place(blob)
        await self._run(lambda: _delete(folder), Undeletable)

    async def blobs(self, after: bytes | None = None) -> list[Stored]:
        first = "" if after is None else named(after)
        return await self._run(lambda: self._blobs(first))

    def sign_put(self, blob: bytes, n: int, size: int, sha256: bytes) -> Signed | None:
        return None

    def sign_get(self, blob: bytes, n: int) -> Signed | None:
        return None

    async def check(self) -> None:
        await self._run(self._check)

    async def prepare(self) -> list[str]:
        await self.check()
        return [f"blobs lie in {self._folder}"]

    async def close(self) -> None:
        if self._threads is not None:
            self._threads.shutdown(wait=False)
            self._threads = None

    async def _run(self, work: Callable[[], T], failed: type[StoreAway] = StoreAway) -> T:
        if self._threads is None:
            self._threads = ThreadPoolExecutor(THREADS, "blobs")
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        except OSError as error:  # its text names a path
            why = StoreFull if error.errno in FULL else failed
            raise why(f"the disk with the blobs: {os.strerror(error.errno or 0)}") from None

    def _place(self, blob: bytes) -> Path:
        name = named(blob)
        return self._folder / name[:2] / name

    def _put(self, place: Path, data: bytes | bytearray | memoryview) -> None:
        for _ in range(TRIES):
            _make(place.parent, self._folder.parent)
            with suppress(FileNotFoundError):  # somebody deletes the blob: the folder went again
                if shutil.disk_usage(place.parent).free - len(data) < self._free_min:
                    raise StoreFull("the disk with the blobs is nearly full")
                return _written(place, data)
        raise StoreAway("somebody deletes this blob again and again")

    def _blobs(self, after: str) -> list[Stored]:
        found: list[Stored] = []
        for shard in _names(self._folder):
            if shard < after[:2] or len(shard) != 2:
                continue
            for name in _names(self._folder / shard):
                blob = id_of(name)
                if name <= after or blob is None or not name.startswith(shard):
                    continue
                if stored := _stored(blob, self._folder / shard / name):
                    found.append(stored)
                if len(found) == PAGE:
                    return found
        return found

    def _check(self) -> None:
        try:
            _make(self._folder, self._folder.parent)
            probe = self._folder / f"{NEW}{secrets.token_hex(8)}"
            probe.touch(mode=0o600)
            probe.unlink()
        except PermissionError:
            raise Unfit(f"nothing may be written to {self._folder}, where blobs belong") from None
        except (FileNotFoundError, NotADirectoryError):
            raise Unfit(f"{self._folder}, where blobs belong, cannot be made") from None


class Opened:
    """A file whose reader may leave while a thread still reads: it is closed after that. Else the
    system could give its number to a connection, whose bytes the thread would take."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._turn = threading.Lock()
        self._left = False

    def read(self) -> bytes:
        """CHUNK bytes at most; empty at the end. For one thread at a time."""
        with self._turn:
            chunk = b"" if self._left else self._file.read(CHUNK)
        if self._left:
            self.close()
        return chunk

    def close(self) -> None:
        """Of a file that was only read: it waits for nothing."""
        self._left = True
        if self._turn.acquire(blocking=False):  # else the thread does it
            self._file.close()
            self._turn.release()


def _opened(place: Path) -> tuple[Opened, int]:
    try:
        file = place.open("rb", buffering=0)
    except FileNotFoundError:
        raise Missing from None
    return Opened(file), os.fstat(file.fileno()).st_size


def _make(folder: Path, stop: Path) -> None:
    """With what is above it up to `stop`; each new name is brought to the disk."""
    if folder.is_dir():
        return
    if folder != stop:
        _make(folder.parent, stop)
    with suppress(FileExistsError, FileNotFoundError):  # by somebody else; deleted again
        folder.mkdir(mode=0o700)
        _sync(folder.parent)


def _written(place: Path, data: bytes | bytearray | memoryview) -> None:
    new = place.with_name(f"{NEW}{secrets.token_hex(8)}")
    try:
        with new.open("xb", buffering=0) as file:
            os.fchmod(file.fileno(), 0o600)
            left = memoryview(data).cast("B") if len(data) else memoryview(b"")
            while left:
                left = left[file.write(left) :]
            os.fsync(file.fileno())
        new.rename(place)
    except BaseException:
        new.unlink(missing_ok=True)
        raise
    _sync(place.parent)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _names(folder: Path) -> list[str]:
    try:
        return sorted(one.name for one in folder.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return []


def _parts(folder: Path) -> Iterator[tuple[int, int]]:
    for name in _names(folder):
        n = number_of(name)
        if n is not None:
            with suppress(FileNotFoundError):
                yield n, (folder / name).stat().st_size


def _stored(blob: bytes, folder: Path) -> Stored | None:
    """None where it was deleted meanwhile. Each new part renews the time of its folder."""
    try:
        changed = folder.stat().st_mtime_ns // 1_000_000
    except FileNotFoundError:
        return None
    sizes = dict(_parts(folder))
    return Stored(blob, len(sizes), sum(sizes.values()), changed)


def _delete(folder: Path) -> None:
    for _ in range(TRIES):  # somebody may put a part meanwhile
        for name in _names(folder):
            (folder / name).unlink(missing_ok=True)
        try:
            folder.rmdir()
            return _sync(folder.parent)
        except FileNotFoundError:
            return
        except OSError as error:
            if error.errno != errno.ENOTEMPTY:
                raise
