"""What a BlobStore keeps that signs calls for somebody who has nothing else."""

import asyncio
import socket
from hashlib import sha256
from urllib.parse import urlsplit

import pytest

from chatsite.running.clock import now_ms
from media import calling
from media.backends.s3 import signer
from media.stores import PART_MAX, SIGNED_SECONDS, BlobStore, Missing, Signed
from tests.contracts import factories, test_blob_store
from tests.contracts.test_blob_store import Make, new_blob, read

make = factories.factory(test_blob_store.s3)
DATA = bytes(range(256)) * 1000


def sum_of(data: bytes) -> bytes:
    return sha256(data).digest()


async def signing(make: Make) -> BlobStore:
    [store] = await make(1)
    return store


async def test_a_store_without_addresses_says_so() -> None:
    async with test_blob_store.files(1) as [store]:
        assert store.sign_put(new_blob(), 0, 1, sum_of(b"x")) is None
        assert store.sign_get(new_blob(), 0) is None


async def call(
    method: str, signed: Signed | None, body: bytes | None = None, **changed: str
) -> int:
    """Status of the answer. `changed`: headers, otherwise than they were signed."""
    assert signed
    headers = {**signed.headers, **{name.replace("_", "-"): to for name, to in changed.items()}}
    answer = await asyncio.to_thread(calling.call, method, signed.url, body, headers)
    return answer.status


async def test_what_was_told_is_taken_and_given(make: Make) -> None:
    store, blob = await signing(make), new_blob()
    put = store.sign_put(blob, 3, len(DATA), sum_of(DATA))
    assert [await call("PUT", put, DATA) for _ in range(2)] == [200, 200]
    assert await read(store, blob, 3) == DATA
    largest = bytes(PART_MAX)
    assert await call("PUT", store.sign_put(blob, 0, PART_MAX, sum_of(largest)), largest) == 200
    assert await store.sizes(blob) == {0: PART_MAX, 3: len(DATA)}
    get = store.sign_get(blob, 3)
    assert get
    answer = await asyncio.to_thread(calling.call, "GET", get.url, None, get.headers)
    assert (answer.status, int(answer.headers["Content-Length"])) == (200, len(DATA))
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["Content-Disposition"] == "attachment"
    assert await call("GET", store.sign_get(blob, 1)) == 404


async def test_nothing_else_is_taken(make: Make) -> None:
    store, blob = await signing(make), new_blob()
    await store.put(blob, 0, b"older")
    put = store.sign_put(blob, 0, len(DATA), sum_of(DATA))
    assert put
    tries = [
        await call("PUT", put, DATA[:-1]),
        await call("PUT", put, DATA + b"x"),
        await call("PUT", put, DATA[::-1]),
        await call("PUT", put, b""),
        await call("PUT", put, DATA, Content_Type="text/html"),
        await call("PUT", Signed(put.url, {}), DATA),
        await call("PUT", Signed(put.url.replace("/0?", "/1?"), put.headers), DATA),
        await call("GET", put),
        await call("DELETE", put),
        await call("PUT", store.sign_get(blob, 0), DATA),
        await call("GET", Signed(str(put.url).partition("?")[0], {})),
    ]
    assert all(400 <= status < 500 for status in tries), tries
    assert await read(store, blob, 0) == b"older"
    assert await store.sizes(blob) == {0: 5}


@pytest.mark.parametrize("share", [0.5, 0.9])
async def test_a_part_that_is_torn_leaves_what_was_there(make: Make, share: float) -> None:
    store, blob = await signing(make), new_blob()
    await store.put(blob, 0, b"older")
    for n in (0, 1):
        put = store.sign_put(blob, n, len(DATA), sum_of(DATA))
        assert put
        await asyncio.to_thread(torn, put, DATA, int(len(DATA) * share))
    assert await store.sizes(blob) == {0: 5}
    assert await read(store, blob, 0) == b"older"
    with pytest.raises(Missing):
        await read(store, blob, 1)


def torn(put: Signed, data: bytes, sent: int) -> None:
    """The browser's end is shut in the middle of the body; the server has seen that afterwards."""
    parts = urlsplit(put.url)
    head = [f"PUT {parts.path}?{parts.query} HTTP/1.1", f"Host: {parts.netloc}"]
    head += [f"{name}: {value}" for name, value in put.headers.items()]
    head += [f"Content-Length: {len(data)}", "", ""]
    with socket.create_connection((str(parts.hostname), int(parts.port or 80))) as link:
        link.sendall("\r\n".join(head).encode() + data[:sent])
        link.shutdown(socket.SHUT_WR)
        while link.recv(65536):
            pass


async def test_after_its_time_it_is_refused(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    store, blob = await signing(make), new_blob()
    await store.put(blob, 0, b"older")
    before = now_ms() - (SIGNED_SECONDS + 1) * 1000
    monkeypatch.setattr(signer, "now_ms", lambda: before)
    put, get = store.sign_put(blob, 0, len(DATA), sum_of(DATA)), store.sign_get(blob, 0)
    assert await call("PUT", put, DATA) == 403
    assert await call("GET", get) == 403
    assert await store.sizes(blob) == {0: 5}
