"""Whether a store does what the site relies on: each row tries one thing, on one blob."""

import asyncio
import http.client
import secrets
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from urllib.parse import urlsplit

from django.conf import settings

from media.stores import PART_MAX, BlobStore, Missing, StoreAway

SECONDS = 10.0  # of a call by a signed address
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
    status = await _called("PUT", store.sign_put(blob, 0, 5), b"12345")
    if status != 200 or await _read(store, blob, 0) != b"12345":
        return f"a part of the right size is answered with {status}"
    status = await _called("GET", store.sign_get(blob, 0))
    return "" if status == 200 else f"the part is answered with {status}"


async def _refuses_size(store: BlobStore, blob: bytes) -> str:
    status = await _called("PUT", store.sign_put(blob, 2, 5), b"1234567")
    return "" if status >= 400 else f"a part that is larger than was signed is taken ({status})"


async def _refuses_strangers(store: BlobStore, blob: bytes) -> str:
    await store.put(blob, 0, b"x")
    url = store.sign_get(blob, 0) or ""
    if await _called("GET", url.partition("?")[0]) == 200:
        return "everybody can read what is in the bucket: take that right away"
    if await _called("PUT", url.partition("?")[0], b"x") == 200:
        return "everybody can write into the bucket: take that right away"
    other = store.sign_get(blob, 1) or ""
    if await _called("GET", f"{url.partition('?')[0]}?{other.partition('?')[2]}") == 200:
        return "a signature is good for another part as well"
    return ""


async def _lets_pages_call(store: BlobStore, blob: bytes) -> str:
    if not settings.S3.get("PUBLIC_ENDPOINT"):
        return ""
    for origin, wanted in ((settings.SITE_URL, True), ("https://elsewhere.example", False)):
        asked = {"Origin": origin, "Access-Control-Request-Method": "PUT"}
        answer = await asyncio.to_thread(_call, "OPTIONS", store.sign_put(blob, 0, 5), None, asked)
        allowed = answer.getheader("Access-Control-Allow-Origin") in {origin, "*"}
        if allowed is not wanted:
            return (
                f"pages of {origin} may {'not ' if wanted else ''}call it: storage_setup sets that"
            )
    return ""


async def _called(method: str, url: str | None, body: bytes | None = None) -> int:
    return (await asyncio.to_thread(_call, method, url, body, {})).status


def _call(
    method: str, url: str | None, body: bytes | None, headers: dict[str, str]
) -> http.client.HTTPResponse:
    """As a browser does it, which knows nothing but the address."""
    parts = urlsplit(url or "")
    if parts.scheme == "https":
        context = ssl.create_default_context(cafile=settings.S3["CA_FILE"] or None)
        link: http.client.HTTPConnection = http.client.HTTPSConnection(
            parts.netloc, timeout=SECONDS, context=context
        )
    else:
        link = http.client.HTTPConnection(parts.netloc, timeout=SECONDS)
    try:
        link.request(method, f"{parts.path}?{parts.query}".rstrip("?"), body, headers)
        answer = link.getresponse()
        answer.read()
        return answer
    finally:
        link.close()


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
    ("nobody reads or writes without a signature of that part", _refuses_strangers),
    ("pages of this site may call it, and others may not", _lets_pages_call),
]
