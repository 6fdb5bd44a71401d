"""Those who read slowly: what they hold up is other readers, and no upload."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, suppress

import pytest

from media.backends.s3 import transfer
from media.backends.s3.store import S3Store
from media.stores import PART_MAX, StoreAway
from tests.services import as_settings

BLOB = secrets.token_bytes(16)
HEAD = "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n"


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """As much of S3 as takes a part of five bytes, and gives a large one."""
    with suppress(ConnectionError):
        while method := (await reader.readline()).partition(b" ")[0]:
            while (await reader.readline()).strip():
                pass
            given = PART_MAX if method == b"GET" else 0
            if not given:
                await reader.readexactly(5)
            writer.write(HEAD.format(given).encode() + bytes(given))
            await writer.drain()
    writer.close()


@pytest.fixture
async def store() -> AsyncIterator[S3Store]:
    server = await asyncio.start_server(_answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    given = {"ENDPOINT_URL": f"http://127.0.0.1:{port}", "BUCKET": "b"}
    store = S3Store(as_settings({**given, "ACCESS_KEY": "a", "SECRET_KEY": "s"}))
    yield store
    await store.close()
    server.close()


async def test_when_all_places_are_taken_others_are_told_to_wait_and_uploads_go_on(
    store: S3Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transfer, "GETS", 2)
    monkeypatch.setattr(transfer, "CONNECT_SECONDS", 0.1)
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
