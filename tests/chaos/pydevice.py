"""A device of the Python client that keeps itself connected, and writes down what it sees.

It has a memory and no disk: when it is lost, it is lost, and its owner signs in elsewhere.
"""

import asyncio
import http.client
import random
from contextvars import ContextVar
from typing import Any

from websockets.exceptions import WebSocketException

from accounts.wire import Id
from e2ee.errors import Refused
from messaging import protocol
from tests.chaos.history import History
from tests.chaos.outcome import Chat, Holding, Letter
from tests.chaos.proxy import Door
from tests.client import account, device, epochbook
from tests.client.account import Opened
from tests.client.api import Api, ApiError
from tests.client.comeback import Comeback
from tests.client.device import Device
from tests.client.live import Closed
from tests.client.outbound import SendRefused

CONNECT_SECONDS = 10
SILENT_SECONDS = 4.0  # without a frame, although it was asked: the line is dead
LOOK_SECONDS = 0.5  # between two looks after the line
RETRY_SECONDS = 1.0  # at most, with full jitter: a storm has no time for the long pauses
WEATHER = (OSError, EOFError, http.client.HTTPException, WebSocketException, Closed, ApiError)

skew_ms: ContextVar[int] = ContextVar("skew_ms", default=0)  # of the device whose task runs
_true_time = account.now_ms


def skewed_time() -> int:
    return _true_time() + skew_ms.get()


for _module in (device, epochbook, account):
    _module.now_ms = skewed_time  # type: ignore[attr-defined]


class PyDevice:
    def __init__(
        self, name: str, api: Api, opened: Opened, door: Door, history: History, skew: int = 0
    ) -> None:
        self.name, self.door, self.history, self.skew = name, door, history, skew
        self.user = opened.uid.hex()
        self.device = _Watched(api, opened, self)
        self.online = asyncio.Event()
        self.seen: dict[str, str] = {}  # presence by uid
        self.lines = 0  # connections that came to stand
        self._queues: dict[bytes, asyncio.Queue[str]] = {}
        self._wanted: dict[bytes, tuple[int, int]] = {}  # read marks, told again after a break
        self._open: set[str] = set()  # texts whose fate is not known
        self._tasks: set[asyncio.Task[Any]] = set()
        self._marks: dict[tuple[str, str], int] = {}
        self._comeback = Comeback(_soon)
        self._looks = 0
        self._stuck_since = 0.0  # when the send began that waits for its promise; 0 = none

    # ------------------------------------------------------------ for the controller

    def start(self) -> None:
        self.spawn(self._stay_connected())

    def send(self, conv: str, text: str) -> None:
        """Kept in the order of the calls; the history learns how it ends."""
        key = bytes.fromhex(conv)
        self.history.add(self.name, "send", "invoke", conv=conv, text=text)
        self._open.add(text)
        if key not in self._queues:
            self._queues[key] = asyncio.Queue()
            self.spawn(self._sender(key))
        self._queues[key].put_nowait(text)

    async def read(self, conv: str) -> None:
        key = bytes.fromhex(conv)
        conversation = self.device.conversations.get(key)
        if conversation is None or not conversation.newest_of_peer[0]:
            return
        self._wanted[key] = conversation.newest_of_peer
        await self.device.read(key)

    async def look(self) -> None:
        """How far each conversation goes, asked anew."""
        if not self.online.is_set():
            return
        heads: dict[str, int] = {}
        self._looks += 1
        number = self._looks
        self.history.add(self.name, "look", "invoke", number=number)
        for conv in tuple(self.device.conversations):
            async with asyncio.timeout(CONNECT_SECONDS):
                page = await self.device.line.page(conv, limit=1)
            if isinstance(page, protocol.Page):
                heads[conv.hex()] = page.rows[0].seq if page.rows else 0
        self.history.add(self.name, "look", "ok", number=number, heads=heads)

    async def rotate(self, conv: str) -> None:
        key = bytes.fromhex(conv)
        if key in self.device.conversations:
            await self.device.rotate(key)

    async def typing(self, conv: str) -> None:
        if bytes.fromhex(conv) in self.device.conversations:
            await self.device.typing(bytes.fromhex(conv))

    async def reconnect(self) -> None:
        self.door.cut()

    async def wake(self) -> None:
        if self.online.is_set():
            await self.device.catch_up()

    async def watch(self, users: list[str]) -> None:
        ids = [Id(bytes.fromhex(user)) for user in users]
        await self.device.line.send(protocol.Watch(users=ids, focus=True))

    async def settled(self, heads: dict[str, int]) -> bool:
        """Whether nothing waits and everything is here."""
        rows = self.device.vector.rows
        mine = {conv.hex(): each.have for conv, each in self.device.conversations.items()}
        told = all(rows[conv].my_read_ord >= ord_ for conv, (_, ord_) in self._wanted.items())
        behind = any(mine.get(conv, -1) < heads.get(conv, 0) for conv in self._convs())
        return self.online.is_set() and not self._open and not behind and told

    async def holding(self, *, fresh: bool = False) -> Holding:
        chats = {}
        for key, conversation in self.device.conversations.items():
            letters = tuple(
                Letter(m.seq, m.mid.hex(), m.mine, m.kind, m.ord, m.text)
                for m in conversation.messages
            )
            row, waits = self.device.vector.rows[key], conversation.pending is not None
            waiting = waits + (self._queues[key].qsize() if key in self._queues else 0)
            chats[key.hex()] = Chat(letters, row.unread, row.my_read_ord, waiting)
        alarms = [
            f"{type(alarm).__name__}: {alarm} at {seq} of {conv.hex()[:6]}"
            for conv, seq, alarm in self.device.alarms
            if isinstance(alarm, Refused)
        ]
        return Holding(self.name, self.user, chats, fresh, tuple(alarms))

    async def lose(self) -> None:
        """The device is gone with all that was in it."""
        for text in self._open:
            conv = self._conv_of(text)
            self.history.add(self.name, "send", "info", conv=conv, text=text)
        self._open.clear()
        await self.close()

    async def close(self) -> None:
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.reconnect()  # a goodbye would wait for an answer that may never come
        await self.device.close()
        await self.door.close()

    def spawn(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # ------------------------------------------------------------ its own life

    def saw(self) -> None:
        """Something arrived: write down what it says of the others' marks."""
        for key, row in self.device.vector.rows.items():
            marks = {"peer_read": row.peer_read, "peer_got": row.peer_got}
            conv = key.hex()
            fresh = {k: v for k, v in marks.items() if self._marks.get((conv, k)) != v}
            if fresh:
                self._marks.update({(conv, k): v for k, v in fresh.items()})
                self.history.add(self.name, "marks", "ok", conv=conv, marks=fresh)

    async def _stay_connected(self) -> None:
        skew_ms.set(self.skew)
        while True:
            code = None
            try:
                async with asyncio.timeout(CONNECT_SECONDS):
                    await self.device.connect()
                self._comeback.live()
                self.online.set()
                self.lines += 1
                self.saw()
                await self._tell_reads()
                await self._until_silent()
                code = self.device.line.close_code
            except Closed as closed:
                code = closed.code
            except WEATHER:
                pass
            finally:
                self.online.clear()
            await self.reconnect()
            pause = self._comeback.after(code)
            # Where the rules say never, the storm moved a clock: nobody is there to sign in again.
            await asyncio.sleep(_soon(0, RETRY_SECONDS) if pause is None else pause)

    async def _until_silent(self) -> None:
        """A line that says nothing although it is asked is given up."""
        live = self.device.line
        heard, last = -1, asyncio.get_running_loop().time()
        while not (live._task is None or live._task.done()):
            now = asyncio.get_running_loop().time()
            if live.received != heard:
                heard, last = live.received, now
            elif now - last > SILENT_SECONDS:
                return
            async with asyncio.timeout(SILENT_SECONDS):  # wait_for may swallow a cancellation
                await live.send(protocol.Ping())
            await asyncio.wait([live._task], timeout=LOOK_SECONDS)
            await self._resend_if_stuck(now)

    async def _resend_if_stuck(self, now: float) -> None:
        """The promise was lost on the way: the same bytes go again on a new line."""
        if self._stuck_since and now - self._stuck_since > SILENT_SECONDS:
            self._stuck_since = 0.0
            await self.reconnect()

    async def _tell_reads(self) -> None:
        for conv, (seq, ord_) in self._wanted.items():
            row = self.device.vector.rows.get(conv)
            if row is not None and row.my_read_ord < ord_:
                await self.device.line.send(protocol.Read(conv=Id(conv), seq=seq, ord=ord_))
                self.device._note_own(self.device.conversations[conv], read=seq, read_ord=ord_)

    async def _sender(self, key: bytes) -> None:
        skew_ms.set(self.skew)
        queue = self._queues[key]
        while True:
            text = await queue.get()
            message = None
            while message is None and text in self._open:
                await self.online.wait()
                message = await self._try(key, text)
            if message is not None:
                self._end(text, key, "ok", mid=message.mid.hex(), seq=message.seq)

    async def _try(self, key: bytes, text: str) -> Any:
        """The message once it is promised, or None: look again."""
        conversation = self.device.conversations.get(key)
        if conversation is None:
            await asyncio.sleep(LOOK_SECONDS)  # its first state has not come yet
            return None
        for message in reversed(conversation.messages):
            if message.text == text:
                return message
        if conversation.pending is not None:  # the next connect sends it
            await asyncio.sleep(0.05)
            return None
        self._stuck_since = self._stuck_since or asyncio.get_running_loop().time()
        try:
            return await self.device.send(key, text)
        except SendRefused as refused:
            self._end(text, key, "fail", why=str(refused))
        except WEATHER:
            await asyncio.sleep(0.1)
        finally:
            self._stuck_since = 0.0
        return None

    def _end(self, text: str, key: bytes, how: str, **more: Any) -> None:
        self._open.discard(text)
        self.history.add(self.name, "send", how, conv=key.hex(), text=text, **more)

    def _convs(self) -> list[str]:
        return [conv.hex() for conv in self.device.vector.rows]

    def _conv_of(self, text: str) -> str:
        return next(
            str(event.value["conv"])
            for event in self.history.of("send", "invoke")
            if event.value["text"] == text
        )


def _soon(least: float, most: float) -> float:
    return random.uniform(min(least, RETRY_SECONDS), min(most, RETRY_SECONDS))


class _Watched(Device):
    """The client's device, and who wants to know what it heard."""

    def __init__(self, api: Api, opened: Opened, owner: PyDevice) -> None:
        super().__init__(api, opened, receipt_seconds=0.5)
        self.owner = owner

    async def _handle(self, frame: protocol.Frame) -> None:
        await super()._handle(frame)
        if isinstance(frame, protocol.Presence):
            self.owner.seen.update({bytes(s.user).hex(): s.state for s in frame.users})
        self.frames.clear()  # nobody asks for them here
        self.owner.saw()
