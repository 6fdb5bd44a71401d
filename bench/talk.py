"""One conversation in one direction, as the benchmark holds it."""

import asyncio
import time
from collections import deque
from collections.abc import Callable

from bench.device import Device, Tag
from chatsite.edge.wire import Id
from messaging import protocol
from testkit.cast import Person

TEXT = "x" * 40
RECEIPTS_EVERY = 1.0  # seconds, in one conversation: EVERY_MS of static/js/sync/receipts.js
SHOWN_SECONDS = 1.0  # on the screen, and it is read: READ_MS of static/js/ui/reading.js
SETTLES = 1.0  # seconds: the server stores marks of half a second together
# After the last message: it is shown, `read` may wait for its turn, and the server stores it.
RECEIPTS_LAST = SHOWN_SECONDS + RECEIPTS_EVERY + SETTLES


class Receipts:
    """`got` and `read` of one conversation, as browsers send them: at once, then not again for a
    second, and the newest wins."""

    def __init__(self, conv: bytes, send: Callable[[bytes], None]) -> None:
        self._conv, self._send = Id(conv), send
        self._got = self._told_got = 0
        self._read = self._told_read = (0, 0)  # seq, ord
        self._read_at = 0.0  # when the oldest that was not told was read
        self._rests = False

    def came(self, seq: int, ord: int) -> None:
        """A message was stored, and is on the screen from now on."""
        self._got = seq
        self._soon()
        asyncio.get_running_loop().call_later(SHOWN_SECONDS, self._shown, seq, ord)

    def _shown(self, seq: int, ord: int) -> None:
        if self._read == self._told_read:
            self._read_at = time.monotonic()
        self._read = (seq, ord)
        self._soon()

    def _soon(self) -> None:
        if not self._rests:
            self._rests = True
            self._tell()
            asyncio.get_running_loop().call_later(RECEIPTS_EVERY, self._again)

    def _again(self) -> None:
        self._rests = False
        self._tell()

    def _tell(self) -> None:
        if self._got > self._told_got:
            self._told_got = self._got
            self._send(protocol.encode(protocol.Got(conv=self._conv, seq=self._got)))
        if self._read > self._told_read:
            self._told_read = self._read
            ago = round((time.monotonic() - self._read_at) * 1000)
            seq, ord = self._read
            read = protocol.Read(conv=self._conv, seq=seq, ord=ord, ago=ago)
            self._send(protocol.encode(read))


class Talk:
    """Alice writes; Bob receives, and reads at once."""

    def __init__(self, alice: Person, bob: Person) -> None:
        [self.conv] = alice.epochs
        self.alice, self.bob = Device(alice), Device(bob)
        self.alice.on_frame, self.bob.on_frame = self._at_alice, self._at_bob
        self.delays: list[float] = []  # seconds, from when each message was due
        self._sealed: deque[bytes] = deque()
        self._receipts = Receipts(self.conv, self.bob.send)
        self._due = 0.0
        self._sent = self._came = False
        self._turn = asyncio.Lock()
        self._done: asyncio.Future[None] | None = None

    async def arrive(self, port: int) -> None:
        for device in (self.alice, self.bob):
            await device.arrive(port)
            device.over.add_done_callback(lambda over: self._fail(f"closed: {over.result()}"))

    def seal(self, count: int) -> None:
        """What `deliver` will send, beforehand: sealing is the client's work."""
        for _ in range(count):
            message = self.alice.who.message(self.conv, TEXT)
            self._sealed.append(protocol.encode(message))

    def next_frame(self) -> bytes:
        if not self._sealed:  # its messages came sooner than those of other talks
            self.seal(1)
        return self._sealed[0]

    async def deliver(self, due: float) -> None:
        """One message, until it is confirmed and has come. Its delay counts from when it was due
        (time.perf_counter), also where the one before it is still on its way, as in a browser."""
        async with self._turn:
            self._done = asyncio.get_running_loop().create_future()
            self._sent = self._came = False
            self._due = due
            self.alice.send(self.next_frame())
            self._sealed.popleft()
            await self._done

    def _at_alice(self, frame: Tag) -> None:
        if frame.t == "sent":
            self._sent = True
            self._maybe_done()
        elif frame.t in ("error", "busy", "stale_epoch"):
            self._fail(f"the server answered {frame}")

    def _at_bob(self, frame: Tag) -> None:
        if frame.t != "msg":
            return
        self.delays.append(time.perf_counter() - self._due)
        self._receipts.came(frame.seq, frame.ord)
        self._came = True
        self._maybe_done()

    def _fail(self, why: str) -> None:
        if self._done and not self._done.done():
            self._done.set_exception(RuntimeError(why))

    def _maybe_done(self) -> None:
        if self._sent and self._came and self._done and not self._done.done():
            self._done.set_result(None)
