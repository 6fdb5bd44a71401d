"""Asks the application of the bytes as a client does, and uploads whole blobs."""

import secrets
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings

from media import blobs, protocol
from media.parts import Parts
from media.tickets import Upload
from testkit.cast import Person, now_ms

PART = protocol.PART_SMALL


@dataclass
class Answer:
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


async def ask(
    method: str, path: str, authorization: str = "", body: bytes = b"", app: Parts | None = None,
    length: int | None = None,
) -> Answer:  # fmt: skip
    """`length`: announced, where it is not the body's."""
    headers = [(b"content-length", str(len(body) if length is None else length).encode())]
    if authorization:
        headers.append((b"authorization", authorization.encode()))
    scope = {"type": "http", "method": method, "path": path, "headers": headers}
    answer = Answer()

    async def receive() -> Any:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            answer.status = message["status"]
            answer.headers = {n.decode().lower(): v.decode() for n, v in message["headers"]}
        else:
            answer.body += message["body"]

    await (app or Parts())(scope, receive, send)
    return answer


async def put(grant: protocol.Grant, n: int, data: bytes) -> Answer:
    return await ask("PUT", f"/blobs/{grant.blob.hex()}/{n}", f"Ticket {grant.ticket}", data)


async def get(who: Person, blob: bytes, n: int = 0, app: Parts | None = None) -> Answer:
    return await ask("GET", f"/blobs/{blob.hex()}/{n}", f"Live {who.devices[0].token}", app=app)


def wanted(
    who: Person, conv: bytes, size: int, part: int = PART, blob: bytes | None = None
) -> Upload:
    return Upload(who.uid, conv, blob or secrets.token_bytes(16), size, part)


def session_of(who: Person) -> bytes:
    return who.devices[0].session


async def granted(who: Person, conv: bytes, size: int) -> protocol.Grant:
    return await blobs.grant(wanted(who, conv, size), session_of(who), now_ms())


async def uploaded(who: Person, conv: bytes, data: bytes) -> protocol.Grant:
    """A whole blob of these bytes, which need not be sealed ones."""
    grant = await granted(who, conv, len(data))
    for n in range(0, len(data), grant.part):
        assert (await put(grant, n // grant.part, data[n : n + grant.part])).status == 204
    return await blobs.whole(who.uid, session_of(who), grant.blob, now_ms())


def secret_of_tickets() -> Any:
    return settings.SECRETS["ticket"]
