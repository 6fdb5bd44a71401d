"""Whether a store does what the site relies on: each row tries one thing, on one blob."""

import asyncio
import http.client
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from hashlib import sha256

from django.conf import settings

from media import calling
from media.stores import PART_MAX, BlobStore, Missing, Signed, StoreAway

MANY = 25  # parts

Row = Callable[[BlobStore, bytes], Awaitable[str]]  # what is missing; empty where nothing is


async def prove(store: BlobStore) -> AsyncIterator[tuple[str, str]]:
    """Each row with what is missing, which is empty where it holds."""
    blob = secrets.token_bytes(16)
    rows = [*OF_EVERY_STORE, *(SIGNED if store.sign_get(blob, 0) else ())]
    try:
        for name, row in rows:
            try:
                missing = await row(store, blob)
            except (StoreAway, Missing, OSError, http.client.HTTPException) as error:
                missing = f"it failed: {error or type(error).__name__}"
            yield name, missing
    finally:
        await store.delete(blob)


async def _read(store: BlobStore, blob: bytes, n: int) -> bytes:
    async with store.get(blob, n) as part:
        return b"".join([chunk async for chunk in part.chunks])


async def _keeps(store: BlobStore, blob: bytes) -> str:
    data = secrets.token_bytes(PART_MAX)
    await store.put(blob, 0, data)
    return "" if await _read(store, blob, 0) == data else "other bytes come back"


async def _replaces(store: BlobStore, blob: bytes) -> str:
    for data in (b"first", b"second one"):
        await store.put(blob, 1, data)
        if await _read(store, blob, 1) != data:
            return "after a part was put again, the older one comes back"
    return ""


async def _counts(store: BlobStore, blob: bytes) -> str:
    await asyncio.gather(*(store.put(blob, n, bytes(n)) for n in range(2, MANY)))
    sizes = await store.sizes(blob)
    wanted = {0: PART_MAX, 1: 10, **{n: n for n in range(2, MANY)}}
    return "" if sizes == wanted else "the sizes of parts are not told as they are"


async def _lists(store: BlobStore, blob: bytes) -> str:
    before = (int.from_bytes(blob, "big") - 1).to_bytes(16, "big")
    page = await store.blobs(before)
    return "" if page and page[0].blob == blob else "what is stored is not listed in its order"


async def _deletes(store: BlobStore, blob: bytes) -> str:
    await store.delete(blob)
    if await store.sizes(blob):
        return "something is left after everything was deleted"
    try:
        await _read(store, blob, 0)
    except Missing:
        return ""
    return "what was deleted can be read"


async def _takes_signed(store: BlobStore, blob: bytes) -> str:
    status = await _put(store, blob, b"12345", b"12345")
    if status != 200 or await _read(store, blob, 0) != b"12345":
        return f"a part as it was signed is answered with {status}"
    status = await _called("GET", store.sign_get(blob, 0))
    return "" if status == 200 else f"the part is answered with {status}"


async def _refuses_size(store: BlobStore, blob: bytes) -> str:
    status = await _put(store, blob, b"12345", b"1234567")
    return "" if status >= 400 else f"a part that is larger than was signed is taken ({status})"


async def _refuses_bytes(store: BlobStore, blob: bytes) -> str:
    status = await _put(store, blob, b"12345", b"12346")
    return "" if status >= 400 else f"it takes other bytes than were signed ({status})"


async def _refuses_strangers(store: BlobStore, blob: bytes) -> str:
    await store.put(blob, 0, b"x")
    signed, other = store.sign_get(blob, 0), store.sign_get(blob, 1)
    assert signed
    assert other
    plain = signed.url.partition("?")[0]
    if await _called("GET", Signed(plain, {})) == 200:
        return "everybody can read what is in the bucket: take that right away"
    if await _called("PUT", Signed(plain, {}), b"x") == 200:
        return "everybody can write into the bucket: take that right away"
    if await _called("GET", Signed(f"{plain}?{other.url.partition('?')[2]}", {})) == 200:
        return "a signature is good for another part as well"
    return ""


async def _lets_pages_call(store: BlobStore, blob: bytes) -> str:
    if not settings.S3.get("PUBLIC_ENDPOINT"):
        return ""
    signed = store.sign_put(blob, 0, 5, bytes(32))
    assert signed
    for origin, wanted in ((settings.SITE_URL, True), ("https://elsewhere.example", False)):
        allowed = await asyncio.to_thread(
            calling.pages_may, "PUT", signed.url, signed.headers, origin
        )
        if allowed is not wanted:
            return (
                f"pages of {origin} may {'not ' if wanted else ''}call it: storage_setup sets that"
            )
    return ""


async def _put(store: BlobStore, blob: bytes, signed: bytes, sent: bytes) -> int:
    """Status of an answer to a part that was signed as other bytes perhaps."""
    way = store.sign_put(blob, 0, len(signed), sha256(signed).digest())
    return await _called("PUT", way, sent)


async def _called(method: str, signed: Signed | None, body: bytes | None = None) -> int:
    assert signed
    answer = await asyncio.to_thread(calling.call, method, signed.url, body, signed.headers)
    return answer.status


OF_EVERY_STORE: list[tuple[str, Row]] = [
    ("a part of 4 MiB comes back as it was put", _keeps),
    ("a part that is put again is replaced at once", _replaces),
    ("the parts of a blob and their sizes are listed", _counts),
    ("blobs are listed from any place on, in order", _lists),
    ("a blob is deleted with all its parts", _deletes),
]
SIGNED: list[tuple[str, Row]] = [
    ("a signed address takes a part, and gives it", _takes_signed),
    ("a signed address refuses a part of another size", _refuses_size),
    ("a signed address refuses other bytes of that size", _refuses_bytes),
    ("nobody reads or writes without a signature of that part", _refuses_strangers),
    ("pages of this site may call it, and others may not", _lets_pages_call),
]
