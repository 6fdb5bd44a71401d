"""One request: its body counted before it is kept, its application paused while nobody reads."""

import asyncio
import io
from socket import socket
from typing import Any

from daphne.http_protocol import WebRequest

from chatsite.door import bodies, refusals


class Request(WebRequest):  # type: ignore[misc]
    content: io.BytesIO | None
    _parsePOSTFormSubmission = False  # noqa: N815 -- the site parses its forms itself
    held = 0  # bytes of the budget
    budget: bodies.Budget  # that it is taken from

    @property
    def gate(self) -> "asyncio.Future[None] | None":
        return getattr(getattr(self, "channel", None), "gate", None)

    def gotLength(self, length: int | None) -> None:  # noqa: N802 -- twisted's
        """Never a file: what the limits let in is too small for one."""
        self.content = io.BytesIO()
        if not self.held:
            door, path = self.channel.door, self.channel._path
            is_report = path.startswith(bodies.REPORTS)
            reports, address = door.budget_of_reports, self.channel.place.address
            self.budget = reports.of(address) if is_report else door.budget
        elif length:  # a part, whose room is taken: made at once, it never moves
            self.content.seek(length - 1)
            self.content.write(b"\0")
            self.content.seek(0)
        self.largest = bodies.limit(self.channel._command, self.channel._path)

    def handleContentChunk(self, data: bytes) -> None:  # noqa: N802 -- twisted's
        if self.content is None:  # refused; the rest of the packet
            return
        come = self.content.tell() + len(data)
        if come > self.largest:
            self.channel.refuse(refusals.TOO_BIG)
        elif not self._hold(come):
            self.channel.refuse(refusals.NO_ROOM)
        else:
            self.content.write(data)

    def room(self) -> memoryview | None:
        """For what is still to come of a part, but for its last byte: with that the body ends, and
        that is Twisted's affair."""
        assert self.content is not None
        at, end = self.content.tell(), self.held - 1
        return self.content.getbuffer()[at:end] if at < end else None

    def advance(self, count: int) -> None:
        """So many bytes came there."""
        assert self.content is not None
        self.content.seek(count, io.SEEK_CUR)

    def hold_part(self, owner: bytes, length: int) -> refusals.Answer | None:
        """Take all that a part of a file needs before its first byte, or say why not."""
        self.budget = self.channel.door.budget_of_parts.of(owner)
        if length > self.budget.left:
            return refusals.SHARE_TAKEN
        return None if self._hold(length) else refusals.NO_ROOM_FOR_PART

    def may_be_late(self) -> bool:
        """Whether this part, of those of one person, is the one that may take its time."""
        self.budget.late = self.budget.late or self
        return self.budget.late is self

    def _hold(self, size: int) -> bool:
        """Whether the budget has so many bytes for this body in all."""
        more = max(0, size - self.held)
        if more and not self.budget.take(more):
            return False
        self.held += more
        return True

    async def splice(self, source: socket, count: int) -> None:
        """The next bytes of the answer, which wait in `source`. Raises ValueError for an answer
        that does not say its length: that goes out in chunks, which these would not be."""
        if self.finished or self.channel is None:
            return
        self.write(b"")  # what stands before them
        if self.chunked:
            raise ValueError("an answer that is spliced needs a Content-Length")
        await self.channel.splice(source, count)

    def process(self) -> Any:
        channel = self.channel
        if self.content is not None:
            self.content.getvalue()  # trims what it has too much: daphne reads without a copy then
        done = super().process()
        if channel.transport.protocol is not channel:
            channel.hand_over()
        return done

    def connectionLost(self, reason: Any) -> None:  # noqa: N802 -- twisted's
        if self.application_queue is None:
            self.release()
        else:
            self.server.abandon(self)
        super().connectionLost(reason)

    def release(self) -> None:
        """Give back what the body took from the budget, once its application has ended."""
        if self.held:
            self.budget.give(self.held)
            if self.budget.late is self:
                self.budget.late = None
        self.held, self.content = 0, None

    def handle_exception(self, exception: BaseException) -> None:
        """Once an answer has begun only the end of the connection says that it is not whole."""
        if self._response_started and self.channel is not None:
            self.channel.transport.abortConnection()
        else:
            super().handle_exception(exception)

    def check_timeouts(self) -> None:
        """Once an answer is under way its pace decides (Channel.check): a long download goes on."""
        if not self._response_started:
            super().check_timeouts()
