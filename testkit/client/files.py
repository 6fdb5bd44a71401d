"""Files of messages: sealed, sent in parts, and back."""

import asyncio
import secrets
from dataclasses import dataclass
from typing import Any

from accounts.protocol import LiveToken
from chatsite.edge.wire import Id
from e2ee.encoding import from_base64, h, to_base64
from media import protocol
from testkit.client import direct
from testkit.client.account import now_ms
from testkit.client.api import Api, ApiError
from testkit.client.conversation import Message
from testkit.client.device import Device, HasUid
from testkit.client.m1 import blob as blobs
from testkit.client.m1 import body as bodies

PART: Any = protocol.PART_SMALL


@dataclass(frozen=True)
class File:
    name: str
    mime: str
    data: bytes
    alt: str = ""


async def send(device: Device, to: HasUid | bytes, caption: str, *files: File) -> Message:
    """Uploads them, then sends the message that has them. Raises ApiError and SendRefused."""
    conv = device.conversation(to).conv
    entries = [await asyncio.to_thread(upload, device.api, conv, one) for one in files]

    def compose(prev: bytes | None, me: bodies.Head, peer: bodies.Head) -> bytes:
        return bodies.text(caption, ts=now_ms(), me=me, peer=peer, prev=prev, att=entries)

    return await device.send_body(to, compose)


async def fetch(device: Device, entry: dict[str, Any]) -> bytes:
    """The file of an entry of `att`. Raises ApiError, and what opening raises."""
    return await asyncio.to_thread(download, device.api, entry)


def upload(api: Api, conv: bytes, file: File) -> dict[str, Any]:
    """The entry of `att` for a blob that is whole."""
    key, ident = secrets.token_bytes(32), secrets.token_bytes(16)
    sealed = blobs.seal_blob(file.data, key)
    put_all(api, grant(api, conv, ident, len(sealed)), sealed)
    whole = api.post(f"/api/blobs/{ident.hex()}/whole", None, protocol.Grant, proof=True)
    assert whole.state == "whole"
    entry: dict[str, Any] = {
        "blob": to_base64(ident), "fk": to_base64(key), "size": len(file.data),
        "hash": to_base64(h(sealed)), "log2": blobs.LOG2_DEFAULT, "mime": file.mime,
        "name": file.name,
    }  # fmt: skip
    return {**entry, "alt": file.alt} if file.alt else entry


def grant(api: Api, conv: bytes, blob: bytes, size: int) -> protocol.Grant:
    body = protocol.NewBlob(blob=Id(blob), conv=Id(conv), size=size, part=PART)
    return api.post("/api/blobs", body, protocol.Grant, proof=True)


def put_all(api: Api, leave: protocol.Grant, sealed: bytes) -> None:
    """The parts that are not there yet."""
    there = {n for first, last in leave.present for n in range(first, last + 1)}
    for n in range(-(-leave.size // leave.part)):
        if n not in there:
            put(api, leave, n, sealed[n * leave.part : (n + 1) * leave.part])


def put(api: Api, leave: protocol.Grant, n: int, data: bytes) -> None:
    """By the way that the grant says."""
    if leave.mode == "direct":
        return direct.put(api, leave, n, data)
    headers = {"Authorization": f"Ticket {leave.ticket}"}
    status, answer = api.raw("PUT", f"/blobs/{leave.blob.hex()}/{n}", data, headers)
    if status != 204:
        raise ApiError(status, answer)


def get(api: Api, blob: bytes, n: int) -> bytes:
    """A part by way of the site. Raises ApiError."""
    token = api.post("/api/live-token", None, LiveToken).token
    status, part = api.raw(
        "GET", f"/blobs/{blob.hex()}/{n}", b"", {"Authorization": f"Live {token}"}
    )
    if status != 200:
        raise ApiError(status, part)
    return part


def download(api: Api, entry: dict[str, Any], *, past: bool = False) -> bytes:
    """`past`: past the site, where it has that way. Raises as `fetch`."""
    blob, sealed = from_base64(entry["blob"], 16), b""
    size = blobs.sealed_size(entry["size"], log2=entry["log2"])
    n = -1
    while len(sealed) < size:  # in parts of whatever size they were sent in
        n += 1
        part = direct.get(api, blob, n) if past else None
        sealed += get(api, blob, n) if part is None else part
    return blobs.open_blob(
        sealed, from_base64(entry["fk"], 32), size=entry["size"], log2=entry["log2"],
        digest=from_base64(entry["hash"], 32),
    )  # fmt: skip
