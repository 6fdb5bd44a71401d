"""A device on the wire, as lean as a benchmark needs: hello, acknowledgements, and its frames."""

import asyncio
from collections.abc import Callable

import msgspec

from bench.wire import Wire, dial
from messaging import protocol
from tests.cast import Person


class Tag(msgspec.Struct):
    """Enough of a frame to know what it is."""

    t: str
    nonce: str = ""
    seq: int = 0
    ord: int = 0
    code: str = ""


decode = msgspec.json.Decoder(Tag).decode
OPENING = {"challenge", "state", "same"}


class Device:
    """Counts and acknowledges what it receives; `on_frame` sees each frame after the opening."""

    def __init__(self, who: Person, device: int = 0) -> None:
        self.who = who
        self.on_frame: Callable[[Tag], None] = lambda frame: None
        self.received = 0
        self.live = asyncio.get_running_loop().create_future()
        self._device = device
        self._host = ""
        self._bytes = 0
        self.wire: Wire | None = None

    async def arrive(self, port: int) -> "Device":
        """Live: `state` or `same` has come."""
        self._host = f"localhost:{port}"
        self.wire = await dial(port, self._host, "/live", self._take)
        self.wire.closed.add_done_callback(self._lost)
        await self.live
        return self

    def send(self, text: bytes) -> None:
        assert self.wire
        self.wire.send(text)

    def leave(self) -> None:
        assert self.wire
        self.wire.close()

    def _lost(self, closed: "asyncio.Future[int]") -> None:
        if not self.live.done():
            self.live.set_exception(closed.exception() or ConnectionError(f"{closed.result()}"))

    def _take(self, wire: Wire, text: bytes) -> None:
        self.received += 1
        self._bytes += len(text)
        self.wire = wire
        frame = decode(text)
        if frame.t in OPENING:
            self._open(frame, text)
        else:
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
