"""The line of a device where WebSocket does not pass: the same texts, carried by calls.

`PollLine` has the members of a websockets connection that `Live` uses, and raises what that
raises, so that nothing above it knows the difference.
"""

import asyncio
import contextlib
import secrets
from collections import deque
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

import msgspec
from websockets.exceptions import ConnectionClosed, ConnectionClosedError
from websockets.frames import Close

from chatsite.edge.wire import Decoder, Id, Malformed, decoder, encoder
from messaging import protocol
from messaging.http import (
    POLL_BYTES,
    POLL_CALLS,
    POLL_FRAMES,
    RID_MAX,
    PollAnswer,
    PollCall,
    PollClosed,
)

# A body and the node that has the session ("" = none yet); status and body. Raises OSError
Post = Callable[[bytes, str], Awaitable[tuple[int, bytes]]]
TRIES = 5  # of one call, before the line is given up
PAUSE_SECONDS = 0.2  # between two tries
ABNORMAL = 1006
OK = 200

_answers: Decoder[PollAnswer] = decoder(PollAnswer)
_closes: Decoder[PollClosed] = decoder(PollClosed)


class PollLine:
    def __init__(self, post: Post) -> None:
        self.sid: Id | None = None
        self.node = ""  # where the session is
        self.rid = secrets.randbelow(RID_MAX) + 1  # of the next call
        self.ack = 0  # frames received without a gap
        self._post = post
        self._open: dict[int, asyncio.Task[None]] = {}  # calls without an answer, by rid
        self._out: deque[str] = deque()
        self._in: asyncio.Queue[str | ConnectionClosed] = asyncio.Queue()
        self._early: dict[int, str] = {}  # frames that came before the one before them
        self._over: ConnectionClosed | None = None
        self._ended = asyncio.Event()

    async def open(self) -> "PollLine":
        self._pump()
        return self

    async def send(self, text: str) -> None:
        self.put(text)

    def put(self, text: str) -> None:
        if self._over is not None:
            raise self._over
        self._out.append(text)
        asyncio.get_running_loop().call_soon(self._pump)

    async def recv(self) -> str:
        if self._over is not None and self._in.empty():
            raise self._over
        came = await self._in.get()
        if isinstance(came, ConnectionClosed):
            raise came
        return came

    async def close(self) -> None:
        tasks = tuple(self._open.values())
        self._end(None)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def wait_closed(self) -> None:
        await self._ended.wait()

    def _pump(self) -> None:
        """One call stays open; a second one carries what is to be said meanwhile."""
        while self._over is None and self._may_call() and (self._out or not self._open):
            rid, self.rid = self.rid, self.rid + 1
            self._open[rid] = asyncio.create_task(self._call(rid, self._body(rid)))

    def _may_call(self) -> bool:
        """The server keeps two answers: rid goes only when rid - 2 has been answered."""
        if self.sid is None:
            return not self._open
        return len(self._open) < POLL_CALLS and self.rid - POLL_CALLS not in self._open

    def _body(self, rid: int) -> bytes:
        frames: list[msgspec.Raw] = []
        size = 0
        while self._out and len(frames) < POLL_FRAMES:
            size += len(self._out[0])
            if frames and size > POLL_BYTES:
                break
            frames.append(msgspec.Raw(self._out.popleft().encode()))
        return encoder.encode(PollCall(rid=rid, ack=self.ack, frames=frames, sid=self.sid))

    async def _call(self, rid: int, body: bytes) -> None:
        answer = await self._insist(body)
        self._open.pop(rid, None)
        if answer is None:
            return self._end(ABNORMAL)
        with contextlib.suppress(Malformed):
            return self._end(_closes.decode(answer).close)
        took = _answers.decode(answer)
        assert took.rid == rid, "the answer to another call"
        self.sid, self.node = took.sid, took.node
        self._early.update((number, bytes(frame).decode()) for number, frame in took.frames)
        while (text := self._early.pop(self.ack + 1, None)) is not None:
            self.ack += 1
            self._in.put_nowait(text)
        self._pump()

    async def _insist(self, body: bytes) -> bytes | None:
        """The same bytes again, since the answer may have been lost on the way."""
        for _ in range(TRIES):
            with contextlib.suppress(OSError, EOFError):
                status, answer = await self._post(body, self.node)
                if status == OK:
                    return answer
            await asyncio.sleep(PAUSE_SECONDS)
        return None

    def _end(self, code: int | None) -> None:
        if self._over is None:
            received = None if code is None else Close(code, "")
            self._over = ConnectionClosedError(received, None)
            self._in.put_nowait(self._over)
            self._ended.set()


async def dial(url: str, origin: str, cookie: str) -> PollLine:
    """A line that said nothing yet. `url` of /live; `cookie` as the header has it."""
    return await PollLine(HttpPost(url, origin, cookie)).open()


class HttpPost:
    """HTTP/1.1 by hand: one connection a call, which no thread waits for."""

    def __init__(self, url: str, origin: str, cookie: str) -> None:
        self._parts = urlsplit(url)
        self._origin = origin
        self._cookie = cookie

    async def __call__(self, body: bytes, node: str) -> tuple[int, bytes]:
        parts = self._parts
        secure = parts.scheme == "https"
        port = parts.port or (443 if secure else 80)
        reader, writer = await asyncio.open_connection(
            parts.hostname, port, ssl=secure or None, limit=2 * protocol.MAX_FRAME
        )
        try:
            writer.write(self._head(len(body), f"?n={node}" if node else "") + body)
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin1")
            status = int(head.split(" ", 2)[1])
            return status, await reader.read()
        finally:
            writer.close()

    def _head(self, size: int, query: str) -> bytes:
        lines = [
            f"POST {self._parts.path}{query} HTTP/1.1",
            f"Host: {self._parts.netloc}",
            f"Origin: {self._origin}",
            f"Cookie: {self._cookie}",
            "Content-Type: application/json",
            f"Content-Length: {size}",
            "Connection: close",
        ]
        return "\r\n".join([*lines, "", ""]).encode("latin1")
