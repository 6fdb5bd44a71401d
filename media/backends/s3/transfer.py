"""The bytes of parts: by aiohttp, to addresses that were signed here. A connection pool for each
direction, so that readers who take their time hold up no upload."""

import asyncio
import re
import ssl
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from weakref import WeakKeyDictionary

from aiohttp import ClientError, ClientResponse, ClientSession, ClientTimeout, TCPConnector
from yarl import URL

from media.stores import CHUNK, Missing, Part, StoreAway, StoreFull

PUTS, GETS = 32, 256  # connections of a process
CONNECT_SECONDS = 3.0  # until one is free, or open
PUT_SECONDS = 30.0  # for one part, with its answer
ANSWER_SECONDS = 10.0  # until the head of an answer is there
CHUNK_SECONDS = 10.0  # for one chunk: a server that sends a byte a second is as good as away
ERROR_MAX = 4096  # bytes that are read of what a server says of an error
CODE = re.compile(rb"<Code>(\w{1,64})</Code>")
FULL = {"QuotaExceeded", "XMinioStorageFull", "InsufficientCapacity", "StorageFull"}


class Transfer:
    def __init__(self, ca: str) -> None:
        """`ca`: file with the certificate of the authority, or empty."""
        self._ca = ca
        self._sessions: WeakKeyDictionary[
            asyncio.AbstractEventLoop, tuple[ClientSession, ClientSession]
        ] = WeakKeyDictionary()

    async def put(
        self, url: str, data: bytes | bytearray | memoryview, headers: dict[str, str]
    ) -> None:
        """`headers`: which are signed. Raises StoreAway."""
        puts, _ = self._pools()
        length = {
            **headers, "Content-Length": str(len(data)), "Content-Type": "application/octet-stream",
        }  # fmt: skip
        try:
            async with (
                asyncio.timeout(PUT_SECONDS),
                puts.put(URL(url, encoded=True), data=_sliced(data), headers=length) as answer,
            ):
                if answer.status != 200:
                    await _refused(answer)
        except (ClientError, TimeoutError, OSError) as error:
            raise _away(error) from None

    @asynccontextmanager
    async def get(self, url: str) -> AsyncIterator[Part]:
        """Raises Missing, StoreAway. What the body of the `async with` raises goes through."""
        _, gets = self._pools()
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                answer = await gets.get(URL(url, encoded=True))
                if answer.status != 200:
                    await _refused(answer)
        except (ClientError, TimeoutError, OSError) as error:
            raise _away(error) from None
        try:
            size = answer.content_length
            if size is None:
                raise StoreAway("the S3 server does not say how long a part is")
            yield Part(size, _chunks(answer, size))
        finally:
            answer.close() if not answer.content.at_eof() else answer.release()

    async def close(self) -> None:
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
            timeout=ClientTimeout(total=None, connect=CONNECT_SECONDS),
            read_bufsize=CHUNK // 2,  # it takes twice that before it stops the server
            auto_decompress=False,
        )


async def _sliced(data: bytes | bytearray | memoryview) -> AsyncIterator[memoryview]:
    view = memoryview(data)
    for start in range(0, len(view), CHUNK):
        yield view[start : start + CHUNK]


async def _chunks(answer: ClientResponse, size: int) -> AsyncIterator[bytes]:
    """As they come, which is at most CHUNK at a time: to put them together would be a copy. So many
    bytes as a CHUNK has come within its time."""
    left, spent = min(size, CHUNK), 0.0
    while size > 0:
        began = time.monotonic()
        try:
            async with asyncio.timeout(CHUNK_SECONDS - spent):
                chunk, _ = await answer.content.readchunk()
        except (ClientError, TimeoutError, OSError) as error:
            raise _away(error) from None
        if not chunk:
            raise StoreAway("the S3 server ends a part too early")
        spent += time.monotonic() - began
        size, left = size - len(chunk), left - len(chunk)
        if left <= 0:
            left, spent = min(size, CHUNK), 0.0
        yield chunk


async def _refused(answer: ClientResponse) -> None:
    """Raises what an answer other than 200 means."""
    said = CODE.search(await answer.content.read(ERROR_MAX))
    answer.close()
    code = said[1].decode() if said else ""
    if answer.status == 404 and code != "NoSuchBucket":
        raise Missing
    if answer.status == 507 or code in FULL:
        raise StoreFull(f"the S3 server takes nothing more: {code or answer.status}")
    raise StoreAway(f"the S3 server answers {answer.status} {code}".rstrip())


def _away(error: Exception) -> StoreAway:
    """Its text may hold an address, and that a signature."""
    return StoreAway(f"the S3 server does not answer: {type(error).__name__}")
