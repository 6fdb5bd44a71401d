"""A browser's socket, spoken to the whole ASGI application in this process."""

import asyncio
from typing import Any, TypeVar

from django.conf import settings

from chatsite.asgi import application
from messaging import protocol
from testkit.cast import NOTHING_KNOWN, Person

site: Any = application
# Another host, port or scheme is another site; the rest is what no browser sends.
FOREIGN = [
    "https://evil.example", "null", "", "http://[", f"{settings.SITE_URL}9",
    settings.SITE_URL.replace("http:", "https:"), f"{settings.SITE_URL}/", "http://localhost",
    settings.SITE_URL.upper(),
]  # fmt: skip
HERE = "127.0.0.1"  # where a client is, if nothing else is said
SOON = 30.0  # seconds in which anything must come, on a busy machine too
_running: set[asyncio.Task[None]] = set()
F = TypeVar("F", bound=protocol.Frame)


class Closed(Exception):
    def __init__(self, code: int) -> None:
        super().__init__(f"closed with {code}")
        self.code = code


class Socket:
    def __init__(
        self, origin: str = settings.SITE_URL, app: Any = site, address: str = HERE
    ) -> None:
        self.challenge: protocol.Challenge | None = None
        self.read = 0  # frames, as a client counts them for `ack`
        self._in: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._out: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._kept: list[protocol.ServerFrame] = []
        headers = [(b"host", settings.SITE_HOST.encode()), (b"origin", origin.encode())]
        scope: Any = {
            "type": "websocket", "asgi": {"version": "3.0"}, "path": "/live", "raw_path": b"/live",
            "query_string": b"", "root_path": "", "headers": headers, "subprotocols": [],
            "client": [address, 40000], "server": ["127.0.0.1", 8000],
        }  # fmt: skip
        self._in.put_nowait({"type": "websocket.connect"})
        self._task = asyncio.create_task(app(scope, self._in.get, self._out.put))
        _running.add(self._task)  # a test may drop its socket while it should stay open
        self._task.add_done_callback(_running.discard)

    async def open(self) -> "Socket":
        """Accepted and challenged; not who it is yet."""
        assert (await self._event())["type"] == "websocket.accept"
        self.challenge = await self.next(protocol.Challenge)
        return self

    async def hello(
        self, who: Person, *, device: int = 0, vec_hash: bytes = NOTHING_KNOWN
    ) -> protocol.State | protocol.Same:
        assert self.challenge
        self.send(
            who.hello(self.challenge.nonce, settings.SITE_HOST, device=device, vec_hash=vec_hash)
        )
        frame = await self.anything()
        assert isinstance(frame, protocol.State | protocol.Same)
        return frame

    def send(self, frame: protocol.Frame) -> None:
        self.send_text(protocol.encode(frame).decode())

    def send_text(self, text: str) -> None:
        self._in.put_nowait({"type": "websocket.receive", "text": text})

    def send_binary(self, data: bytes) -> None:
        self._in.put_nowait({"type": "websocket.receive", "bytes": data})

    async def next(self, kind: type[F]) -> F:
        """The next frame of this kind; others before it are kept for later."""
        for index, frame in enumerate(self._kept):
            if isinstance(frame, kind):
                return self._kept.pop(index)  # type: ignore[return-value]
        while not isinstance(frame := await self._frame(), kind):
            self._kept.append(frame)
        return frame

    async def anything(self) -> protocol.ServerFrame:
        return self._kept.pop(0) if self._kept else await self._frame()

    async def silence(self) -> list[protocol.ServerFrame]:
        """What had come until a ping was answered: a bound in order, not in time."""
        self.send(protocol.Ping())
        before: list[protocol.ServerFrame] = list(self._kept)
        self._kept.clear()
        while not isinstance(frame := await self._frame(), protocol.Pong):
            before.append(frame)
        return before

    async def closed(self) -> int:
        """The close code; frames before it are kept."""
        while True:
            try:
                self._kept.append(await self._frame())
            except Closed as closed:
                return closed.code

    async def leave(self, code: int = 1000) -> None:
        self._in.put_nowait({"type": "websocket.disconnect", "code": code})
        await asyncio.wait_for(self._task, SOON)

    async def _frame(self) -> protocol.ServerFrame:
        event = await self._event()
        if event["type"] == "websocket.close":
            raise Closed(event.get("code", 1000))
        self.read += 1
        return protocol.parse_server(event["text"])

    async def _event(self) -> dict[str, Any]:
        getting = asyncio.ensure_future(self._out.get())
        done, _ = await asyncio.wait(
            {getting, self._task}, timeout=SOON, return_when=asyncio.FIRST_COMPLETED
        )
        if getting not in done:
            getting.cancel()
            if self._task in done:
                self._task.result()
            raise TimeoutError("nothing came")
        return getting.result()


async def dial(who: Person, device: int = 0) -> Socket:
    """Of a browser; the fixture `transport` puts the long poll here."""
    return await Socket().open()


async def arrived(who: Person, device: int = 0) -> Socket:
    """A socket that is live."""
    socket = await dial(who, device)
    await socket.hello(who, device=device)
    return socket


async def spoken(who: Person, conv: bytes, count: int = 1) -> Socket:
    """Somebody has said something, and is still there."""
    socket = await arrived(who)
    for number in range(count):
        socket.send(who.message(conv, str(number)))
        await socket.next(protocol.Sent)
    return socket
