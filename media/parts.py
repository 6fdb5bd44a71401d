"""The way of the bytes: `PUT` and `GET /blobs/{id}/{n}`, plain ASGI without Django's middleware.

Policy: `admit` (which ticket may put which part; the door asks it before the body), and
`Readers.find` (who may read). A part is in memory once at most, on either way.
"""

import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from http import HTTPStatus
from typing import Any, NamedTuple

from django.conf import settings

from accounts import sessions, suspending, tokens
from accounts.tokens import Claims
from chatsite.edge.endpoints import problem_of
from chatsite.edge.extensions import SPLICE
from chatsite.edge.refusals import Refusal, Unknown
from chatsite.edge.wire import encoder
from chatsite.running import away, metrics, threads
from chatsite.running.clock import now_ms
from e2ee.encoding import id_from_hex
from e2ee.errors import M1Error
from media import rows, tickets
from media.backends import store
from media.blobs import reached
from media.models import State
from media.reading import Readers, Shares, SignedOut
from media.refusals import Whole
from media.stores import Missing, Part, Waiting, number_of
from media.tickets import Ticket, Upload
from messaging.backends.base import Busy

PREFIX = "/blobs/"
RETRY_MS = 2_000  # while a database is away
SIGNED_OUT = "You are signed out here."
HEADERS = [
    (b"Cross-Origin-Resource-Policy", b"same-origin"),
    (b"Content-Security-Policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"Referrer-Policy", b"no-referrer"),
    (b"X-Content-Type-Options", b"nosniff"),
]
SHOWN = [
    *HEADERS,
    (b"Content-Type", b"application/octet-stream"),
    (b"Accept-Ranges", b"none"),  # a part is asked for whole
    (b"Cache-Control", b"private, immutable, max-age=30"),
]

Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]

logger = logging.getLogger(__name__)


class Address(NamedTuple):
    blob: bytes
    n: int


class Parts:
    """The ASGI application."""

    def __init__(self) -> None:
        self._readers, self._shares = Readers(), Shares()

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        headers = {name.lower(): value for name, value in scope["headers"]}
        try:
            if scope["method"] == "PUT":
                await _put(scope["path"], headers, receive)
                await _answer(send, HTTPStatus.NO_CONTENT, b"", HEADERS)
            elif scope["method"] == "GET":
                splices = SPLICE in scope.get("extensions", ())
                await self._get(scope["path"], headers, Out(send, splices))
            else:
                raise Refusal(HTTPStatus.METHOD_NOT_ALLOWED, "method", "Only PUT and GET.")
        except Refusal as refusal:
            metrics.refused("part", refusal.code)
            await _refuse(send, refusal)
        except Exception as error:
            if not isinstance(error, Busy) and not away.told(error):
                raise
            await _refuse(send, Refusal(503, "busy", "A database is away. Try again.", RETRY_MS))

    async def _get(self, path: str, headers: dict[bytes, bytes], out: "Out") -> None:
        address, now = _address(path), now_ms()
        who = _reader(headers.get(b"authorization", b""), now)
        with self._shares.one(who.uid):
            await self._give(who, address, now, out)

    async def _give(self, who: Claims, address: Address, now: int, out: "Out") -> None:
        try:
            shown = await self._readers.find(who, address.blob, now)
        except SignedOut:
            raise _denied(SIGNED_OUT) from None
        if shown is None or address.n >= tickets.parts_of(shown.size, shown.part):
            raise Unknown
        length = tickets.length_of(shown.size, shown.part, address.n)
        try:
            with reached():
                async with store().get(*address) as part:
                    await _show(part, length, out)
        except Missing:
            with suppress(SignedOut):  # else it was deleted just now, as it should
                if await self._readers.find(who, address.blob, now, sure=True):
                    logger.error("a part of a blob is missing: %s", address.blob.hex())
            raise Unknown from None


def admit(path: str, authorization: bytes, length: int | None) -> Upload:
    """What may be put there, by its ticket. Needs no SQL. `length`: of the body, None = not given.
    Raises Refusal."""
    return _admitted(path, authorization, length).upload


def _admitted(path: str, authorization: bytes, length: int | None) -> Ticket:
    address = _address(path)
    kind, _, ticket = authorization.partition(b" ")
    try:
        if kind != b"Ticket":
            raise _denied("A ticket is missing.")
        found = tickets.check(settings.SECRETS["ticket"], ticket.decode("latin1"), now_ms())
    except M1Error as error:
        raise _denied(f"Refused: {error}.") from None
    upload = found.upload
    if upload.blob != address.blob or address.n >= upload.parts:
        raise Unknown
    wanted = upload.length(address.n)
    if length is None:
        raise Refusal(HTTPStatus.LENGTH_REQUIRED, "length", "Say how long the part is.")
    if length != wanted:
        status = 413 if length > wanted else 400
        raise Refusal(status, "length", f"This part has {wanted} bytes.")
    return found


async def _put(path: str, headers: dict[bytes, bytes], receive: Receive) -> None:
    announced = headers.get(b"content-length", b"")
    length = int(announced[:9]) if announced.isdigit() else None
    ticket = _admitted(path, headers.get(b"authorization", b""), length)
    address = _address(path)
    body = await _body(receive, ticket.upload.length(address.n))
    state = await threads.run(_state, ticket, now_ms())
    if state in (State.WHOLE, State.LINKED):
        raise Whole
    if state is not State.GRANTED:
        raise Unknown
    with reached():
        await store().put(*address, body)
    metrics.BLOB_BYTES.add("up", len(body))


def _state(ticket: Ticket, now: int) -> State | None:
    """A ticket is good for an hour, its holder maybe not. Raises Refusal, Suspended."""
    state = rows.state_for(ticket.upload)
    if state is not None and not sessions.stands(ticket.session, now):
        suspending.check_uid(ticket.upload.owner, now)
        raise _denied(SIGNED_OUT)
    return state


async def _body(receive: Receive, length: int) -> bytes:
    """All of it; the door gives a part in one piece."""
    pieces: list[bytes] = []
    more = True
    while more:
        event = await receive()
        if event["type"] == "http.disconnect":
            raise Refusal(400, "length", "The part ends too early.")
        pieces.append(event.get("body", b""))
        more = event.get("more_body", False)
    body = pieces[0] if len(pieces) == 1 else b"".join(pieces)
    if len(body) != length:
        raise Refusal(400, "length", f"This part has {length} bytes.")
    return body


class Out(NamedTuple):
    """The way to who asked. `splices`: it takes bytes from a socket, too."""

    send: Send
    splices: bool

    async def give(self, piece: bytes | Waiting) -> None:
        if isinstance(piece, Waiting):
            metrics.BLOB_BYTES.add("down", piece.count)
            await self.send({"type": SPLICE, "source": piece.source, "count": piece.count})
        else:
            metrics.BLOB_BYTES.add("down", len(piece))
            await self.send({"type": "http.response.body", "body": piece, "more_body": True})


async def _show(part: Part, length: int, out: Out) -> None:
    """Nothing is begun that cannot be ended: what fails later ends the connection (the door)."""
    if part.size != length:
        raise Missing
    pieces = part.pieces if out.splices else part.chunks
    first = await anext(pieces, b"")
    headers = [*SHOWN, (b"Content-Length", str(length).encode())]
    await out.send({"type": "http.response.start", "status": 200, "headers": headers})
    await out.give(first)
    async for piece in pieces:
        await out.give(piece)
    await out.send({"type": "http.response.body", "body": b""})


def _address(path: str) -> Address:
    blob, _, n = path.removeprefix(PREFIX).partition("/")
    number = number_of(n)
    try:
        if number is None:
            raise Unknown
        return Address(id_from_hex(blob), number)
    except M1Error:
        raise Unknown from None


def _reader(authorization: bytes, now: int) -> Claims:
    kind, _, token = authorization.partition(b" ")
    try:
        if kind != b"Live":
            raise _denied("A live token is missing.")
        return tokens.check(settings.SECRETS["live"], token.decode("latin1"), now)
    except M1Error as error:
        raise _denied(f"Refused: {error}.") from None


def _denied(message: str) -> Refusal:
    return Refusal(HTTPStatus.UNAUTHORIZED, "denied", message)


async def _refuse(send: Send, refusal: Refusal) -> None:
    headers = [*HEADERS, (b"Content-Type", b"application/json"), (b"Cache-Control", b"no-store")]
    headers += [(name.encode(), value.encode()) for name, value in refusal.headers.items()]
    await _answer(send, refusal.status, encoder.encode(problem_of(refusal)), headers)


async def _answer(send: Send, status: int, body: bytes, headers: list[tuple[bytes, bytes]]) -> None:
    if body:
        headers = [*headers, (b"Content-Length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": int(status), "headers": headers})
    await send({"type": "http.response.body", "body": body})
