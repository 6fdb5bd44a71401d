"""A TCP fault proxy on loopback: one door for each device, so that each has a network of its own,
and one for each service that a node calls.

Bytes can be delayed, held, thrown away in one direction, trickled or cut. Once a connection has
become a WebSocket, whole frames can be lost, replayed or repeated too, which is how a lossy
announcement and a nervous client look from the other end. The proxy knows frames, not what is in
them: a lost or replayed frame is told by its tag alone. Of a line to Cassandra it can lose single
requests: a coordinator that has too much to do drops some, and tells nobody.
"""

import asyncio
import contextlib
import random
import socket
import struct
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial

CHUNK = 16 * 1024
SLOW_BYTES = 1024  # a second
REMEMBERED = 20  # frames of the past that a replay may bring back
PUSHED = (b'"t":"msg"', b'"t":"receipt"')
SENT, SEND = b'"t":"sent"', b'"t":"send"'
CQL_HEADER = 9  # bytes of a frame's of version 4: its operation is the fifth, its length the rest
EXECUTE = 0x0A  # a statement that was prepared
OUT, IN = "out", "in"  # from the device, to the device
Address = tuple[str, int]
Read = Callable[[asyncio.StreamReader], Awaitable[bytes]]
Weathered = Callable[[bytes], tuple[bytes, ...]]  # one frame: what passes of it
LOOPBACK: Address = ("127.0.0.1", 0)  # a free port


@dataclass
class Weather:
    """What a door does to its connections. Probabilities are of one frame."""

    refuse: bool = False
    delay: float = 0.0  # seconds, both ways
    hold: frozenset[str] = frozenset()  # directions in which nothing moves, and nothing is lost
    swallow: frozenset[str] = frozenset()  # directions in which everything is lost: half-open
    cut_after: int = 0  # bytes of HTTP from the device, on one connection: then RST; 0 = never
    slow: bool = False  # SLOW_BYTES a second towards the device
    lose_sent: float = 0.0  # the promise of the server
    lose_pushed: float = 0.0
    replay_pushed: float = 0.0  # an older one comes in its place
    repeat_send: float = 0.0  # the same bytes twice
    lose_request: float = 0.0  # of a statement to Cassandra: there is no answer


class Door:
    """`address` is what the device connects to; `weather` and `upstream` may change at any time.
    `speaks`: "http", "cql", or "" where nothing is done to frames."""

    def __init__(
        self, upstream: Address, chance: random.Random, at: Address = LOOPBACK, *,
        speaks: str = "http",
    ) -> None:  # fmt: skip
        self.upstream, self.at, self.speaks = upstream, at, speaks
        self.weather = Weather()
        self.chance = chance
        self.changed = asyncio.Event()  # the weather
        self.port = 0
        self.count: dict[str, int] = {}  # what was done to frames
        self.left: set[_Line] = set()  # without a device, and not yet given up by their other end
        self._lines: set[_Line] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def open(self) -> "Door":
        self._server = await asyncio.start_server(self._accept, *self.at)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    @property
    def address(self) -> str:
        return f"localhost:{self.port}"

    def set(self, weather: Weather) -> None:
        before, self.weather = self.weather, weather
        self.changed.set()
        self.changed = asyncio.Event()
        if weather.refuse or before.swallow:
            self.cut()  # what was swallowed is missing from the stream

    def cut(self) -> None:
        """RST both ways, on every connection."""
        for line in tuple(self._lines):
            line.reset()

    def leave(self) -> None:
        """The device is off its lines, as when it changes networks: their other ends hear nothing
        of it."""
        self.left |= self._lines
        self._lines.clear()
        for line in self.left:
            line.device.transport.abort()

    async def close(self) -> None:
        self.cut()
        for line in tuple(self.left):
            line.reset()
        if self._server is not None:
            self._server.close()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line = _Line(self, writer)
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            if not self.weather.refuse:
                self._lines.add(line)
                await line.run(reader)
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # an end of the line, or the door, went away: the other hears of it below
        finally:
            self._lines.discard(line)
            self.left.discard(line)
            line.reset()
            self._tasks.discard(task)


@dataclass(eq=False)
class _Line:
    door: Door
    device: asyncio.StreamWriter
    server: asyncio.StreamWriter | None = None
    past: list[bytes] = field(default_factory=list)  # pushed frames
    upgraded: bool = False
    passed: int = 0  # bytes from the device

    async def run(self, reader: asyncio.StreamReader) -> None:
        back, self.server = await asyncio.open_connection(*self.door.upstream)
        ways = [
            asyncio.create_task(self._pump(reader, self.server, OUT)),
            asyncio.create_task(self._pump(back, self.device, IN)),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            if self in self.door.left:
                await asyncio.wait(ways)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)

    def reset(self) -> None:
        for writer in (self.device, self.server):
            if writer is None or writer.transport.is_closing():
                continue
            raw = writer.get_extra_info("socket")
            with contextlib.suppress(OSError):  # closed by its other end just now
                raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()

    async def _pump(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, way: str
    ) -> None:
        if self.door.speaks == "http":
            head = await self._header(reader)
            self.upgraded |= b"upgrade: websocket" in head.lower()
            await self._pass(head, writer, way)
        read, weathered = self._frames(way)
        while data := await read(reader):
            for piece in weathered(data):
                await self._pass(piece, writer, way)

    def _frames(self, way: str) -> tuple[Read, Weathered]:
        """How one is read, and what becomes of it."""
        if self.upgraded:
            return _frame, partial(self._weathered, way=way)
        if self.door.speaks == "cql" and way == OUT:
            return _cql_frame, self._asked
        return _chunk, _as_it_is

    async def _header(self, reader: asyncio.StreamReader) -> bytes:
        """The first request or answer line and its fields: tells whether frames will follow."""
        return await reader.readuntil(b"\r\n\r\n")

    async def _pass(self, data: bytes, writer: asyncio.StreamWriter, way: str) -> None:
        while way in self.door.weather.hold:
            await self.door.changed.wait()
        weather = self.door.weather
        if way in weather.swallow or self in self.door.left:
            return
        self.passed += len(data) if way == OUT else 0
        if weather.cut_after and self.passed > weather.cut_after and not self.upgraded:
            return self.reset()
        if weather.delay:
            await asyncio.sleep(weather.delay)
        if weather.slow and way == IN:
            await asyncio.sleep(len(data) / SLOW_BYTES)
        writer.write(data)
        await writer.drain()

    def _asked(self, frame: bytes) -> tuple[bytes, ...]:
        statement = frame[4] == EXECUTE
        lost = statement and self._happens("lose_request", self.door.weather.lose_request)
        return () if lost else (frame,)

    def _weathered(self, frame: bytes, way: str) -> tuple[bytes, ...]:
        weather, payload = self.door.weather, _payload(frame)
        if way == OUT:
            again = SEND in payload and self._happens("repeat_send", weather.repeat_send)
            return (frame, frame) if again else (frame,)
        if SENT in payload and self._happens("lose_sent", weather.lose_sent):
            return ()
        if any(tag in payload for tag in PUSHED):
            return self._pushed(frame, weather)
        return (frame,)

    def _pushed(self, frame: bytes, weather: Weather) -> tuple[bytes, ...]:
        past, self.past = self.past, [*self.past, frame][-REMEMBERED:]
        if past and self._happens("replay_pushed", weather.replay_pushed):
            return (self.door.chance.choice(past),)
        return () if self._happens("lose_pushed", weather.lose_pushed) else (frame,)

    def _happens(self, what: str, probability: float) -> bool:
        happens = self.door.chance.random() < probability
        if happens:
            self.door.count[what] = self.door.count.get(what, 0) + 1
        return happens


async def _chunk(reader: asyncio.StreamReader) -> bytes:
    return await reader.read(CHUNK)


def _as_it_is(data: bytes) -> tuple[bytes, ...]:
    return (data,)


async def _cql_frame(reader: asyncio.StreamReader) -> bytes:
    """One whole frame of the native protocol of Cassandra, version 4, section 2."""
    head = await reader.readexactly(CQL_HEADER)
    return head + await reader.readexactly(int.from_bytes(head[5:], "big"))


async def _frame(reader: asyncio.StreamReader) -> bytes:
    """One whole frame of RFC 6455, masked or not."""
    head = await reader.readexactly(2)
    size = head[1] & 0x7F
    if size == 126:
        head += await reader.readexactly(2)
        size = int.from_bytes(head[2:], "big")
    elif size == 127:
        head += await reader.readexactly(8)
        size = int.from_bytes(head[2:], "big")
    mask = 4 if head[1] & 0x80 else 0
    return head + await reader.readexactly(mask + size)


def _payload(frame: bytes) -> bytes:
    """Its first bytes, unmasked: enough for the tag."""
    at = 2 + {126: 2, 127: 8}.get(frame[1] & 0x7F, 0)
    if not frame[1] & 0x80:
        return frame[at : at + 200]
    mask, body = frame[at : at + 4], frame[at + 4 : at + 204]
    return bytes(byte ^ mask[place % 4] for place, byte in enumerate(body))
