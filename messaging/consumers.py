"""The WebSocket shell of a live session: frame → session → frame.

One loop over the ASGI messages, without Channels' dispatch, its task for each message and its
thread hop. Answers are written by the loop itself, pushes by a task that lives as long as there
is something to write, so that an idle socket costs one coroutine.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from channels.consumer import AsyncConsumer

from chatsite.running import metrics
from messaging import protocol
from messaging.backends.base import Busy
from messaging.sessions import dispatch
from messaging.sessions.live import Session
from messaging.sessions.node import LiveNode, here

Send = Callable[[Any], Awaitable[None]]


class ChatConsumer(AsyncConsumer):
    def __init__(self, node: Callable[[], LiveNode] = here) -> None:
        self._node = node

    async def __call__(
        self,
        scope: Any,
        receive: Callable[[], Awaitable[Any]],
        send: Send,
    ) -> None:
        await receive()  # websocket.connect
        await send({"type": "websocket.accept"})
        node = self._node()
        try:
            await node.admit(scope["client"][0])
        except Busy as busy:
            return await _turn_away(send, busy)
        transport = _Transport(send)
        session = Session(node, transport.wake)
        transport.session = session
        session.open()
        try:
            await transport.write()
            while (event := await receive())["type"] == "websocket.receive":
                await dispatch.receive(session, event.get("text"))
                await transport.write()
        finally:
            transport.gone = True
            await session.end()


class _Transport:
    """Writes what a session has, in order, from whichever side it comes."""

    __slots__ = ("_send", "_task", "_writing", "gone", "session")

    session: Session

    def __init__(self, send: Send) -> None:
        self.gone = False  # the client left, or close was sent
        self._send = send
        self._writing = False
        self._task: asyncio.Task[None] | None = None

    def wake(self) -> None:
        if not self._writing and not self.gone and (self._task is None or self._task.done()):
            self._task = asyncio.create_task(self.write())

    async def write(self) -> None:
        """Until nothing waits; where a task writes already, it goes on until then."""
        if self._writing:
            return
        self._writing = True
        try:
            while not self.gone and (frames := self.session.take()):
                for frame in frames:
                    await self._send({"type": "websocket.send", "text": frame.decode()})
            if self.session.close_code is not None and not self.gone:
                self.gone = True
                await self._send({"type": "websocket.close", "code": self.session.close_code})
        finally:
            self._writing = False


async def _turn_away(send: Send, busy: Busy) -> None:
    metrics.BUSY.add()
    said = protocol.encode(protocol.Busy(retry_ms=busy.retry_ms)).decode()
    await send({"type": "websocket.send", "text": said})
    await send({"type": "websocket.close", "code": protocol.CLOSE_RESTART})
