"""Devices that stay connected: they come back by the client's own rules."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable

from bench.device import Device, Gone, Tag
from e2ee.encoding import to_base64
from messaging import protocol
from testkit.cast import Person
from testkit.client.comeback import Comeback

OPENING_SECONDS = 15  # dialled, and no state by then: as static/js/network/liveconnection.js has it
GIVE_UP_SECONDS = 180  # all of them are back by then, or something is wrong
TEXT = "x" * 40


class Crowd:
    """All of them, and who has come back since `forget`."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.devices: list[Returning] = []
        self.back_at: dict[Returning, float] = {}
        self.gate = asyncio.Event()  # while it is closed, nobody dials
        self.gate.set()
        self._at_the_gate = 0
        self._moved = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    async def gather(self, devices: "list[Returning]") -> None:
        """Everybody connects for the first time, and is here when this returns."""
        self.devices = devices
        self._tasks = [asyncio.create_task(device.stay()) for device in devices]
        await self.all_back()

    def forget(self) -> None:
        self.back_at.clear()
        for device in self.devices:
            device.ends.clear()

    def came(self, device: "Returning") -> None:
        self.back_at.setdefault(device, time.perf_counter())
        self._moved.set()

    async def all_back(self) -> None:
        await self._until(lambda: len(self.back_at) == len(self.devices))

    async def all_at_the_gate(self) -> None:
        await self._until(lambda: self._at_the_gate == len(self.devices))

    async def through_the_gate(self) -> None:
        self._at_the_gate += 1
        self._moved.set()
        await self.gate.wait()
        self._at_the_gate -= 1

    async def leave(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _until(self, true: Callable[[], bool]) -> None:
        async with asyncio.timeout(GIVE_UP_SECONDS):
            while not true():
                self._moved.clear()
                await self._moved.wait()


class Returning:
    """One device of the crowd."""

    def __init__(self, crowd: Crowd, who: Person, number: int = 0) -> None:
        self.who, self.number = who, number
        self.here = asyncio.Event()
        self.ends: Counter[str] = Counter()  # of the attempts that failed
        self.on_frame: Callable[[Tag], None] = lambda frame: None
        self.on_lost: Callable[[], None] = lambda: None
        self._crowd = crowd
        self._comeback = Comeback()
        self._line: Device | None = None

    async def stay(self) -> None:
        while True:
            await self._crowd.through_the_gate()
            code = await self._one_line()
            pause = self._comeback.after(code)
            if pause is None:
                raise RuntimeError(f"closed for good: {code}")
            await asyncio.sleep(pause)

    def send(self, text: bytes) -> None:
        assert self._line
        self._line.send(text)

    async def _one_line(self) -> int | None:
        """From dialling to its end; the close code, if there was one."""
        line = Device(self.who, self.number)
        line.on_frame = self._heard
        try:
            code = await self._failed(line)
            if line.live.done() and not line.live.exception():
                code = await self._lived(line)
            return code
        finally:
            line.leave()

    async def _failed(self, line: Device) -> int | None:
        """Dial. Failed attempts are counted by their reason."""
        try:
            async with asyncio.timeout(OPENING_SECONDS):
                await line.arrive(self._crowd.port)
        except ConnectionRefusedError:
            self.ends["nobody there"] += 1
        except Gone as gone:
            self.ends["told to wait" if line.told_to_wait else f"closed with {gone.code}"] += 1
            return gone.code
        except OSError as error:
            self.ends[type(error).__name__] += 1
        return None

    async def _lived(self, line: Device) -> int | None:
        self._comeback.live()
        self._line = line
        self._crowd.came(self)
        self.here.set()
        code = await line.over
        self.here.clear()
        self.on_lost()
        return code

    def _heard(self, frame: Tag) -> None:
        if frame.t == "drain":
            self._comeback.drain = frame.in_ms / 1000
        else:
            self.on_frame(frame)


class Insistent:
    """Writes as fast as the server lets it, one message after the other, each of them until it is
    promised: after a break the same bytes again."""

    def __init__(self, crowd: Crowd, alice: Person) -> None:
        [self.conv] = alice.epochs
        self.alice = alice
        self.device = Returning(crowd, alice)
        self.device.on_frame = self._heard
        self.device.on_lost = lambda: self._again(0)
        self.promised: dict[str, int] = {}  # client_id in base64 → seq
        self._answer: asyncio.Future[float] | None = None  # seconds to wait before the next

    async def keep_writing(self) -> None:
        while True:
            message = self.alice.message(self.conv, TEXT)
            while to_base64(message.client_id) not in self.promised:
                await self.device.here.wait()
                self._answer = asyncio.get_running_loop().create_future()
                self.device.send(protocol.encode(message))
                await asyncio.sleep(await self._answer)

    def _heard(self, frame: Tag) -> None:
        if frame.t == "sent":
            self.promised[frame.client_id] = frame.seq
            self._again(0)
        elif frame.t in ("error", "busy"):
            if frame.code not in ("", "rate"):
                raise RuntimeError(f"the server answered {frame}")
            self._again(frame.retry_ms / 1000)

    def _again(self, seconds: float) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(seconds)
