"""One request: its body counted before it is kept, its application paused while nobody reads."""

import asyncio
import io
from typing import Any

from daphne.http_protocol import WebRequest

from chatsite.door import bodies, refusals


class Request(WebRequest):  # type: ignore[misc]
    content: io.BytesIO | None
    _parsePOSTFormSubmission = False  # noqa: N815 -- the site parses its forms itself
    held = 0  # bytes of the budget

    @property
    def gate(self) -> "asyncio.Future[None] | None":
        return getattr(getattr(self, "channel", None), "gate", None)

    def gotLength(self, length: int | None) -> None:  # noqa: N802 -- twisted's
        """Never a file: what the limits let in is too small for one."""
        self.content = io.BytesIO()
        self.largest = bodies.limit(self.channel._path)
        self.budget = self.channel.door.budget

    def handleContentChunk(self, data: bytes) -> None:  # noqa: N802 -- twisted's
        if self.content is None:  # refused; the rest of the packet
            return
        if self.held + len(data) > self.largest:
            self.channel.refuse(refusals.TOO_BIG)
        elif not self.budget.take(len(data)):
            self.channel.refuse(refusals.NO_ROOM)
        else:
            self.held += len(data)
            self.content.write(data)

    def process(self) -> Any:
        channel = self.channel
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
        self.held, self.content = 0, None

    def check_timeouts(self) -> None:
        """Once an answer is under way its pace decides (Channel.check): a long download goes on."""
        if not self._response_started:
            super().check_timeouts()
