"""The live session: challenge → hello → state | same, then one frame after another.

Neutral as to what carries it. A carrier calls `open`, `receive` for each frame in order, and
`end`; it writes what `take` gives whenever it is woken, and closes with `close_code` after that.
What the frames do is in dispatch.py.
"""

import asyncio
import random
import secrets
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from accounts.tokens import Claims
from accounts.wire import B32
from messaging import protocol
from messaging.sessions import dispatch
from messaging.sessions.knowledge import Knowledge
from messaging.sessions.window import Window

if TYPE_CHECKING:
    from messaging.sessions.upkeep import Upkeep

RECHECK_SPREAD_SECONDS = 5.0  # after a gap not everybody asks the store in the same moment
REVOKING = {"device", "reset"}  # reasons to wipe; the others are reasons to sign in again


class Session:
    __slots__ = (
        "__weakref__",
        "_held",
        "_hello_timer",
        "_out",
        "_pinged",
        "_typed",
        "_wake",
        "buckets",
        "close_code",
        "conn",
        "device",
        "focus",
        "heard",
        "knowledge",
        "nonce",
        "session",
        "uid",
        "upkeep",
        "watched",
        "window",
    )  # fmt: skip

    def __init__(self, upkeep: "Upkeep", wake: Callable[[], None], session: bytes = b"") -> None:
        """`session`: of the cookie, where the carrier sees one: hello must name the same."""
        self.upkeep = upkeep
        self.conn = secrets.token_bytes(8)  # names this session in presence and in the server's log
        self.nonce = secrets.token_bytes(32)
        self.uid = b""  # of the claims of hello, as the next two; empty = opening
        self.device = b""
        self.session = session  # hash of the session key
        self.knowledge = Knowledge(b"")
        self.window = Window()
        self.buckets = upkeep.buckets()
        self.close_code: int | None = None  # once set, nothing more is read
        self.focus = False
        self.watched: tuple[bytes, ...] = ()
        self.heard = upkeep.ticks()  # when the last frame came
        self._pinged = self.heard  # when the last ping went
        self._typed = float("-inf")  # when the peer was last told
        self._wake = wake
        self._out: list[bytes] = []
        self._held: list[bytes] | None = []  # pushes that came before the state; then None
        self._hello_timer: asyncio.TimerHandle | None = None

    # ------------------------------------------------------------ for the carrier

    def open(self) -> None:
        loop = asyncio.get_running_loop()
        self._hello_timer = loop.call_later(
            protocol.HELLO_SECONDS, self.close, protocol.CLOSE_RESTART
        )
        self.reply(protocol.Challenge(nonce=B32(self.nonce), version=protocol.VERSION))

    async def receive(self, text: str | None) -> None:
        """Take one frame; returns when it is dealt with. `None` is a binary one: there are none."""
        if self.close_code is not None:
            return
        self.heard = now = self.upkeep.ticks()
        if not self.buckets.frames.take(now):
            return self.close(protocol.CLOSE_RATE)
        if text is None or len(text) > protocol.MAX_FRAME:
            return self.close(protocol.CLOSE_BAD_FRAME)
        try:
            frame = protocol.parse(text)
        except ValueError:
            return self.close(protocol.CLOSE_BAD_FRAME)
        await dispatch.handle(self, frame)

    def take(self) -> list[bytes]:
        """The frames to write now, in order; they are gone from here."""
        out, self._out = self._out, []
        return out

    async def end(self) -> None:
        """The carrier is gone. Repeating has no effect."""
        self.close(protocol.CLOSE_DONE)
        if self.uid:
            await self.upkeep.part(self)

    # ------------------------------------------------------------ for the fan-out

    def push(self, data: bytes, news: protocol.Frame | None) -> None:
        if news is not None:
            self._learn(news)
        if self._held is not None:
            self._held.append(data)
        else:
            self._put(data)
            self._wake()

    def forget(self, conv: bytes) -> None:
        self.knowledge.forget(conv)
        self.upkeep.watching.refresh(self)

    def evict(self, device: bytes | None, session: bytes | None, reason: Any) -> None:
        if device in (None, self.device) and session in (None, self.session):
            self.reply(protocol.SignedOut(reason=reason))
            revoked = reason in REVOKING
            self.close(protocol.CLOSE_REVOKED if revoked else protocol.CLOSE_SIGN_IN)

    def recheck(self) -> None:
        """Something may have been lost on the way here: let the client compare."""
        self.knowledge.forget_shown()
        loop = asyncio.get_running_loop()
        loop.call_later(
            random.uniform(0, RECHECK_SPREAD_SECONDS),  # noqa: S311 -- a spread, not a secret
            lambda: self.upkeep.spawn(dispatch.compare(self)),
        )

    # ------------------------------------------------------------ for the upkeep

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
            if self._hello_timer is not None:
                self._hello_timer.cancel()
            self._wake()

    # ------------------------------------------------------------ for dispatch

    def begin(self, claims: Claims, *, focus: bool) -> None:
        self.uid, self.device, self.session = claims.uid, claims.device, claims.session
        self.knowledge.uid = claims.uid
        self.focus = focus
        if self._hello_timer is not None:
            self._hello_timer.cancel()
            self._hello_timer = None

    def release(self) -> None:
        """The state is told: what was pushed meanwhile comes after it."""
        held, self._held = self._held, None
        for data in held or ():
            self._put(data)

    def reply(self, frame: protocol.Frame) -> None:
        """The carrier writes it as soon as `receive` returns."""
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

    def _learn(self, news: protocol.Frame) -> None:
        if isinstance(news, protocol.Epoch):
            self.knowledge.forget_epochs(news.conv)
        elif isinstance(news, protocol.List):
            self.knowledge.forget_lists(news.user)
        elif isinstance(news, protocol.Connection | protocol.Request):
            self.forget(news.conv)
        elif isinstance(news, protocol.Settings):
            self.knowledge.forget_shown()

    def _put(self, data: bytes) -> None:
        if self.close_code is not None:
            return
        self._out.append(data)
        if not self.window.sent(len(data)):
            self._out.clear()
            self.close(protocol.CLOSE_SLOW)
