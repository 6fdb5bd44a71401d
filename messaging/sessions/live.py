"""The live session: challenge → hello → state | same, then one frame after another.

Neutral as to what carries it. A transport calls `open`, `dispatch.receive` for each frame in order,
and `end`; it writes what `take` gives whenever it is woken, and closes with `close_code` after
that. What the frames do is in dispatch.py.
"""

import asyncio
import secrets
from collections.abc import Callable
from typing import Any

from accounts.tokens import Claims
from chatsite.edge.wire import B32, Id
from chatsite.running import metrics
from messaging import protocol
from messaging.sessions import hello
from messaging.sessions.knowledge import Knowledge
from messaging.sessions.node import LiveNode
from messaging.sessions.window import Window


class Session:
    __slots__ = (
        "__weakref__",
        "_held",
        "_hello_timer",
        "_last",
        "_out",
        "_pinged",
        "_typed",
        "_wake",
        "answering",
        "close_code",
        "conn",
        "device",
        "focus",
        "heard",
        "knowledge",
        "node",
        "nonce",
        "session",
        "uid",
        "watched",
        "window",
    )  # fmt: skip

    def __init__(self, node: LiveNode, wake: Callable[[], None], session: bytes = b"") -> None:
        """`session`: of the cookie, where the transport sees one: hello must name the same."""
        self.node = node
        self.conn = secrets.token_bytes(8)  # names this session in presence and in the server's log
        self.nonce = secrets.token_bytes(32)
        self.uid = b""  # of the claims of hello, as the next two; empty = opening
        self.device = b""
        self.session = session  # hash of the session key
        self.knowledge = Knowledge(b"")
        self.window = Window()
        self.close_code: int | None = None  # once set, nothing more is read
        self._last: int | None = None  # the same, from before a frame under way was answered
        self.answering = False  # a frame is under way
        self.focus = False
        self.watched: tuple[bytes, ...] = ()
        self.heard = node.ticks()  # when the last frame came
        self._pinged = self.heard  # when the last ping went
        self._typed = float("-inf")  # when the peer was last told
        self._wake = wake
        self._out: list[bytes] = []
        self._held: list[bytes] | None = []  # pushes that came before the state; then None
        self._hello_timer: asyncio.TimerHandle | None = None

    # ------------------------------------------------------------ for the transport, and dispatch

    def open(self) -> None:
        if self.node.ends:  # since it was admitted
            return self.close(protocol.CLOSE_RESTART)
        loop = asyncio.get_running_loop()
        self.node.opening.add(self)
        self._hello_timer = loop.call_later(
            protocol.HELLO_SECONDS, self.close, protocol.CLOSE_RESTART
        )
        challenge = protocol.Challenge(
            nonce=B32(self.nonce), version=protocol.VERSION, data=Id(self.node.data)
        )
        self.reply(challenge)

    def read(self, text: str | None) -> protocol.ClientFrame | None:
        """The frame to deal with; None where there is nothing more to do with what came. `text`
        is None for a binary frame: there are none."""
        if self.close_code is not None or self._last is not None or not self.node.awake():
            return None
        self.heard = now = self.node.ticks()
        metrics.FRAMES.add("in")
        if self.uid and self.node.rates.frames.take(self.uid, self.device, now):
            self.close(protocol.CLOSE_RATE)
        elif text is None or len(text) > protocol.MAX_FRAME:
            self.close(protocol.CLOSE_BAD_FRAME)
        else:
            try:
                return protocol.parse(text)
            except ValueError:
                self.close(protocol.CLOSE_BAD_FRAME)
        return None

    def take(self) -> list[bytes]:
        """The frames to write now, in order; they are gone from here."""
        out, self._out = self._out, []
        return out

    async def end(self) -> None:
        """The transport is gone. Repeating has no effect."""
        self.close(protocol.CLOSE_DONE)
        if self.uid:
            await self.node.part(self)

    # ------------------------------------------------------------ for the fan-out

    def push(self, data: bytes, change: protocol.Frame | None) -> None:
        if change is not None:
            self._learn(change)
        if self._held is not None:
            self._held.append(data)
        else:
            self._put(data)
            self._wake()

    def forget(self, conv: bytes) -> None:
        self.knowledge.forget(conv)
        self.node.watching.refresh(self)

    def evict(self, device: bytes | None, session: bytes | None, reason: Any) -> None:
        if device in (None, self.device) and session in (None, self.session):
            self.reply(protocol.SignedOut(reason=reason))
            self.close(hello.code_of(reason))

    def recheck(self, within: float) -> None:
        """Something may have been lost on the way here: nothing that this session knows counts any
        more, and the client compares."""
        self.knowledge.forget_everything()
        self.node.watching.refresh(self)
        self.node.compare_soon(self, within)

    # ------------------------------------------------------------ for the node

    def show(self, frame: protocol.Frame) -> None:
        self.push(protocol.encode(frame), None)

    def keep_alive(self, now: float) -> None:
        """Ping when it is time; close when the last one was not answered."""
        if self._pinged > self.heard and now - self._pinged > protocol.PONG_SECONDS:
            self.close(protocol.CLOSE_SLOW)
        elif now - self._pinged >= protocol.PING_SECONDS:
            self._pinged = now
            self.show(protocol.Ping())

    def close(self, code: int) -> None:
        """End with this code once what waits is written. The first code stands."""
        if self.close_code is None:
            self.close_code = code
            self.node.opening.discard(self)
            if self._hello_timer is not None:
                self._hello_timer.cancel()
            self._wake()

    def finish(self, code: int) -> None:
        """End with this code as soon as the frame under way is answered; no further one is read."""
        self._last = code
        if not self.answering:
            self.close(code)

    # ------------------------------------------------------------ for dispatch

    def answered(self) -> None:
        """No frame is under way."""
        self.answering = False
        if self._last is not None:
            self.close(self._last)

    def begin(self, claims: Claims, *, focus: bool) -> None:
        self.uid, self.device, self.session = claims.uid, claims.device, claims.session
        self.knowledge.uid = claims.uid
        self.focus = focus
        self.node.opening.discard(self)
        if self._hello_timer is not None:
            self._hello_timer.cancel()
            self._hello_timer = None

    def release(self) -> None:
        """The state is told: what was pushed meanwhile comes after it."""
        held, self._held = self._held, None
        for data in held or ():
            self._put(data)

    def reply(self, frame: protocol.Frame) -> None:
        """The transport writes it as soon as `receive` returns."""
        self._put(protocol.encode(frame))

    def acknowledged(self, frames: int | None) -> None:
        if frames is not None and not self.window.acknowledge(frames):
            self.close(protocol.CLOSE_BAD_FRAME)

    def may_type(self) -> bool:
        """At most every TYPING_EVERY_SECONDS; what comes sooner is dropped."""
        due = self.heard - self._typed >= protocol.TYPING_EVERY_SECONDS
        if due:
            self._typed = self.heard
        return due

    def refuse_mark(self) -> None:
        self.show(protocol.Error(code="bad_seq"))

    def _learn(self, change: protocol.Frame) -> None:
        if isinstance(change, protocol.Epoch):
            self.knowledge.forget_epochs(change.conv)
        elif isinstance(change, protocol.List):
            self.knowledge.forget_lists(change.user)
        elif isinstance(change, protocol.Connection | protocol.Request):
            self.forget(change.conv)
        elif isinstance(change, protocol.Settings):
            self.knowledge.forget_shown()

    def _put(self, data: bytes) -> None:
        if self.close_code is not None:
            return
        self._out.append(data)
        metrics.FRAMES.add("out")
        if not self.window.sent(len(data)):
            self._out.clear()
            self.close(protocol.CLOSE_SLOW)
