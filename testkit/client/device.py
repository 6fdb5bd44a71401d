"""One device: its line, what it knows, what a test asks of it."""

import asyncio
from collections.abc import Callable
from typing import Any, Protocol, TypeVar

from accounts.protocol import LiveToken
from chatsite.edge.wire import B32, Id
from e2ee.envelope import KIND_NOTIFY, KIND_SILENT
from messaging import protocol
from messaging.protocol import Msg
from testkit.client import rollback
from testkit.client.account import Opened, now_ms
from testkit.client.api import Api
from testkit.client.conversation import Compose, Conversation, Message
from testkit.client.directory import Directory, Known
from testkit.client.epochbook import EpochBook
from testkit.client.inbound import Inbound
from testkit.client.live import Closed, Live
from testkit.client.m1 import body as bodies
from testkit.client.outbound import Outbound
from testkit.client.vector import Row, Vector

T = TypeVar("T")
RECEIPT_SECONDS = 1.0  # at most one receipt a second and conversation
WAIT_SECONDS = 60  # on a machine that stands still now and then
FILLED_AT_A_TIME = 8  # conversations, after a connect: all at once is what the server refuses
ASKS_ME = 2


class HasUid(Protocol):
    @property
    def uid(self) -> bytes: ...


class Device:
    """`conversations[conv].messages` is the history; `alarms` is whatever made the client
    suspicious or failed in it, each with the conversation and seq where it happened."""

    def __init__(
        self, api: Api, account: Opened, *, receipt_seconds: float = RECEIPT_SECONDS,
        auto_read: bool = False, by_calls: bool = False,
    ) -> None:  # fmt: skip
        """`by_calls`: where no WebSocket gets through."""
        self.api, self.account = api, account
        self.uid, self.keys = account.uid, account.keys
        self.directory = Directory(api)
        self.directory.known[self.uid] = Known(account.links)
        self.epochs = EpochBook(api, self.directory, account)
        self.vector = Vector()
        self.conversations: dict[bytes, Conversation] = {}
        self.alarms: list[tuple[bytes, int, Exception]] = []
        self.frames: list[protocol.Frame] = []  # those that are neither messages nor answers
        self.inbound, self.outbound = Inbound(self), Outbound(self)
        self.changed = asyncio.Event()  # something arrived
        self.live: Live | None = None
        self.data: bytes | None = None  # name of the server's data when all was in agreement
        self.receipt_seconds, self.auto_read = receipt_seconds, auto_read
        self.by_calls = by_calls
        self._inbox: asyncio.Queue[Message] = asyncio.Queue()
        self._new = True  # what was there before the first connect is history, not news
        self._asking = asyncio.Lock()  # one thread at a time in epochs and directory
        self._receipts: dict[bytes, asyncio.TimerHandle] = {}
        self._tasks: set[asyncio.Task[Any]] = set()
        self._rows: list[protocol.VectorRow] = []  # of a state whose last part is still to come

    # ------------------------------------------------------------ the line

    async def connect(self) -> None:
        """Say hello, fetch what is missing, repeat what was not settled. Raises Closed."""
        before, self.live = self.live, None
        if before is not None:
            await before.hang_up()
        for conversation in self.conversations.values():
            conversation.held.clear()  # of the line before
        token = await asyncio.to_thread(self.api.post, "/api/live-token", None, LiveToken)
        self.live = await Live.open(
            f"{'wss' if self.api.secure else 'ws'}://{self.api.door}/live",
            origin=self.api.origin,
            host=self.api.host,
            token=token.token,
            uid=self.uid,
            keys=self.keys,
            vec_hash=self.vector.hash(),
            handle=self._handle,
            cookie=self.api.cookie_header() if self.by_calls else None,
        )
        await rollback.follow(self, self.live.data)
        await self.catch_up()
        self._new = False
        for conversation in tuple(self.conversations.values()):
            async with conversation.sending:
                if conversation.pending is not None:
                    await self.outbound.deliver(conversation)

    async def close(self) -> None:
        for timer in self._receipts.values():
            timer.cancel()
        self._receipts.clear()
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self.live is not None:
            await self.live.close()
        await asyncio.to_thread(self.api.close)  # after what another thread still asks

    async def catch_up(self) -> None:
        """Pull whatever the vector says that this device lacks."""
        some = asyncio.Semaphore(FILLED_AT_A_TIME)

        async def fill(row: Row) -> None:
            async with some:
                await self.inbound.fill(self._of(row))

        behind = [row for row in self.vector.rows.values() if row.last_seq > self._of(row).have]
        await asyncio.gather(*(fill(row) for row in behind))

    @property
    def line(self) -> Live:
        if self.live is None:
            raise Closed(None)
        return self.live

    # ------------------------------------------------------------ sending

    async def send(
        self, to: HasUid | bytes, text: str, *, ref: bytes | None = None,
        att: list[dict[str, Any]] | None = None,
    ) -> Message:  # fmt: skip
        """Returns when the server has promised to keep it. Raises SendRefused, and Closed when the
        line breaks: then the message waits, and `connect` sends the same bytes again."""

        def compose(prev: bytes | None, me: bodies.Head, peer: bodies.Head) -> bytes:
            return bodies.text(text, ts=now_ms(), me=me, peer=peer, prev=prev, ref=ref, att=att)

        return await self.send_body(to, compose)

    async def react(self, to: HasUid | bytes, emoji: str, *, ref: bytes) -> Message:
        def compose(prev: bytes | None, me: bodies.Head, peer: bodies.Head) -> bytes:
            return bodies.react(emoji, ref=ref, ts=now_ms(), me=me, peer=peer, prev=prev)

        return await self.send_body(to, compose, kind=KIND_SILENT)

    async def send_body(
        self, to: HasUid | bytes, compose: Compose, *, kind: int = KIND_NOTIFY, ttl: int = 0,
        erase: protocol.Erase | None = None,
    ) -> Message:  # fmt: skip
        """One in flight per conversation, in the order of the calls."""
        conversation = self.conversation(to)
        async with conversation.sending:
            if conversation.pending is not None:
                await self.outbound.deliver(conversation)
            conversation.pending = await self.outbound.seal(conversation, compose, kind, ttl, erase)
            return await self.outbound.deliver(conversation)

    async def rotate(self, to: HasUid | bytes) -> None:
        conversation = self.conversation(to)
        await self.ask_server(self.epochs.rotate, conversation.conv, conversation.peer)

    async def typing(self, to: HasUid | bytes) -> None:
        await self.line.send(protocol.Typing(conv=Id(self.conversation(to).conv)))

    async def watch(self, *people: HasUid, focus: bool = True) -> None:
        await self.line.send(protocol.Watch(users=[Id(one.uid) for one in people], focus=focus))

    async def read(self, to: HasUid | bytes) -> None:
        """Everything of the peer that has arrived was on screen."""
        conversation = self.conversation(to)
        await conversation.agreed.wait()  # the server may have lost some of it (ADR 15)
        seq, ord_ = conversation.newest_of_peer
        if seq:
            self.vector.tell(conversation.conv, self.uid, read=seq, read_ord=ord_)
            await self.line.send(protocol.Read(conv=Id(conversation.conv), seq=seq, ord=ord_))

    # ------------------------------------------------------------ receiving

    async def next_message(self, seconds: float = WAIT_SECONDS) -> Message:
        """The next news of somebody else, or of another device of mine."""
        async with asyncio.timeout(seconds):
            return await self._inbox.get()

    async def next_text(self, seconds: float = WAIT_SECONDS) -> str | None:
        return (await self.next_message(seconds)).text

    async def until(self, true: Callable[[], bool], seconds: float = WAIT_SECONDS) -> None:
        """Wait, without sleeping, until something that arrived makes it true."""
        async with asyncio.timeout(seconds):
            while not true():
                self.changed.clear()
                await self.changed.wait()

    def row(self, to: HasUid | bytes) -> Row:
        """My side of the state vector for this conversation."""
        return self.vector.rows[self.conversation(to).conv]

    def conversation(self, to: HasUid | bytes) -> Conversation:
        """By the peer, or by the id of the conversation."""
        if isinstance(to, bytes):
            return self.conversations[to]
        return next(each for each in self.conversations.values() if each.peer == to.uid)

    def rewound(self, conversation: Conversation) -> None:
        """For those who keep marks of their own."""

    def know(self, conv: bytes, peer: bytes) -> Conversation:
        if conv not in self.conversations:
            self.conversations[conv] = Conversation(conv, peer)
        return self.conversations[conv]

    def received(self, conversation: Conversation, message: Message) -> None:
        """For Inbound: a row was applied that this device did not write in this life."""
        if message.device != self.keys.id and not self._new:
            self._inbox.put_nowait(message)
        self.changed.set()
        if conversation.conv not in self._receipts:
            self._receipts[conversation.conv] = asyncio.get_running_loop().call_later(
                self.receipt_seconds, lambda: self.spawn(self._receipt(conversation))
            )

    # ------------------------------------------------------------ frames

    async def _handle(self, frame: protocol.Frame) -> None:
        """One boundary: what fails here is kept for the test to see, and the line goes on."""
        try:
            if isinstance(frame, Msg):
                whose = self.know(bytes(frame.conv), bytes(frame.sender or b""))
                await self.inbound.offer(whose, frame)
            else:
                self._learn(frame)
                self.frames.append(frame)
        except Exception as error:  # noqa: BLE001 -- shown by `alarms`
            self.alarms.append((b"", 0, error))
        self.changed.set()

    def _learn(self, frame: protocol.Frame) -> None:
        if isinstance(frame, protocol.State):
            self._take_state(frame)
        elif isinstance(frame, protocol.Receipt):
            row = self.vector.rows.get(bytes(frame.conv))
            if row is not None:
                row.after_receipt(frame, mine=frame.by == self.uid)
        elif isinstance(frame, protocol.Epoch):
            self.epochs.forget_head(bytes(frame.conv))
        elif isinstance(frame, protocol.List):
            self.directory.outdated.add(bytes(frame.user))
        elif isinstance(frame, protocol.Request | protocol.Connection):
            self._take_contact(frame)
        elif isinstance(frame, protocol.Same) and frame.vec_hash not in (None, self.vector.hash()):
            self.spawn(self.line.send(protocol.Ping(vec_hash=B32(self.vector.hash()))))

    def _take_state(self, frame: protocol.State) -> None:
        self._rows = [*(self._rows if frame.part else ()), *frame.rows]
        if frame.part == frame.of - 1:
            self.vector.replace(self._rows, rising=self.live is not None)
            for row in self.vector.rows.values():
                self._of(row).start_after(row.cleared)
            if self.live is not None:  # else `connect` does it
                self.spawn(self.catch_up())

    def _take_contact(self, frame: protocol.Request | protocol.Connection) -> None:
        conv, peer = bytes(frame.conv), bytes(frame.peer)
        self.know(conv, peer)
        state = frame.state if isinstance(frame, protocol.Connection) else ASKS_ME
        row = self.vector.rows.setdefault(conv, Row(conv, peer, state, frame.since))
        row.state, row.since = state, frame.since

    def _of(self, row: Row) -> Conversation:
        return self.know(row.conv, row.peer)

    # ------------------------------------------------------------ receipts

    async def _receipt(self, conversation: Conversation) -> None:
        self._receipts.pop(conversation.conv, None)
        await conversation.agreed.wait()
        try:
            conv, got = conversation.conv, conversation.have
            self.vector.tell(conv, self.uid, got=got)
            await self.line.send(protocol.Got(conv=Id(conv), seq=got))
            if self.auto_read:
                await self.read(conversation.conv)
        except Closed:
            return  # the vector of the next hello repairs it

    # ------------------------------------------------------------ for inbound and outbound

    async def ask_server(self, call: Callable[..., T], *arguments: Any) -> T:
        async with self._asking:
            return await asyncio.to_thread(call, *arguments)

    def spawn(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._finished)

    def _finished(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if isinstance(error, Exception) and not isinstance(error, Closed):
            self.alarms.append((b"", 0, error))
