"""The long-poll shell of a live session, where WebSocket does not pass: `POST /live`.

An ASGI consumer, not a view, so that a call that waits costs no thread. Policy: `_take` (whose call
goes to which session); a sid works only with the cookie that made it.
"""

import asyncio
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs

from channels.consumer import AsyncConsumer
from django.conf import settings
from django.http import parse_cookie

from accounts import sessions
from chatsite.edge import origins
from chatsite.edge.refusals import Refusal
from chatsite.edge.wire import Decoder, Malformed, Problem, decoder, encoder
from chatsite.running import metrics
from messaging import protocol
from messaging.backends.base import Busy
from messaging.http import POLL_BYTES, RID_MAX, PollCall
from messaging.sessions import hello
from messaging.sessions.node import Calls, LiveNode, here
from messaging.sessions.poll import Poll, closed

NODE = "n"  # of the query; a load balancer reads it (docs/operations.md)
DIGITS = 9  # of a length that is read; more of them are no smaller number
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

_calls: Decoder[PollCall] = decoder(PollCall)


class LongPollConsumer(AsyncConsumer):
    def __init__(self, node: Callable[[], LiveNode] = here) -> None:
        self._node = node

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        headers: Headers = {name.lower(): value for name, value in scope["headers"]}
        try:
            _check(scope["method"], headers)
            call = _read(await _body(receive, headers))
        except Refusal as refusal:
            metrics.refused("live", refusal.code)
            problem = Problem(code=refusal.code, message=refusal.message)
            return await _respond(send, refusal.status, encoder.encode(problem))
        node = self._node()
        poll = await _take(node, call, _cookie(headers), scope["client"][0])
        if isinstance(poll, bytes) and _meant_for(scope) not in ("", node.hub.node.name):
            metrics.WRONG_NODE.add()
        if isinstance(poll, bytes):
            return await _respond(send, HTTPStatus.OK, poll)
        answer = poll.call(call)
        try:
            if await _came(answer, receive):
                await _respond(send, HTTPStatus.OK, answer.result())
        finally:
            poll.leave()


async def _take(node: LiveNode, call: PollCall, cookie: bytes, address: str) -> Calls | bytes:
    """The session that the call belongs to, a new one for a call without sid; or the answer."""
    if not cookie:
        return closed(protocol.CLOSE_SIGN_IN, "no session cookie")
    if call.sid is not None:
        known = node.polls.get(call.sid)
        if known is None or known.cookie != cookie:  # not there and not yours are one answer
            return closed(protocol.CLOSE_RESTART, "unknown sid")
        return known
    if call.rid > RID_MAX:
        return closed(protocol.CLOSE_BAD_FRAME, "the first rid is too large")
    try:
        await node.admit(address, cookie)
    except hello.Unwelcome as unwelcome:
        return closed(unwelcome.code, "the session is over")
    except Busy:
        metrics.BUSY.add()
        return closed(protocol.CLOSE_RESTART, "busy")
    poll = Poll(node, cookie, call.rid)
    node.polls[poll.sid] = poll
    return poll


def _meant_for(scope: Any) -> str:
    """The node that the client knows its session on; empty where it does not say."""
    query: bytes = scope["query_string"]
    return parse_qs(query.decode("latin1")).get(NODE, [""])[0]


def _cookie(headers: Headers) -> bytes:
    """Hash of the web session's key; empty where there is none."""
    cookies = parse_cookie(headers.get(b"cookie", b"").decode("latin1"))
    key = cookies.get(settings.SESSION_COOKIE_NAME, "")
    return sessions.hash_of(key) if key else b""


# ---------------------------------------------------------------- HTTP


def _check(method: str, headers: Headers) -> None:
    if method != "POST":
        raise Refusal(HTTPStatus.METHOD_NOT_ALLOWED, "method", "Only POST and WebSocket.")
    if not origins.is_ours(headers.get(b"origin", b"").decode("latin1")):
        raise Refusal(HTTPStatus.FORBIDDEN, "origin", "Only pages of this site may call.")


async def _body(receive: Receive, headers: Headers) -> bytes:
    announced = headers.get(b"content-length", b"0")
    size, body, more = int(announced[:DIGITS]) if announced.isdigit() else 0, b"", True
    while more and max(size, len(body)) <= BODY_MAX:
        event = await receive()
        body += event.get("body", b"")
        more = event.get("more_body", False)
    if max(size, len(body)) > BODY_MAX:
        raise Refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_big", "Too much in one call.")
    return body


def _read(body: bytes) -> PollCall:
    try:
        return _calls.decode(body)
    except Malformed:
        raise Refusal(HTTPStatus.BAD_REQUEST, "malformed", "Not a call.") from None


async def _came(answer: asyncio.Future[bytes], receive: Receive) -> bool:
    """Whether the answer came before the caller hung up."""
    hung_up = asyncio.ensure_future(receive())
    try:
        await asyncio.wait({answer, hung_up}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        hung_up.cancel()
    return answer.done()


async def _respond(send: Send, status: int, body: bytes) -> None:
    headers = [*HEADERS, (b"Content-Length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
