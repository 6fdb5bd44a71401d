"""A device of the Python client that keeps itself connected, and writes down what it sees.

It has a memory and no disk: when it is lost, it is lost, and its owner signs in elsewhere.
"""

import asyncio
import random
from typing import Any

from chatsite.edge.wire import Id
from e2ee.errors import BadEpoch
from messaging import protocol
from testkit.client import account
from testkit.client.account import Opened, Secrets
from testkit.client.api import Api
from testkit.client.comeback import Comeback
from testkit.client.live import Closed
from testkit.client.outbound import SendRefused
from tests.chaos.attaching import Attaching
from tests.chaos.held import chats, suspicions
from tests.chaos.history import History
from tests.chaos.outcome import Holding
from tests.chaos.proxy import Door, Weather
from tests.chaos.pysending import WEATHER, Saying, Sending
from tests.chaos.skew import skew_ms
from tests.chaos.watched import Watched

CONNECT_SECONDS = 20  # with all that waits: a busy machine must not begin it for ever
SILENT_SECONDS = 4.0  # without a frame, although it was asked: the line is dead
LOOK_SECONDS = 0.5  # between two looks after the line
RETRY_SECONDS = 1.0  # at most, with full jitter: a storm has no time for the long pauses


class PyDevice:
    def __init__(
        self, name: str, api: Api, opened: Opened, door: Door, history: History, skew: int = 0
    ) -> None:
        self.name, self.door, self.history, self.skew = name, door, history, skew
        self.user, self.device = opened.uid.hex(), Watched(api, opened, self)
        self.online = asyncio.Event()
        self.seen: dict[str, str] = {}  # presence by uid
        self.lines = 0  # connections that came to stand
        self.attaching = Attaching(api)
        self.sending = Sending(self)
        self._wanted: dict[bytes, tuple[int, int]] = {}  # read marks, told again after a break
        self._tasks: set[asyncio.Task[Any]] = set()
        self._failures: list[str] = []  # of its own life: that it goes on is for the harness to see
        self._marks: dict[tuple[str, str], int] = {}
        self._comeback = Comeback(_soon)
        self._looks = 0

    # ------------------------------------------------------------ for the controller

    def start(self) -> None:
        self.spawn(self._stay_connected())

    def send(self, conv: str, text: str) -> None:
        self.sending.say(Saying("send", bytes.fromhex(conv), text), file=False)

    def send_file(self, conv: str, text: str) -> None:
        self.sending.say(Saying("send", bytes.fromhex(conv), text, file=True), file=True)

    async def delete(self, conv: str) -> None:
        self.sending.delete(bytes.fromhex(conv))

    async def meddle(self, conv: str) -> None:
        self.sending.meddle(bytes.fromhex(conv))

    @property
    def undecided(self) -> int:
        """How much of what it said nobody knows the fate of."""
        return len(self.sending.open)

    async def abandon(self, conv: str, text: str) -> None:
        """An upload that no message will have."""
        await self.attaching.abandon(bytes.fromhex(conv), text, cancel=random.random() < 0.5)

    async def read(self, conv: str) -> None:
        key = bytes.fromhex(conv)
        conversation = self.device.conversations.get(key)
        if conversation is None or not conversation.newest_of_peer[0]:
            return
        await conversation.agreed.wait()  # what the server lost is not read
        self._wanted[key] = conversation.newest_of_peer
        await self.device.read(key)

    async def look(self) -> None:
        """How far each conversation goes, asked again."""
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
        self.seen.clear()  # the answer names all of them
        await self.device.line.send(protocol.Watch(users=ids, focus=True))

    async def sign_in_again(self, known: Secrets, password: str) -> None:
        await asyncio.to_thread(account.sign_in_again, self.device.api, known)

    async def caught_up(self, heads: dict[str, int]) -> bool:
        """Whether it is there, and has what was there by then."""
        mine = {conv.hex(): each.have for conv, each in self.device.conversations.items()}
        there = all(mine.get(conv, -1) >= heads.get(conv, 0) for conv in self._convs())
        return self.online.is_set() and there

    async def settled(self, heads: dict[str, int]) -> bool:
        """Whether nothing waits and everything is here."""
        return await self.caught_up(heads) and not self.undecided

    async def read_ords(self) -> dict[str, int]:
        return {conv.hex(): row.my_read_ord for conv, row in self.device.vector.rows.items()}

    async def holding(self, *, fresh: bool = False) -> Holding:
        held = chats(self.device, self.sending.waiting())
        alarms = (*suspicions(self.device), *self._failures)
        return Holding(self.name, self.user, held, fresh, alarms)

    async def lose(self) -> None:
        self.sending.lose()
        await self.close()

    async def close(self) -> None:
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self.door.set(Weather(refuse=True))  # a goodbye would wait for an answer that may not come
        await asyncio.gather(self.device.close(), asyncio.to_thread(self.attaching.close))
        await self.door.close()

    def spawn(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            self._failures.append(f"stopped by {error!r}")

    # ------------------------------------------------------------ its own life

    def rewound(self, conv: bytes) -> None:
        """The server was set back: what is read is told when it is read again."""
        self._wanted.pop(conv, None)

    def saw(self) -> None:
        """Something arrived: write down what it says of the others' marks."""
        for key, row in self.device.vector.rows.items():
            marks = {"peer_read": row.peer_read, "peer_got": row.peer_got}
            conv = key.hex()
            fresh = {k: v for k, v in marks.items() if self._marks.get((conv, k)) != v}
            if fresh:
                self._marks.update({(conv, k): v for k, v in fresh.items()})
                self.history.add(self.name, "marks", "ok", conv=conv, marks=fresh)

    def be_late(self) -> None:
        """The clock of the task that asks becomes the device's own."""
        skew_ms.set(self.skew)

    async def _stay_connected(self) -> None:
        self.be_late()
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
            except (*WEATHER, BadEpoch, SendRefused):  # of what was to be sent again
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
            if self.sending.stuck(SILENT_SECONDS):
                self.sending.unstick()
                await self.reconnect()

    async def _tell_reads(self) -> None:
        for conv, (seq, ord_) in self._wanted.items():
            row = self.device.vector.rows.get(conv)
            if row is not None and row.my_read_ord < ord_:
                self.device.vector.tell(conv, self.device.uid, read=seq, read_ord=ord_)
                await self.device.line.send(protocol.Read(conv=Id(conv), seq=seq, ord=ord_))

    def _convs(self) -> list[str]:
        return [conv.hex() for conv in self.device.vector.rows]


def _soon(least: float, most: float) -> float:
    return random.uniform(min(least, RETRY_SECONDS), min(most, RETRY_SECONDS))
