"""The store of blobs in an S3 server. Bytes go by `Transfer`, the rest by boto3 in threads."""

import asyncio
import time
from base64 import b64encode
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import (
    AbstractAsyncContextManager,
    asynccontextmanager,
    contextmanager,
    nullcontext,
)
from functools import cached_property
from typing import Any, TypeVar
from zlib import crc32

from botocore.exceptions import BotoCoreError, ClientError
from django.conf import settings

from chatsite.running import metrics
from chatsite.running.breaker import Away, Breaker
from chatsite.running.needs import Unfit
from media.backends.s3 import checking, transfer
from media.backends.s3.checking import CHECKSUM
from media.backends.s3.client import client
from media.backends.s3.signer import Signer
from media.backends.s3.transfer import Transfer
from media.stores import (
    PAGE,
    BlobStore,
    Missing,
    Part,
    Signed,
    StoreAway,
    Stored,
    StoreFull,
    Undeletable,
    Waiting,
    fitting,
    id_of,
    named,
    number_of,
    numbered,
)

THREADS = 8
TYPE = "application/octet-stream"
SHOWN = {  # how the server gives a part to a browser
    "response-content-type": TYPE,
    "response-content-disposition": "attachment",
    "response-cache-control": "private, no-store",
}
KEYS = 1_000  # of one listing or deletion, at most: S3's own limit
KEYS_OF_A_PAGE = 20_000  # after so many a page of blobs ends at the next blob
DELETIONS = 100  # of KEYS, of one blob: more than it can have
REFUSALS = 3  # of some keys, before a deletion is given up
PATIENCE_SECONDS = 2.0  # that a reader may take in all; a server may end those who take longer
ANSWERS = (Missing, StoreFull, Undeletable, Unfit, ValueError)  # of a server that is there

T = TypeVar("T")


class S3Store(BlobStore):
    def __init__(
        self, s3: dict[str, str] | None = None, ticks: Callable[[], float] = time.monotonic
    ) -> None:
        """`s3`: settings.S3 unless given. `ticks`: seconds that do not jump."""
        self._s3 = s3 or settings.S3
        self._bucket = self._s3["BUCKET"]
        endpoint = self._s3["ENDPOINT_URL"]
        self._signer = Signer(self._s3, endpoint)
        self._public = Signer(self._s3, self._s3["PUBLIC_ENDPOINT"] or endpoint)
        self._transfer = Transfer(self._s3["CA_FILE"])
        self._threads: ThreadPoolExecutor | None = None  # made at the first call
        self._readers = 0  # of parts, now
        self._ticks = ticks
        self._breaker = Breaker("the S3 server", ANSWERS, ticks)
        metrics.BREAKERS.read_by(lambda: self._breaker.away, "blobs")

    @cached_property
    def _client(self) -> Any:  # it takes a while to make
        return client(self._s3, self._s3["ENDPOINT_URL"])

    async def put(self, blob: bytes, n: int, data: bytes | bytearray | memoryview) -> None:
        fitting(data)
        key = _key(blob, n)
        # versitygw keeps what came of a body that was cut, unless a checksum says otherwise.
        checksum = b64encode(crc32(data).to_bytes(4, "big")).decode()
        with self._tried():
            headers = {"x-amz-checksum-crc32": checksum, "Content-Length": str(len(data))}
            await self._transfer.put(self._signer.sign("PUT", key, headers), data, headers)

    def get(self, blob: bytes, n: int) -> AbstractAsyncContextManager[Part]:
        return self._get(_key(blob, n))

    @asynccontextmanager
    async def _get(self, key: str) -> AsyncIterator[Part]:
        async with self._entered(key) as part:
            yield Part(part.size, self._noted(part.pieces))

    @asynccontextmanager
    async def _entered(self, key: str) -> AsyncIterator[Part]:
        """What its reader does is nothing that the breaker hears of: many who take their time would
        else end all uploads, too."""
        if self._readers >= transfer.GETS:
            raise StoreAway("too many people read files at the same time")
        self._readers += 1
        try:
            with self._tried():
                opened = self._transfer.get(self._signer.sign("GET", key))
                part = await opened.__aenter__()
            try:
                yield part
            finally:
                await opened.__aexit__(None, None, None)
        finally:
            self._readers -= 1

    async def _noted(
        self, pieces: AsyncIterator[bytes | Waiting]
    ) -> AsyncIterator[bytes | Waiting]:
        """What a server does to a reader who takes their time says nothing of the server."""
        taken = 0.0  # seconds, by the reader
        while True:
            with self._breaker.noted() if taken < PATIENCE_SECONDS else nullcontext():
                piece = await anext(pieces, None)
            if piece is None:
                return
            given = self._ticks()
            yield piece
            taken += self._ticks() - given

    async def sizes(self, blob: bytes) -> dict[int, int]:
        prefix = f"{named(blob)}/"

        def listed() -> dict[int, int]:
            found = (
                (number_of(one["Key"][len(prefix) :]), one["Size"]) for one in self._keys(prefix)
            )
            return {n: size for n, size in found if n is not None}

        return await self._asked(listed)

    async def delete(self, blob: bytes) -> None:
        prefix = f"{named(blob)}/"
        await self._asked(lambda: self._delete(prefix))

    async def blobs(self, after: bytes | None = None) -> list[Stored]:
        # What follows a slash is below this: all parts of `after` are passed over.
        start = "" if after is None else f"{named(after)}0"
        return await self._asked(lambda: self._blobs(start))

    def sign_put(self, blob: bytes, n: int, size: int, sha256: bytes) -> Signed | None:
        checksum = b64encode(sha256).decode()
        headers = {"Content-Type": TYPE, CHECKSUM: checksum}
        length = {"Content-Length": str(size)}  # which the caller does not choose
        return Signed(self._public.sign("PUT", _key(blob, n), {**headers, **length}), headers)

    def sign_get(self, blob: bytes, n: int) -> Signed | None:
        return Signed(self._public.sign("GET", _key(blob, n), query=SHOWN), {})

    async def check(self) -> None:
        await self._asked(lambda: checking.fit(self._client, self._bucket))

    async def prepare(self) -> list[str]:
        return await self._asked(lambda: list(checking.prepare(self._client, self._s3)))

    async def close(self) -> None:
        await self._transfer.close()
        if self._threads is not None:
            self._threads.shutdown(wait=False)
            self._threads = None

    async def _asked(self, work: Callable[[], T]) -> T:
        with self._tried():
            return await self._run(lambda: _translated(work))

    async def _run(self, work: Callable[[], T]) -> T:
        if self._threads is None:
            self._threads = ThreadPoolExecutor(THREADS, "blobs")
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)

    @contextmanager
    def _tried(self) -> Iterator[None]:
        try:
            with self._breaker.tried():
                yield
        except Away:
            raise StoreAway("the S3 server did not answer, and is asked once a second") from None

    def _keys(self, prefix: str = "", after: str = "") -> Iterator[dict[str, Any]]:
        more: dict[str, str] = {"StartAfter": after} if after else {}
        while True:
            page = self._client.list_objects_v2(
                Bucket=self._bucket, Prefix=prefix, MaxKeys=KEYS, **more
            )
            yield from page.get("Contents", ())
            if not page.get("IsTruncated"):
                return
            more = {"ContinuationToken": page["NextContinuationToken"]}

    def _delete(self, prefix: str) -> None:
        """One that deletes the same at the same time makes some servers refuse a key, which is gone
        at the next look."""
        refusals = 0
        for _ in range(DELETIONS):
            page = self._client.list_objects_v2(Bucket=self._bucket, Prefix=prefix, MaxKeys=KEYS)
            keys = [{"Key": one["Key"]} for one in page.get("Contents", ())]
            if not keys:
                return
            answer = self._client.delete_objects(
                Bucket=self._bucket, Delete={"Objects": keys, "Quiet": True}
            )
            refusals += bool(answer.get("Errors"))
            if refusals == REFUSALS:
                break
        raise Undeletable("the S3 server does not delete every part")

    def _blobs(self, start: str) -> list[Stored]:
        found: list[Stored] = []
        for seen, one in enumerate(self._keys(after=start)):
            name, _, number = one["Key"].partition("/")
            blob, changed = id_of(name), int(one["LastModified"].timestamp() * 1000)
            if blob is None or number_of(number) is None:
                continue
            if found and found[-1].blob == blob:
                last = found[-1]
                size, changed = last.size + one["Size"], max(last.changed, changed)
                found[-1] = Stored(blob, last.parts + 1, size, changed)
            elif len(found) == PAGE or (found and seen >= KEYS_OF_A_PAGE):
                break
            else:
                found.append(Stored(blob, 1, one["Size"], changed))
        return found


def _key(blob: bytes, n: int) -> str:
    return f"{named(blob)}/{numbered(n)}"


def _translated(work: Callable[[], T]) -> T:
    """Errors of boto3 hold addresses, and name what was asked for."""
    try:
        return work()
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "")
        raise StoreAway(f"the S3 server answers {code}") from None
    except BotoCoreError as error:
        raise StoreAway(f"the S3 server does not answer: {type(error).__name__}") from None
