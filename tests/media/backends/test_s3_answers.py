"""What an S3 server may answer to a GET, with and without TLS; and which connections are kept."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from media.backends.s3 import answers, plain
from media.backends.s3.plain import HEAD_MAX
from media.backends.s3.store import S3Store
from media.stores import CHUNK, PART_MAX, Missing, StoreAway, StoreFull, Waiting
from tests.certificates import Authority
from tests.services import as_settings

BLOB = bytes(16)
WHOLE = bytes(range(256)) * (PART_MAX // 256)
GOOD = b"HTTP/1.1 200 OK\r\nDate: today\r\ncontent-length:  %d\r\n\r\n"
NO = b"HTTP/1.1 %s\r\nContent-Length: %d\r\n\r\n%s"

Script = Callable[[asyncio.StreamWriter], Awaitable[None]]


class Server:
    """Answers each request by `script`; counts connections."""

    def __init__(self) -> None:
        self.connections: list[asyncio.StreamWriter] = []
        self.script: Script = self.whole

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections.append(writer)
        with suppress(ConnectionError):
            while await reader.readline():
                while (await reader.readline()).strip():
                    pass
                await self.script(writer)
                await writer.drain()

    async def whole(self, writer: asyncio.StreamWriter) -> None:
        writer.write(GOOD % len(WHOLE) + WHOLE)

    def says(self, *packets: bytes, ends: bool = False) -> None:
        async def script(writer: asyncio.StreamWriter) -> None:
            for packet in packets:
                writer.write(packet)
                await asyncio.sleep(0.01)  # so that each comes by itself
            if ends:
                writer.close()

        self.script = script


@pytest.fixture(params=["plain", "tls"])
async def asked(request: Any, tmp_path: Path) -> AsyncIterator[tuple[Server, S3Store]]:
    server, context, given = Server(), None, {"BUCKET": "b", "ACCESS_KEY": "a", "SECRET_KEY": "s"}
    if request.param == "tls":
        authority = Authority(tmp_path)
        held = authority.issue("127.0.0.1")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(held.certificate, held.key)
        given["CA_FILE"] = str(authority.file)
    listening = await asyncio.start_server(server.accept, "127.0.0.1", 0, ssl=context)
    port = listening.sockets[0].getsockname()[1]
    url = f"http{'s' if context else ''}://127.0.0.1:{port}"
    store = S3Store(as_settings({**given, "ENDPOINT_URL": url}))
    yield server, store
    await store.close()
    listening.close()
    for one in server.connections:
        if not one.is_closing():  # of a TLS connection that is over nothing can be aborted
            one.transport.abort()


async def read(store: S3Store) -> bytes:
    async with store.get(BLOB, 0) as part:
        chunks = [chunk async for chunk in part.chunks]
    assert max(map(len, chunks), default=0) <= CHUNK
    assert sum(map(len, chunks)) == part.size
    return b"".join(chunks)


async def test_a_connection_is_kept_for_the_next_part(asked: tuple[Server, S3Store]) -> None:
    server, store = asked
    for _ in range(3):
        assert await read(store) == WHOLE
    assert len(server.connections) == 1


async def test_a_connection_that_the_server_ended_meanwhile_is_replaced(
    asked: tuple[Server, S3Store],
) -> None:
    server, store = asked
    for n in range(3):
        assert await read(store) == WHOLE
        server.connections[n].close()
        await server.connections[n].wait_closed()
    assert len(server.connections) == 3


@pytest.mark.parametrize("asked", ["plain"], indirect=True)
async def test_addresses_that_do_not_answer_are_passed_over(
    asked: tuple[Server, S3Store], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that this machine cannot reach at all, and one that drops what comes."""
    monkeypatch.setattr(answers, "CONNECT_SECONDS", 0.6)
    [(*kind, name, good)] = socket.getaddrinfo(
        "127.0.0.1", int(asked[1]._s3["ENDPOINT_URL"].rpartition(":")[2]), type=socket.SOCK_STREAM
    )
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full, socket.socket() as one:
        silent = full.getsockname()
        one.connect(silent)  # its queue has no room for another
        found = [
            (socket.AF_X25, socket.SOCK_STREAM, 0, "", good),
            (*kind, name, silent),
            (*kind, name, good),
        ]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
        assert await read(asked[1]) == WHOLE


@pytest.mark.parametrize("asked", ["plain"], indirect=True)
async def test_a_connection_that_waited_for_long_is_not_asked_again(
    asked: tuple[Server, S3Store], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that has gone without a word would be waited for, once for each of them."""
    server, store = asked
    monkeypatch.setattr(plain, "KEPT_SECONDS", 0.0)
    for _ in range(2):
        assert await read(store) == WHOLE
    assert len(server.connections) == 2


async def test_who_leaves_in_the_middle_leaves_nothing_to_the_next(
    asked: tuple[Server, S3Store],
) -> None:
    server, store = asked
    for taken in (0, 1):
        async with store.get(BLOB, 0) as part:
            for _ in range(taken):
                await anext(part.pieces)
    async with store.get(BLOB, 0) as part:  # told of all that waits, and took nothing of the last
        async for piece in part.pieces:
            if isinstance(piece, Waiting) and server.connections:
                break
    assert await read(store) == WHOLE


@pytest.mark.parametrize("size", [0, 1, 5])
async def test_an_answer_may_come_in_pieces(asked: tuple[Server, S3Store], size: int) -> None:
    server, store = asked
    head = GOOD % size
    server.says(head[:3], head[3:20], head[20:-2], head[-2:] + b"abcde"[: min(size, 1)],
                b"abcde"[1:size])  # fmt: skip
    assert await read(store) == b"abcde"[:size]
    assert await read(store) == b"abcde"[:size]


@pytest.mark.parametrize("asked", ["plain"], indirect=True)
async def test_a_connection_with_more_than_was_asked_for_is_not_used_again(
    asked: tuple[Server, S3Store],
) -> None:
    server, store = asked
    server.says(GOOD % 3 + b"abcxyz")
    assert await read(store) == b"abc"
    server.script = server.whole
    assert await read(store) == WHOLE


ERROR = b"<Error><Code>%s</Code></Error>"
REFUSALS = {
    "missing": (b"404 Not Found", b"NoSuchKey", Missing, None),
    "no bucket": (b"404 Not Found", b"NoSuchBucket", StoreAway, "404 NoSuchBucket"),
    "full": (b"507 Insufficient Storage", b"", StoreFull, "nothing more"),
    "elsewhere": (b"301 Moved Permanently", b"PermanentRedirect", StoreAway, "301"),
    "denied": (b"403 Forbidden", b"SignatureDoesNotMatch", StoreAway, "403 Sig"),
}


@pytest.mark.parametrize("name", REFUSALS)
async def test_each_refusal_is_told(asked: tuple[Server, S3Store], name: str) -> None:
    server, store = asked
    status, code, error, words = REFUSALS[name]
    body = ERROR % code
    server.says((NO % (status, len(body), body))[:-8], body[-8:])
    with pytest.raises(error, match=words):
        await read(store)
    chunked = b"HTTP/1.1 %s\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n"
    server.says(chunked % (status, len(body), body))
    with pytest.raises(error, match=words):
        await read(store)


@pytest.mark.parametrize(
    "answer",
    [
        b"", b"HTTP/1.1 2", b"220 mail.example ESMTP\r\n\r\n", b"HTTP/1.1 200 OK\r\n\r\nabc",
        GOOD % 10 + b"abc", GOOD.replace(b"%d", b"abc") + b"abc", GOOD.replace(b"%d", b"-1"),
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: %s\r\n" % (b"x" * HEAD_MAX) * 8 + b"\r\n",
    ],
)  # fmt: skip
async def test_what_is_no_whole_answer_is_an_outage(
    asked: tuple[Server, S3Store], answer: bytes
) -> None:
    server, store = asked
    server.says(answer, ends=True)
    with pytest.raises(StoreAway):
        await read(store)
    server.script = server.whole
    assert await read(store) == WHOLE
