"""The long-poll shell of a live session, where WebSocket does not pass: `POST /live`.

An ASGI consumer, not a view, so that whoever waits costs no thread. Policy: `_take` (whose call
goes to which session); a sid is of no use with another cookie than the one that made it.
"""

import asyncio
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any
from urllib.parse import urlparse

import msgspec
from channels.consumer import AsyncConsumer
from channels.security.websocket import OriginValidator
from django.conf import settings
from django.http import parse_cookie

from accounts import sessions
from accounts.wire import Problem, decoder, encoder
from messaging import protocol
from messaging.http import POLL_BYTES, RID_MAX, PollCall
from messaging.sessions.poll import Poll, closed
from messaging.sessions.upkeep import upkeep

BODY_MAX = POLL_BYTES + 1024  # sid, rid, ack and the commas between frames
HEADERS = [
    (b"Content-Type", b"application/json"),
    (b"Cache-Control", b"no-store"),
    (b"Content-Security-Policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"Cross-Origin-Resource-Policy", b"same-origin"),
    (b"Referrer-Policy", b"no-referrer"),
    (b"X-Content-Type-Options", b"nosniff"),
]

Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]
Headers = dict[bytes, bytes]

_Origins: Any = OriginValidator  # for its rule; as a middleware it serves sockets alone
_calls: msgspec.json.Decoder[PollCall] = decoder(PollCall)


class LongPollConsumer(AsyncConsumer):
    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        headers: Headers = {name.lower(): value for name, value in scope["headers"]}
        try:
            _check(scope["method"], headers)
            call = _read(await _body(receive, headers))
        except _Refused as refused:
            return await _respond(send, refused.status, encoder.encode(refused.problem))
        poll = _take(call, _cookie(headers))
        if isinstance(poll, bytes):
            return await _respond(send, HTTPStatus.OK, poll)
        answer = poll.call(call)
        try:
            if await _came(answer, receive):
                await _respond(send, HTTPStatus.OK, answer.result())
        finally:
            poll.leave()


def _take(call: PollCall, cookie: bytes) -> Poll | bytes:
    """The session that the call belongs to, a new one for a call without sid; or the answer."""
    if not cookie:
        return closed(protocol.CLOSE_SIGN_IN, "no session cookie")
    keeper = upkeep()
    if call.sid is not None:
        poll = keeper.polls.get(call.sid)
        if poll is None or poll.cookie != cookie:  # not there and not yours are one answer
            return closed(protocol.CLOSE_RESTART, "unknown sid")
        return poll
    if call.rid > RID_MAX:
        return closed(protocol.CLOSE_BAD_FRAME, "the first rid is too large")
    if not keeper.admit():
        return closed(protocol.CLOSE_RESTART, "busy")
    poll = Poll(keeper, cookie, call.rid)
    keeper.polls[poll.sid] = poll
    return poll


def _cookie(headers: Headers) -> bytes:
    """Hash of the web session's key; empty where there is none."""
    cookies = parse_cookie(headers.get(b"cookie", b"").decode("latin1"))
    key = cookies.get(settings.SESSION_COOKIE_NAME, "")
    return sessions.hash_of(key) if key else b""


# ---------------------------------------------------------------- HTTP


class _Refused(Exception):
    def __init__(self, status: HTTPStatus, code: str, message: str) -> None:
        super().__init__(code)
        self.status = status
        self.problem = Problem(code=code, message=message)


def _check(method: str, headers: Headers) -> None:
    if method != "POST":
        raise _Refused(HTTPStatus.METHOD_NOT_ALLOWED, "method", "Only POST and WebSocket.")
    origin = urlparse(headers.get(b"origin", b"").decode("latin1"))
    if not _Origins(None, settings.ALLOWED_HOSTS).valid_origin(origin):
        raise _Refused(HTTPStatus.FORBIDDEN, "origin", "Only pages of this site may call.")


async def _body(receive: Receive, headers: Headers) -> bytes:
    announced = headers.get(b"content-length", b"0")
    size, body, more = int(announced) if announced.isdigit() else 0, b"", True
    while more and max(size, len(body)) <= BODY_MAX:
        event = await receive()
        body += event.get("body", b"")
        more = event.get("more_body", False)
    if max(size, len(body)) > BODY_MAX:
        raise _Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_big", "Too much in one call.")
    return body


def _read(body: bytes) -> PollCall:
    try:
        return _calls.decode(body)
    except msgspec.DecodeError:
        raise _Refused(HTTPStatus.BAD_REQUEST, "malformed", "Not a call.") from None


async def _came(answer: asyncio.Future[bytes], receive: Receive) -> bool:
    """Whether the answer came before the caller hung up."""
    hung_up = asyncio.ensure_future(receive())
    try:
        await asyncio.wait({answer, hung_up}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        hung_up.cancel()
    return answer.done()


async def _respond(send: Send, status: HTTPStatus, body: bytes) -> None:
    headers = [*HEADERS, (b"Content-Length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
