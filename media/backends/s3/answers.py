"""How long an S3 server may take, and what its answers mean."""

import asyncio
import re
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import NoReturn

from aiohttp import ClientError

from media.stores import CHUNK, Missing, StoreAway, StoreFull

CONNECT_SECONDS = 3.0  # until a connection is free, or open
PUT_SECONDS = 30.0  # for one part, with its answer
ANSWER_SECONDS = 10.0  # until the head of an answer is there
CHUNK_SECONDS = 10.0  # for one chunk: a server that sends a byte a second is as good as away
ERROR_MAX = 4096  # bytes that are read of what a server says of an error
CODE = re.compile(rb"<Code>(\w{1,64})</Code>")
FULL = {"QuotaExceeded", "XMinioStorageFull", "InsufficientCapacity", "StorageFull"}


@contextmanager
def told() -> Iterator[None]:
    """What fails on the way to the server is a StoreAway. The text of such an error may hold an
    address, and that a signature."""
    try:
        yield
    except (ClientError, TimeoutError, OSError) as error:
        raise StoreAway(f"the S3 server does not answer: {type(error).__name__}") from None


def refuse(status: int, body: bytes) -> NoReturn:
    """Raises what an answer other than 200 means. `body`: its first ERROR_MAX bytes."""
    said = CODE.search(body)
    code = said[1].decode() if said else ""
    if status == 404 and code != "NoSuchBucket":
        raise Missing
    if status == 507 or code in FULL:
        raise StoreFull(f"the S3 server takes nothing more: {code or status}")
    raise StoreAway(f"the S3 server answers {status} {code}".rstrip())


class Body:
    """What is to come of a part: as many bytes as a CHUNK within CHUNK_SECONDS. The time that its
    reader takes does not count."""

    def __init__(self, size: int | None) -> None:
        if size is None:
            raise StoreAway("the S3 server does not say how long a part is")
        self.size = self.left = size
        self._next()

    @asynccontextmanager
    async def awaited(self) -> AsyncIterator[None]:
        """While the server is waited for. Raises StoreAway."""
        began = time.monotonic()
        with told():
            async with asyncio.timeout(CHUNK_SECONDS - self._spent):
                yield
        self._spent += time.monotonic() - began

    def come(self, count: int) -> None:
        """So many bytes came; none is the end. Raises StoreAway."""
        if not count:
            raise StoreAway("the S3 server ends a part too early")
        self.left -= count
        self._due -= count
        if self._due <= 0:
            self._next()

    def _next(self) -> None:
        self._due, self._spent = min(self.left, CHUNK), 0.0
