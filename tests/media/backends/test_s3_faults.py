"""The store in an S3 server that is away, slow, cut off in the middle, killed."""

import asyncio
import random
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest

from media.backends.s3 import answers
from media.backends.s3.store import S3Store
from media.stores import PART_MAX, BlobStore, Missing, StoreAway
from testkit.s3 import s3_variables
from tests.chaos.proxy import OUT, Door, Weather
from tests.services import as_settings, own_bucket, own_s3

LOCAL = "127.0.0.1"
SOON = 30.0  # until it is asked again and answers
QUICK = 0.5  # in place of what a wait may take
BLOB = secrets.token_bytes(16)


@pytest.fixture
async def door() -> AsyncIterator[tuple[Door, S3Store, S3Store]]:
    """To the S3 server; the store that goes through it, and one that does not."""
    with own_bucket() as given:
        straight = S3Store(as_settings(given))
        await straight.prepare()
        _, _, port = given["S3_ENDPOINT_URL"].rpartition(":")
        between = await Door((LOCAL, int(port)), random.Random(1), speaks="").open()
        through = S3Store(
            as_settings({**given, "S3_ENDPOINT_URL": f"http://{LOCAL}:{between.port}"})
        )
        yield between, through, straight
        await through.close()
        await between.close()
        await straight.close()


async def read(store: BlobStore, n: int = 0) -> bytes:
    async with store.get(BLOB, n) as part:
        return b"".join([chunk async for chunk in part.chunks])


async def again(store: BlobStore) -> None:
    """Until it is asked once more, and answers."""
    async with asyncio.timeout(SOON):
        while True:
            with suppress(StoreAway):
                await store.sizes(BLOB)
                return
            await asyncio.sleep(0.1)  # nobody tells


async def test_a_server_that_is_away_is_noticed_and_asked_again(
    door: tuple[Door, S3Store, S3Store],
) -> None:
    between, store, _ = door
    await store.put(BLOB, 0, b"before")
    between.set(Weather(refuse=True))
    for _ in range(4):
        with pytest.raises(StoreAway):
            await store.put(BLOB, 1, b"x")
    for call in (store.sizes(BLOB), store.delete(BLOB), store.blobs(), read(store)):
        with pytest.raises(StoreAway, match=r"is asked once a second|does not answer"):
            await call
    between.set(Weather())
    await again(store)
    assert await read(store) == b"before"
    assert await store.sizes(BLOB) == {0: 6}


async def test_what_is_missing_or_wrong_is_no_outage(door: tuple[Door, S3Store, S3Store]) -> None:
    _, store, _ = door
    for _ in range(5):
        with pytest.raises(Missing):
            await read(store)
    await store.put(BLOB, 0, b"x")
    assert await read(store) == b"x"


async def test_a_byte_a_second_is_as_good_as_away(
    door: tuple[Door, S3Store, S3Store], monkeypatch: pytest.MonkeyPatch
) -> None:
    between, store, straight = door
    await straight.put(BLOB, 0, bytes(PART_MAX))
    await store.sizes(BLOB)
    for wait in ("PUT_SECONDS", "ANSWER_SECONDS", "CHUNK_SECONDS"):
        monkeypatch.setattr(answers, wait, QUICK)
    between.set(Weather(slow=True))
    with pytest.raises(StoreAway, match="TimeoutError"):
        await read(store)
    between.set(Weather(hold=frozenset({OUT})))
    with pytest.raises(StoreAway, match="TimeoutError"):
        await store.put(BLOB, 1, bytes(PART_MAX))
    between.set(Weather())
    await again(store)
    assert await straight.sizes(BLOB) == {0: PART_MAX}


async def test_a_reader_who_takes_their_time_is_no_slow_server(
    door: tuple[Door, S3Store, S3Store], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, store, _ = door
    await store.put(BLOB, 0, bytes(PART_MAX))
    monkeypatch.setattr(answers, "CHUNK_SECONDS", QUICK)
    async with store.get(BLOB, 0) as part:
        first = await anext(part.chunks)
        await asyncio.sleep(2 * QUICK)  # it is the time that is tried
        rest = b"".join([chunk async for chunk in part.chunks])
    assert len(first) + len(rest) == PART_MAX


async def test_a_download_that_is_cut_is_told_and_never_shortened(
    door: tuple[Door, S3Store, S3Store],
) -> None:
    between, store, straight = door
    await straight.put(BLOB, 0, bytes(PART_MAX))
    seen: list[int] = []

    async def reading() -> None:
        async with store.get(BLOB, 0) as part:
            async for chunk in part.chunks:
                seen.append(len(chunk))
                if sum(seen) > PART_MAX // 2:
                    between.cut()

    with pytest.raises(StoreAway):
        await reading()
    assert sum(seen) < PART_MAX
    assert await read(store) == bytes(PART_MAX)


@asynccontextmanager
async def cutting(port: int, after: int) -> AsyncIterator[int]:
    """A port that leads there, and ends every connection after so many bytes went up."""

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        back, server = await asyncio.open_connection(LOCAL, port)
        left = after
        while left and (data := await reader.read(min(left, 65536))):
            server.write(data)
            await server.drain()
            left -= len(data)
        server.transport.abort()
        writer.transport.abort()
        back.feed_eof()

    async with await asyncio.start_server(accept, LOCAL, 0) as listening:
        yield listening.sockets[0].getsockname()[1]


async def test_an_upload_that_is_cut_at_90_per_cent_leaves_what_was_there(
    door: tuple[Door, S3Store, S3Store],
) -> None:
    between, _, straight = door
    await straight.put(BLOB, 0, b"older")
    async with cutting(between.upstream[1], PART_MAX * 9 // 10) as port:
        options = {**straight._s3, "ENDPOINT_URL": f"http://{LOCAL}:{port}"}
        store = S3Store(options)
        for n in (0, 1):
            with pytest.raises(StoreAway):
                await store.put(BLOB, n, bytes(PART_MAX))
        await store.close()
    assert await straight.sizes(BLOB) == {0: 5}
    assert await read(straight) == b"older"
    await straight.put(BLOB, 0, bytes(PART_MAX))
    assert await straight.sizes(BLOB) == {0: PART_MAX}


async def test_a_server_that_is_killed_while_parts_go_up_loses_none_that_was_confirmed() -> None:
    with own_s3() as server:
        store = S3Store(as_settings(s3_variables(server.url)))
        await store.prepare()
        written = {n: secrets.token_bytes(200_000 + n) for n in range(60)}
        confirmed: set[int] = set()

        async def sending(numbers: range) -> None:
            for n in numbers:
                with suppress(StoreAway):
                    await store.put(BLOB, n, written[n])
                    confirmed.add(n)
                if len(confirmed) == 20:
                    await asyncio.to_thread(server.kill)

        await asyncio.gather(*(sending(range(first, 60, 4)) for first in range(4)))
        assert 20 <= len(confirmed) < 60
        await asyncio.to_thread(server.start)
        await again(store)
        sizes = await store.sizes(BLOB)
        assert confirmed <= sizes.keys()
        for n in sizes:
            assert await read(store, n) == written[n]
        for n in written.keys() - sizes.keys():
            await store.put(BLOB, n, written[n])
        assert await store.sizes(BLOB) == {n: len(data) for n, data in written.items()}
        await store.close()
