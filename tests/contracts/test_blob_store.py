"""What every BlobStore keeps. What one process puts, another reads."""

import asyncio
import secrets
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from media.backends.files import FileStore
from media.backends.s3.store import S3Store
from media.stores import CHUNK, PART_MAX, BlobStore, Missing, Stored
from tests.contracts import factories
from tests.services import as_settings, own_bucket

Make = factories.Make[BlobStore]
ENDS = bytes(16), b"\xff" * 16  # the ids at both ends of a listing


@asynccontextmanager
async def files(count: int) -> AsyncIterator[list[BlobStore]]:
    with tempfile.TemporaryDirectory() as folder:
        made = [FileStore(Path(folder) / "blobs", free_min=0) for _ in range(count)]
        yield list(made)
        for one in made:
            await one.close()


@asynccontextmanager
async def s3(count: int) -> AsyncIterator[list[BlobStore]]:
    """In a bucket of its own."""
    with own_bucket() as given:
        made = [S3Store(as_settings(given)) for _ in range(count)]
        await made[0].prepare()
        yield list(made)
        for one in made:
            await one.close()


make = factories.factory(files, s3)


def new_blob() -> bytes:
    return secrets.token_bytes(16)


async def read(store: BlobStore, blob: bytes, n: int) -> bytes:
    async with store.get(blob, n) as part:
        chunks = [chunk async for chunk in part.chunks]
    assert all(0 < len(chunk) <= CHUNK for chunk in chunks)
    assert part.size == sum(map(len, chunks))
    return b"".join(chunks)


async def listed(store: BlobStore) -> list[Stored]:
    found: list[Stored] = []
    while page := await store.blobs(found[-1].blob if found else None):
        found += page
    return found


async def test_what_one_puts_another_reads(make: Make) -> None:
    here, there = await make(2)
    blob, data = new_blob(), secrets.token_bytes(3 * CHUNK + 1)
    await here.put(blob, 0, data)
    await here.put(blob, 11, memoryview(data)[:70])
    await here.put(blob, 2, bytearray(b"x"))
    assert await there.sizes(blob) == {0: len(data), 2: 1, 11: 70}
    assert await read(there, blob, 0) == data
    assert await read(there, blob, 11) == data[:70]
    assert await there.sizes(new_blob()) == {}


async def test_a_part_may_have_all_sizes_up_to_its_largest(make: Make) -> None:
    [store] = await make(1)
    blob, data = new_blob(), secrets.token_bytes(PART_MAX)
    await store.put(blob, 0, data)
    await store.put(blob, 1, b"")
    assert await read(store, blob, 0) == data
    assert await read(store, blob, 1) == b""
    assert await store.sizes(blob) == {0: PART_MAX, 1: 0}
    with pytest.raises(ValueError):
        await store.put(blob, 2, data + b"x")


async def test_what_is_not_there_is_missing(make: Make) -> None:
    [store] = await make(1)
    blob = new_blob()
    await store.put(blob, 1, b"x")
    for absent in ((blob, 0), (new_blob(), 1)):
        with pytest.raises(Missing):
            async with store.get(*absent):
                pass


async def test_a_part_that_is_put_again_is_replaced(make: Make) -> None:
    [store] = await make(1)
    blob = new_blob()
    for data in (b"first", b"first", b"another one"):
        await store.put(blob, 0, data)
        assert await read(store, blob, 0) == data
    assert await store.sizes(blob) == {0: 11}


async def test_of_several_at_once_one_stays_whole(make: Make) -> None:
    stores = await make(4)
    blob = new_blob()
    written = [bytes([n]) * (CHUNK + n) for n in range(8)]
    await asyncio.gather(
        *(stores[n % 4].put(blob, 0, data) for n, data in enumerate(written)),
        *(stores[n % 4].put(blob, n + 1, data) for n, data in enumerate(written)),
    )
    assert await read(stores[0], blob, 0) in written
    for n, data in enumerate(written):
        assert await read(stores[1], blob, n + 1) == data


async def test_a_reader_that_stops_early_holds_nothing_up(make: Make) -> None:
    [store] = await make(1)
    blob = new_blob()
    await store.put(blob, 0, bytes(PART_MAX))
    for _ in range(40):  # more than there are connections or threads
        async with store.get(blob, 0) as part:
            assert await anext(part.chunks)
    assert len(await read(store, blob, 0)) == PART_MAX


async def test_a_part_that_is_replaced_meanwhile_is_read_as_it_was(make: Make) -> None:
    here, there = await make(2)
    blob = new_blob()
    await here.put(blob, 0, b"a" * PART_MAX)
    async with there.get(blob, 0) as part:
        await here.put(blob, 0, b"b" * PART_MAX)
        seen = b"".join([chunk async for chunk in part.chunks])
    assert set(seen) == set(b"a")
    assert len(seen) == PART_MAX


async def test_deleting_takes_every_part_and_nothing_else(make: Make) -> None:
    here, there = await make(2)
    gone, kept = new_blob(), new_blob()
    for n in range(5):
        await here.put(gone, n, b"x")
    await here.put(kept, 0, b"y")
    await there.delete(gone)
    await there.delete(gone)
    assert await here.sizes(gone) == {}
    with pytest.raises(Missing):
        async with here.get(gone, 0):
            pass
    assert await read(here, kept, 0) == b"y"
    assert [one.blob for one in await listed(here)] == [kept]
    await here.put(gone, 0, b"again")
    assert await read(there, gone, 0) == b"again"


async def test_putting_and_deleting_at_once_leave_a_blob_that_can_be_used(make: Make) -> None:
    here, there = await make(2)
    blob = new_blob()
    for _ in range(10):
        await asyncio.gather(
            *(here.put(blob, n, b"data") for n in range(4)), there.delete(blob), here.delete(blob)
        )
        assert all(size == 4 for size in (await here.sizes(blob)).values())
    await here.delete(blob)
    assert await listed(here) == []


async def test_a_listing_has_every_blob_once_with_its_parts(make: Make) -> None:
    here, there = await make(2)
    before = time.time() - 60  # the store's clock is another one
    blobs = sorted([*ENDS, *(new_blob() for _ in range(5))])
    for number, blob in enumerate(blobs, 1):
        await asyncio.gather(*(here.put(blob, n, bytes(n + 1)) for n in range(number)))
    found = await listed(there)
    assert [one.blob for one in found] == blobs
    assert [one.parts for one in found] == list(range(1, len(blobs) + 1))
    assert [one.size for one in found] == [n * (n + 1) // 2 for n in range(1, len(blobs) + 1)]
    assert all(before < one.changed / 1000 < time.time() + 60 for one in found)
    assert [one.blob for one in await there.blobs(blobs[2])] == blobs[3:]
    assert await there.blobs(ENDS[1]) == []


async def test_an_empty_store_lists_nothing_and_can_be_used(make: Make) -> None:
    [store] = await make(1)
    assert await store.blobs() == []
    await store.delete(new_blob())
    await store.check()


async def test_only_ids_and_numbers_of_parts_are_taken(make: Make) -> None:
    [store] = await make(1)
    for blob, n in ((b"short", 0), (bytes(17), 0), (bytes(16), -1)):
        with pytest.raises(ValueError):
            await store.put(blob, n, b"x")
        with pytest.raises(ValueError):
            async with store.get(blob, n):
                pass
    with pytest.raises(ValueError):
        await store.sizes(b"../etc")


async def test_a_store_that_was_closed_opens_again(make: Make) -> None:
    [store] = await make(1)
    blob = new_blob()
    await store.put(blob, 0, b"x")
    await store.close()
    assert await read(store, blob, 0) == b"x"
