"""A device on the wire, as lean as a benchmark needs: hello, acknowledgements, and its frames."""

import asyncio
from collections.abc import Callable

import msgspec

from bench.wire import Wire, dial
from messaging import protocol
from testkit.cast import Person


class Tag(msgspec.Struct):
    """Enough of a frame to know what it is."""

    t: str
    nonce: str = ""
    seq: int = 0
    ord: int = 0
    code: str = ""
    client_id: str = ""
    retry_ms: int = 0
    in_ms: int = 0


decode = msgspec.json.Decoder(Tag).decode
OPENING = {"challenge", "state", "same"}


class Gone(ConnectionError):
    """The connection ended before it was live. No code: it broke."""

    def __init__(self, code: int | None) -> None:
        self.code = code
        super().__init__(f"the line ended: {code}")


class Device:
    """Counts and acknowledges what it receives; `on_frame` sees each frame after the opening."""

    def __init__(self, who: Person, device: int = 0) -> None:
        self.who = who
        self.on_frame: Callable[[Tag], None] = lambda frame: None
        self.received = 0
        self.told_to_wait = False  # the server had no room
        loop = asyncio.get_running_loop()
        self.live: asyncio.Future[None] = loop.create_future()
        self.over: asyncio.Future[int | None] = loop.create_future()  # the close code, if any
        self._device = device
        self._host = ""
        self._bytes = 0
        self.wire: Wire | None = None

    async def arrive(self, port: int) -> "Device":
        """Live: `state` or `same` has come. Raises Gone, or OSError where nobody listens."""
        self._host = f"localhost:{port}"
        self.wire = await dial(port, self._host, "/live", self._take)
        self.wire.closed.add_done_callback(self._lost)
        await self.live
        return self

    def send(self, text: bytes) -> None:
        assert self.wire
        self.wire.send(text)

    def leave(self) -> None:
        if self.wire is not None:
            self.wire.close()

    def _lost(self, closed: "asyncio.Future[int]") -> None:
        code = None if closed.exception() else closed.result()
        if not self.live.done():
            self.live.set_exception(Gone(code))
        if not self.over.done():
            self.over.set_result(code)

    def _take(self, wire: Wire, text: bytes) -> None:
        self.received += 1
        self._bytes += len(text)
        self.wire = wire
        frame = decode(text)
        if frame.t in OPENING:
            self._open(frame, text)
        elif frame.t == "ping":
            self.send(protocol.encode(protocol.Pong(ack=self.received)))
        else:
            self.told_to_wait |= frame.t == "busy" and not self.live.done()
            self.on_frame(frame)
        if (
            self.received % protocol.ACK_EVERY_FRAMES == 0
            or self._bytes >= protocol.ACK_EVERY_BYTES
        ):
            self._bytes = 0
            self.send(protocol.encode(protocol.Ping(ack=self.received)))

    def _open(self, frame: Tag, text: bytes) -> None:
        if frame.t == "challenge":
            challenge = protocol.parse_server(text)
            assert isinstance(challenge, protocol.Challenge)
            hello = self.who.hello(challenge.nonce, self._host, device=self._device)
            self.send(protocol.encode(hello))
        elif not self.live.done():
            self.live.set_result(None)
