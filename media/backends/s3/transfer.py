"""The bytes of parts, to addresses that were signed here. A connection pool for each direction, so
that readers who take their time hold up no upload."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from http import HTTPStatus
from weakref import WeakKeyDictionary

from aiohttp import ClientResponse, ClientSession, ClientTimeout, TCPConnector
from yarl import URL

from media.backends.s3 import answers
from media.backends.s3.answers import Body
from media.backends.s3.plain import Plain
from media.stores import CHUNK, Part

PUTS, GETS = 32, 256  # connections of a process


class Transfer:
    def __init__(self, ca: str) -> None:
        """`ca`: file with the certificate of the authority, or empty."""
        self._ca = ca
        self._plain = Plain()
        self._sessions: WeakKeyDictionary[
            asyncio.AbstractEventLoop, tuple[ClientSession, ClientSession]
        ] = WeakKeyDictionary()

    async def put(
        self, url: str, data: bytes | bytearray | memoryview, headers: dict[str, str]
    ) -> None:
        """`headers`: which are signed, with the length. Raises StoreAway."""
        puts, _ = self._pools()
        kind = {"Content-Type": "application/octet-stream"}
        with answers.told():
            async with (
                asyncio.timeout(answers.PUT_SECONDS),
                puts.put(
                    URL(url, encoded=True), data=_sliced(data), headers={**kind, **headers}
                ) as answer,
            ):
                await _good(answer)

    def get(self, url: str) -> AbstractAsyncContextManager[Part]:
        """Raises Missing, StoreAway. What the body of the `async with` raises goes through."""
        parsed = URL(url, encoded=True)
        return self._plain.get(parsed) if parsed.scheme == "http" else self._get(parsed)

    @asynccontextmanager
    async def _get(self, url: URL) -> AsyncIterator[Part]:
        _, gets = self._pools()
        with answers.told():
            async with asyncio.timeout(answers.ANSWER_SECONDS):
                answer = await gets.get(url)
                await _good(answer)
        try:
            body = Body(answer.content_length)
            yield Part(body.size, _chunks(answer, body))
        finally:
            answer.close() if not answer.content.at_eof() else answer.release()

    async def close(self) -> None:
        self._plain.close()
        pools = self._sessions.pop(asyncio.get_running_loop(), ())
        for pool in pools:
            await pool.close()

    def _pools(self) -> tuple[ClientSession, ClientSession]:
        loop = asyncio.get_running_loop()
        if loop not in self._sessions:
            self._sessions[loop] = self._pool(PUTS), self._pool(GETS)
        return self._sessions[loop]

    def _pool(self, count: int) -> ClientSession:
        context = ssl.create_default_context(cafile=self._ca) if self._ca else True
        return ClientSession(
            connector=TCPConnector(limit=count, ssl=context),
            timeout=ClientTimeout(total=None, connect=answers.CONNECT_SECONDS),
            read_bufsize=CHUNK // 2,  # it takes twice that before it stops the server
            auto_decompress=False,
        )


async def _sliced(data: bytes | bytearray | memoryview) -> AsyncIterator[memoryview]:
    view = memoryview(data)
    for start in range(0, len(view), CHUNK):
        yield view[start : start + CHUNK]


async def _good(answer: ClientResponse) -> None:
    """Raises what an answer other than 200 means."""
    if answer.status != HTTPStatus.OK:
        said = await answer.content.read(answers.ERROR_MAX)
        answer.close()
        answers.refuse(answer.status, said)


async def _chunks(answer: ClientResponse, body: Body) -> AsyncIterator[bytes]:
    """As they come, which is at most CHUNK at a time: to put them together would be a copy."""
    while body.left:
        async with body.awaited():
            chunk, _ = await answer.content.readchunk()
        body.come(len(chunk))
        yield chunk
