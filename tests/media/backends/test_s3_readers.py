"""Those who read slowly: what they hold up is other readers, and no upload."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, suppress

import pytest

from chatsite.running.breaker import AWAY_AFTER
from media.backends.s3 import answers, transfer
from media.backends.s3.store import S3Store
from media.stores import CHUNK, PART_MAX, StoreAway
from tests.services import as_settings

BLOB = secrets.token_bytes(16)
COUNT = AWAY_AFTER
_open: list[asyncio.StreamWriter] = []
HEAD = "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n"


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """As much of S3 as takes a part of five bytes, and gives a large one; of part 1 a beginning."""
    _open.append(writer)
    with suppress(ConnectionError):
        while line := await reader.readline():
            while (await reader.readline()).strip():
                pass
            given = PART_MAX if line.startswith(b"GET") else 0
            if not given:
                await reader.readexactly(5)
            shown = CHUNK if b"/1?" in line else given
            writer.write(HEAD.format(given).encode() + bytes(shown))
            await writer.drain()
    writer.close()


@pytest.fixture
async def given() -> AsyncIterator[dict[str, str]]:
    """Settings of the server."""
    server = await asyncio.start_server(_answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    given = {"ENDPOINT_URL": f"http://127.0.0.1:{port}", "BUCKET": "b"}
    yield {**given, "ACCESS_KEY": "a", "SECRET_KEY": "s"}
    server.close()
    _open.clear()


@pytest.fixture
async def store(given: dict[str, str]) -> AsyncIterator[S3Store]:
    store = S3Store(as_settings(given))
    yield store
    await store.close()


async def test_when_all_places_are_taken_others_are_told_to_wait_and_uploads_go_on(
    store: S3Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transfer, "GETS", 2)
    monkeypatch.setattr(answers, "CONNECT_SECONDS", 0.1)
    async with AsyncExitStack() as slow:
        for _ in range(2):
            await slow.enter_async_context(store.get(BLOB, 0))
        for _ in range(4):
            with pytest.raises(StoreAway):
                async with store.get(BLOB, 0):
                    pass
        await store.put(BLOB, 0, b"12345")
    async with store.get(BLOB, 0) as part:
        assert sum([len(chunk) async for chunk in part.chunks]) == PART_MAX


async def test_a_server_that_ends_slow_readers_is_not_away(
    given: dict[str, str],
) -> None:
    """As one does that waits for a reader no longer than a minute."""
    for patience, away in ((60.0, False), (0.0, True)):
        now = [0.0]
        store = S3Store(as_settings(given), ticks=lambda now=now: now[0])  # type: ignore[misc]
        async with AsyncExitStack() as reading:
            parts = [await reading.enter_async_context(store.get(BLOB, 1)) for _ in range(COUNT)]
            for part in parts:
                come = 0
                while come < CHUNK:
                    come += len(await anext(part.chunks))
            now[0] += patience
            for one in _open:
                one.transport.abort()
            for part in parts:
                with pytest.raises(StoreAway):
                    await anext(part.chunks)
                now[0] += 0.1
        assert store._breaker.away is away
        await store.close()
