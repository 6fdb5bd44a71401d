"""One conversation in one direction, as the benchmark holds it."""

import asyncio
import time

from accounts.wire import Id
from bench.device import Device, Tag
from messaging import protocol
from tests.cast import Person

TEXT = "x" * 40  # its body is 200 bytes of JSON, and fills the smallest bucket
READ_EVERY = 0.5  # seconds


class Talk:
    """One conversation in one direction: alice writes, bob receives and acknowledges."""

    def __init__(self, alice: Person, bob: Person, letters: int) -> None:
        [self.conv] = alice.epochs
        self.alice, self.bob = Device(alice), Device(bob)
        self.alice.on_frame, self.bob.on_frame = self._at_alice, self._at_bob
        self.letters = [protocol.encode(alice.letter(self.conv, TEXT)) for _ in range(letters)]
        self.delays: list[float] = []
        self._sent_at = 0.0
        self._sent = self._came = False
        self._turn = asyncio.Lock()
        self._done: asyncio.Future[None] | None = None
        self._last: Tag | None = None  # what bob has not read yet
        self._timer: asyncio.TimerHandle | None = None

    async def arrive(self, port: int) -> None:
        await self.alice.arrive(port)
        await self.bob.arrive(port)

    async def deliver(self) -> None:
        """One message, until it is confirmed and has come. Its delay counts from the call, also
        where the one before it is still on its way."""
        wanted = time.perf_counter()
        async with self._turn:
            self._done = asyncio.get_running_loop().create_future()
            self._sent = self._came = False
            self._sent_at = wanted
            self.alice.send(self.letters.pop())
            await self._done

    def _at_alice(self, frame: Tag) -> None:
        if frame.t == "sent":
            self._sent = True
            self._maybe_done()
        elif frame.t in ("error", "busy", "stale_epoch"):
            raise RuntimeError(f"the server answered {frame}")

    def _at_bob(self, frame: Tag) -> None:
        if frame.t != "msg":
            return
        self.delays.append(time.perf_counter() - self._sent_at)
        self.bob.send(protocol.encode(protocol.Got(conv=Id(self.conv), seq=frame.seq)))
        self._last = frame
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(READ_EVERY, self._read)
        self._came = True
        self._maybe_done()

    def _read(self) -> None:
        self._timer = None
        assert self._last
        read = protocol.Read(conv=Id(self.conv), seq=self._last.seq, ord=self._last.ord)
        self.bob.send(protocol.encode(read))

    def _maybe_done(self) -> None:
        if self._sent and self._came and self._done and not self._done.done():
            self._done.set_result(None)
