"""What blobs in files are held to beyond the contract: the disk."""

import errno
import io
import os
import secrets
import threading
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from chatsite.running.needs import Unfit
from media.backends.files import FileStore, Opened
from media.stores import PART_MAX, StoreAway, StoreFull

BLOB = secrets.token_bytes(16)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[FileStore]:
    made = FileStore(tmp_path / "blobs", free_min=0)
    yield made
    await made.close()


async def test_files_are_for_their_owner_alone(store: FileStore, tmp_path: Path) -> None:
    await store.put(BLOB, 0, b"x")
    made = [tmp_path / "blobs", *(tmp_path / "blobs").rglob("*")]
    assert {oct(one.stat().st_mode & 0o777) for one in made if one.is_dir()} == {"0o700"}
    assert {oct(one.stat().st_mode & 0o777) for one in made if one.is_file()} == {"0o600"}


async def test_a_part_is_on_the_disk_under_its_name_before_it_is_acknowledged(
    store: FileStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[str] = []
    real, place = os.fsync, tmp_path / "blobs" / BLOB.hex()[:2] / BLOB.hex()

    def noted(descriptor: int) -> None:
        at = Path(f"/proc/self/fd/{descriptor}").readlink()
        synced.append("folder" if at.is_dir() else "part")
        assert at.is_dir() or not (place / "0").exists()
        if at == place:
            assert (place / "0").read_bytes() == b"x"
        real(descriptor)

    monkeypatch.setattr(os, "fsync", noted)
    await store.put(BLOB, 0, b"x")
    assert synced == ["folder", "folder", "folder", "part", "folder"]


async def test_a_disk_that_is_nearly_full_takes_nothing_more(tmp_path: Path) -> None:
    store = FileStore(tmp_path / "blobs", free_min=1 << 60)
    with pytest.raises(StoreFull):
        await store.put(BLOB, 0, b"x")
    assert await store.sizes(BLOB) == {}
    await store.delete(BLOB)
    await store.close()


@pytest.mark.parametrize(
    ("number", "error"),
    [(errno.ENOSPC, StoreFull), (errno.EDQUOT, StoreFull), (errno.EIO, StoreAway)],
)
async def test_what_a_disk_refuses_leaves_nothing_behind(
    store: FileStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, error: type
) -> None:
    await store.put(BLOB, 0, b"before")

    def refused(_descriptor: int) -> None:
        raise OSError(number, os.strerror(number), str(tmp_path))

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", refused)
        with pytest.raises(StoreAway) as raised:
            await store.put(BLOB, 0, bytes(PART_MAX))
    assert type(raised.value) is error
    assert str(tmp_path) not in str(raised.value)
    assert await store.sizes(BLOB) == {0: 6}
    assert len([one for one in (tmp_path / "blobs").rglob("*") if one.is_file()]) == 1


async def test_what_a_crash_left_is_no_part_and_goes_with_the_blob(
    store: FileStore, tmp_path: Path
) -> None:
    folder = tmp_path / "blobs" / BLOB.hex()[:2] / BLOB.hex()
    folder.mkdir(parents=True)
    (folder / ".new-0123456789abcdef").write_bytes(b"torn")
    (tmp_path / "blobs" / "lost+found").mkdir()
    (tmp_path / "blobs" / BLOB.hex()[:2] / "stray").write_bytes(b"")
    assert await store.sizes(BLOB) == {}
    [begun] = await store.blobs()
    assert (begun.blob, begun.parts, begun.size) == (BLOB, 0, 0)
    await store.delete(BLOB)
    assert await store.blobs() == []


async def test_a_folder_that_cannot_be_used_is_told_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for folder in (tmp_path / "file" / "blobs", tmp_path / "file"):
        with pytest.raises(Unfit, match="blobs belong"):
            await FileStore(folder).check()


def test_a_file_is_closed_after_the_read_that_goes_on() -> None:
    begun, go = threading.Event(), threading.Event()

    class Slow(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            begun.set()
            go.wait(30)
            return super().read(size)

    slow = Slow(b"x")
    opened = Opened(slow)
    with ThreadPoolExecutor(1) as threads:
        reading = threads.submit(opened.read)
        begun.wait(30)
        opened.close()
        meanwhile = slow.closed
        go.set()
        assert reading.result() == b"x"
    assert (meanwhile, slow.closed) == (False, True)
    assert opened.read() == b"", "one that comes later"
