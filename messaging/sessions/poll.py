"""A session carried by calls, each of which brings frames and waits for some (docs/protocol.md).

Policy: `call` (which rids are taken), `_deal` (one call after another), `_settle` (when a call is
answered). The answers to the last two rids are kept, since two calls may be open and either may
be lost; a client sends rid + 2 only when rid has been answered, so it never needs an older one.
"""

import asyncio
import secrets
from collections import deque

from msgspec import Raw

from chatsite.edge.wire import Id, encoder
from messaging import http, protocol
from messaging.http import POLL_CALLS, PollCall
from messaging.sessions import dispatch
from messaging.sessions.live import Session
from messaging.sessions.node import LiveNode

GONE_SECONDS = 10  # hung up, and no call since; a lost answer is asked for again sooner

Answer = asyncio.Future[bytes]


def closed(code: int, reason: str) -> bytes:
    return encoder.encode(http.PollClosed(close=code, reason=reason))


class Poll:
    def __init__(self, node: LiveNode, cookie: bytes, rid: int) -> None:
        """`cookie`: hash of the web session that calls. It takes itself from `node.polls`."""
        self.sid = secrets.token_bytes(16)
        self.cookie = cookie
        self._node = node
        self._session = Session(node, self._wake, cookie)
        self._loop = asyncio.get_running_loop()
        self._next = rid  # what is dealt with next
        self._early: dict[int, PollCall] = {}  # overtook the one before it on the way here
        self._answers: dict[int, Answer] = {}  # by rid, of the last two; not done = open
        self._turn = asyncio.Lock()  # frames are taken in the order of the rids
        self._waiting: int | None = None  # the rid that waits for a frame
        self._patience: asyncio.TimerHandle | None = None  # of that wait
        self._callers = 0  # connections that wait for some answer
        self._out: deque[bytes] = deque()  # did not fit into the last answer
        self._given = 0  # frames that some answer took
        self._flush: asyncio.Handle | None = None
        self._ended = False
        self._end_timer = self._loop.call_later(http.POLL_ENDS_SECONDS, self._expire)
        self._session.open()

    def call(self, call: PollCall) -> Answer:
        """Take a call; the same rid again gets the same answer. A rid that is not due ends the
        session, except the one after it, which may have come by a faster way. `leave` when the
        answer was given or nobody waits for it any more."""
        self._callers += 1
        self._end_in(http.POLL_ENDS_SECONDS)
        known = self._answers.get(call.rid)
        if known is not None:
            return known
        if call.rid == self._next and self._waiting is not None:
            self._give(self._waiting)
        answer: Answer = self._loop.create_future()
        if call.rid - self._next not in (0, 1) or self._open_calls() >= POLL_CALLS:
            self._session.close(protocol.CLOSE_BAD_FRAME)
            answer.set_result(self._goodbye())
            return answer
        self._answers[call.rid] = answer
        self._early[call.rid] = call
        self._take()
        return answer

    def leave(self) -> None:
        self._callers -= 1
        if self._waiting is not None and not self._callers:
            self._end_in(GONE_SECONDS)

    def finish(self, code: int) -> None:
        self._session.finish(code)

    # ------------------------------------------------------------ calls

    def _open_calls(self) -> int:
        return sum(not answer.done() for answer in self._answers.values())

    def _take(self) -> None:
        while (call := self._early.pop(self._next, None)) is not None:
            self._answers.pop(call.rid - POLL_CALLS, None)
            self._next += 1
            self._node.spawn(self._deal(call))

    async def _deal(self, call: PollCall) -> None:
        calls = self._node.rates.calls
        async with self._turn:
            try:
                while wait_ms := calls.take(self.cookie, self._node.ticks()):  # noqa: ASYNC110 -- for time
                    await asyncio.sleep(wait_ms / 1000)
                self._session.acknowledged(call.ack)
                for frame in call.frames:
                    text = bytes(frame).decode(errors="replace")
                    await dispatch.receive(self._session, text)
            finally:
                self._settle(call.rid)

    def _settle(self, rid: int) -> None:
        """Answer at once where there is something to say, or a later call that will wait."""
        if self._speaks() or rid + 1 < self._next:
            self._give(rid)
        else:
            self._waiting = rid
            self._patience = self._loop.call_later(http.POLL_SECONDS, self._give, rid)

    # ------------------------------------------------------------ answers

    def _wake(self) -> None:
        if self._flush is None:  # what comes in one turn of the loop shares an answer
            self._flush = self._loop.call_soon(self._write)

    def _write(self) -> None:
        self._flush = None
        if self._waiting is not None and self._speaks():
            self._give(self._waiting)
        if self._session.close_code is not None and not self._ended:
            self._end()

    def _speaks(self) -> bool:
        self._out.extend(self._session.take())
        return bool(self._out) or self._session.close_code is not None

    def _give(self, rid: int) -> None:
        if self._waiting == rid and self._patience is not None:
            self._patience.cancel()
            self._waiting = None
        answer = self._answers[rid]
        if not answer.done():
            over = not self._out and self._session.close_code is not None
            answer.set_result(self._goodbye() if over else self._frames(rid))

    def _frames(self, rid: int) -> bytes:
        """As many as fit; those that remain make the next call answer at once."""
        frames: list[tuple[int, Raw]] = []
        size = 0
        while self._out and len(frames) < http.POLL_FRAMES:
            size += len(self._out[0])
            if frames and size > http.POLL_BYTES:
                break
            self._given += 1
            frames.append((self._given, Raw(self._out.popleft())))
        name = self._node.hub.node.name
        return encoder.encode(http.PollAnswer(sid=Id(self.sid), rid=rid, frames=frames, node=name))

    def _goodbye(self) -> bytes:
        return closed(self._session.close_code or protocol.CLOSE_DONE, "the session is over")

    # ------------------------------------------------------------ the end

    def _end_in(self, seconds: float) -> None:
        self._end_timer.cancel()
        self._end_timer = self._loop.call_later(seconds, self._expire)

    def _expire(self) -> None:
        """Nobody has called for long. What is still open was overtaken by nothing."""
        self._session.close(protocol.CLOSE_SLOW)
        self._forget()

    def _end(self) -> None:
        """The session is closed; its last frames and the reason wait for the next call."""
        self._ended = True
        self._node.spawn(self._session.end())
        for rid in self._early:
            self._give(rid)
        self._early.clear()
        if not self._session.uid:  # nothing to say to a stranger
            self._end_timer.cancel()
            self._forget()

    def _forget(self) -> None:
        self._node.polls.pop(self.sid, None)
