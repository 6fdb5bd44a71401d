"""The socket of one device: hello, acknowledgements, and which answer belongs to which frame."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import websockets
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from chatsite.edge.wire import B32, B64, Id
from messaging import protocol
from messaging.protocol import Frame
from testkit.client import frames, poll
from testkit.client.m1.keys import DeviceKeys
from testkit.client.m1.proofs import socket_proof

OPEN_SECONDS = 30
Handler = Callable[[Frame], Coroutine[Any, Any, None]]


class Closed(Exception):
    """The line is gone. What was asked may have happened: repeat the same bytes on a new one."""

    def __init__(self, code: int | None) -> None:
        self.code = code
        super().__init__(f"the socket is closed: {code}")


class Live:
    """One socket from hello to close. `handle` gets every frame that answers nothing, in order."""

    def __init__(self, socket: ClientConnection | poll.PollLine, handle: Handler) -> None:
        self.socket = socket
        self.since = asyncio.get_running_loop().time()  # when the server accepted it
        self.data = b""  # names what the server holds
        self.received = 0  # frames, as `ack` counts them
        self.close_code: int | None = None
        self._handle = handle
        self._acknowledged = 0  # frames
        self._bytes = 0  # received since the last acknowledgement
        self._answers: dict[bytes | int, asyncio.Future[Frame]] = {}  # by client_id, or by ref
        self._ref = 0
        self._task: asyncio.Task[None] | None = None
        self._over = False  # nobody hears an answer any more

    @classmethod
    async def open(
        cls, url: str, *, origin: str, host: str, token: str, uid: bytes, keys: DeviceKeys,
        vec_hash: bytes, handle: Handler, focus: bool = False, cookie: str | None = None,
    ) -> "Live":  # fmt: skip
        """Up to the first `state` (all its parts) or `same`, which `handle` sees too. With the
        cookies of the site by calls, without them over WebSocket. Raises Closed when the server
        turns us away."""
        if cookie is None:
            live = cls(await dial(url, origin), handle)
        else:
            live = cls(await poll.dial(url.replace("ws", "http", 1), origin, cookie), handle)
        challenge = await live.next()
        if isinstance(challenge, protocol.Busy):  # the close that follows says when to come back
            challenge = await live.next()
        assert isinstance(challenge, protocol.Challenge), challenge
        live.data = bytes(challenge.data)
        proof = socket_proof(keys, host=host, nonce=challenge.nonce, uid=uid)
        hello = protocol.Hello(
            version=protocol.VERSION,
            token=token,
            device=Id(keys.id),
            proof=B64(proof),
            vec_hash=B32(vec_hash),
            focus=focus,
        )
        await live.send(hello)
        await live._greeted()
        live._task = asyncio.create_task(live._run())
        return live

    async def send(self, frame: Frame) -> None:
        """Raises Closed."""
        try:
            await self.socket.send(protocol.encode(frame).decode())
        except ConnectionClosed as closed:
            raise self._closed(closed) from None

    async def ask(self, frame: protocol.Send) -> Frame:
        """Send and wait for sent, busy, stale_epoch or error. Raises Closed."""
        return await self._asked(bytes(frame.client_id), frame)

    async def page(
        self, conv: bytes, *, after: int | None = None, before: int | None = None,
        limit: int = protocol.PAGE_MAX,
    ) -> Frame:  # fmt: skip
        """A Page, or Busy, or Error."""
        self._ref += 1
        get = protocol.Get(ref=self._ref, conv=Id(conv), after=after, before=before, limit=limit)
        return await self._asked(self._ref, get)

    async def next(self) -> Frame:
        """The next frame, read by the caller itself: for hello, and for tests without `_run`."""
        while True:
            try:
                text = await self.socket.recv()
            except ConnectionClosed as closed:
                raise self._closed(closed) from None
            self.received += 1
            self._bytes += len(text)
            if (frame := frames.read(text)) is not None:
                return frame

    async def close(self) -> None:
        await self.hang_up()
        await self.socket.close()

    async def hang_up(self) -> None:
        """Nothing of it is heard any more, also what it had received."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        self._end(self.close_code)

    async def wait_closed(self) -> int | None:
        """The close code of the server."""
        if self._task is not None:
            await asyncio.wait([self._task])
        await self.socket.wait_closed()
        return self.close_code

    async def _greeted(self) -> None:
        while True:
            frame = await self.next()
            if isinstance(frame, protocol.Ping):
                await self._acknowledge(protocol.Pong)
                continue
            await self._handle(frame)
            if isinstance(frame, protocol.Same):
                return
            if isinstance(frame, protocol.State) and frame.part == frame.of - 1:
                return

    async def _run(self) -> None:
        try:
            while True:
                frame = await self.next()
                await self._take(frame)
        except Closed as closed:
            self._end(closed.code)

    async def _take(self, frame: Frame) -> None:
        if isinstance(frame, protocol.Ping):
            return await self._acknowledge(protocol.Pong)
        if self._due_to_acknowledge():
            await self._acknowledge(protocol.Ping)
        answered = self._answers.pop(self._name(frame), None)
        if answered is None:
            await self._handle(frame)
        elif not answered.done():
            answered.set_result(frame)

    def _name(self, frame: Frame) -> bytes | int:
        """What an answer names; -1 for what answers nothing."""
        if isinstance(frame, protocol.Sent | protocol.StaleEpoch):
            return bytes(frame.client_id)
        if isinstance(frame, protocol.Page):
            return frame.ref
        if isinstance(frame, protocol.Busy | protocol.Error):
            if frame.client_id is not None:
                return bytes(frame.client_id)
            return -1 if frame.ref is None else frame.ref
        return -1

    async def _asked(self, name: bytes | int, frame: Frame) -> Frame:
        if self._over:
            raise Closed(self.close_code)
        answer: asyncio.Future[Frame] = asyncio.get_running_loop().create_future()
        self._answers[name] = answer
        try:
            await self.send(frame)
            return await answer
        finally:
            self._answers.pop(name, None)

    def _due_to_acknowledge(self) -> bool:
        frames = self.received - self._acknowledged
        return frames >= protocol.ACK_EVERY_FRAMES or self._bytes >= protocol.ACK_EVERY_BYTES

    async def _acknowledge(self, kind: type[protocol.Ping] | type[protocol.Pong]) -> None:
        self._acknowledged, self._bytes = self.received, 0
        await self.send(kind(ack=self.received))

    def _closed(self, closed: ConnectionClosed) -> Closed:
        self.close_code = closed.rcvd.code if closed.rcvd else None
        return Closed(self.close_code)

    def _end(self, code: int | None) -> None:
        self._over = True
        for answer in self._answers.values():
            if not answer.done():
                answer.set_exception(Closed(code))
        self._answers.clear()


async def dial(url: str, origin: str) -> ClientConnection:
    """A socket that said nothing yet; tests of refusals begin here."""
    return await connect(
        url,
        origin=websockets.Origin(origin),
        max_size=protocol.MAX_FRAME,
        ping_interval=None,  # the protocol has its own, which also acknowledges
        compression=None,  # ciphertext does not shrink
        open_timeout=OPEN_SECONDS,
    )
