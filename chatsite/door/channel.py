"""One connection while it speaks HTTP: its head, its time, its end."""

import asyncio
import time
from enum import Enum, auto
from math import inf
from socket import socket
from typing import TYPE_CHECKING, Any

from twisted.web import http

from chatsite.door import bodies, heads, refusals
from chatsite.door.pace import PART_BYTES, WINDOW_BYTES, Pace
from chatsite.door.refusals import Answer
from chatsite.door.requests import Request
from chatsite.running import metrics

if TYPE_CHECKING:
    from chatsite.door.door import Door
    from chatsite.door.places import Place

HEAD_SECONDS = 20.0  # from the first byte of a request, or the connection, to the end of its head
IDLE_SECONDS = 60.0  # between two requests
PART_SECONDS = 120.0  # for a part of a file; one of each person may take longer
LEAVE_SECONDS = 2.0  # for a client to read the answer after we stopped reading


class Stage(Enum):
    IDLE = auto()  # between two requests
    HEAD = auto()
    BODY = auto()
    ANSWER = auto()
    LEAVING = auto()  # a refusal is on its way; nothing more is read


TIMED = (Stage.IDLE, Stage.HEAD, Stage.LEAVING)


class Channel(http.HTTPChannel):  # type: ignore[misc]
    requestFactory = Request  # noqa: N815 -- twisted's
    timeOut = None  # noqa: N815 -- each byte would put it off; `check` does not let it

    def __init__(self, door: "Door", place: "Place") -> None:
        super().__init__()
        self.door, self.factory, self.place = door, door.factory, place
        self.stage = Stage.HEAD
        self.gate: asyncio.Future[None] | None = None  # shut while the client does not read
        self._due = 0.0  # monotonic; when IDLE, HEAD, BODY or LEAVING ends
        self._received = self._given = 0  # bytes
        self._body, self._reader = Pace(), Pace()
        self._takes_part = False  # in the body that comes, or came last

    # ------------------------------------------------------------ from twisted

    def connectionMade(self) -> None:  # noqa: N802
        self.transport.place = self.place  # an upgrade changes the protocol, not the place
        self.door.channels.add(self)
        self._enter(Stage.HEAD, HEAD_SECONDS)
        super().connectionMade()

    def connectionLost(self, reason: Any) -> None:  # noqa: N802
        self.door.channels.discard(self)
        self.transport.room = None
        self.place.leave()
        self._open_gate()
        super().connectionLost(reason)

    def dataReceived(self, data: bytes) -> None:  # noqa: N802
        if self.stage is Stage.LEAVING:
            return
        self.transport.room = None
        self._received += len(data)
        if self.stage is Stage.IDLE:
            self._enter(Stage.HEAD, HEAD_SECONDS)
        super().dataReceived(data)
        if self.stage is Stage.BODY and self._takes_part:
            self.transport.room = self.requests[-1].room()

    def filled(self, count: int) -> None:
        """So many bytes of a part came to their place in its body."""
        self._received += count
        self._transferDecoder.contentLength -= count
        self.requests[-1].advance(count)

    def lineReceived(self, line: bytes) -> None:  # noqa: N802
        if self.stage is not Stage.LEAVING:  # what follows a refused line in the same packet
            super().lineReceived(line)

    def rawDataReceived(self, data: bytes) -> None:  # noqa: N802
        if self.stage is not Stage.LEAVING:
            super().rawDataReceived(data)

    def allHeadersReceived(self) -> None:  # noqa: N802
        headers = self.requests[-1].requestHeaders
        refusal = heads.judge(self._path, headers)
        if refusal is None:
            probes, peer = self.door.probes, self.transport.getPeer().host
            told = probes.answer(self._command, self._path, peer, headers)
            if told is not None:
                return self._leave_with(told)
        if refusal is None and (self.length or 0) > bodies.limit(self._command, self._path):
            refusal = refusals.TOO_BIG
        if refusal is None and not self._counts_for_its_client():
            refusal = refusals.TOO_MANY
        if refusal is None and bodies.is_part(self._command, self._path):
            refusal = self._refusal_of_part(headers)
        if refusal is not None:
            return self.refuse(refusal)
        part = bodies.is_part(self._command, self._path)
        # Its room is held from its head on, so a part must come faster than what is small.
        self._takes_part = part
        self._body.least = PART_BYTES if part else WINDOW_BYTES
        self._enter(Stage.BODY, PART_SECONDS if part else inf)
        super().allHeadersReceived()

    def allContentReceived(self) -> None:  # noqa: N802
        if self.stage is Stage.LEAVING:
            return
        self.stage = Stage.ANSWER
        self._body.rest()
        super().allContentReceived()

    def requestDone(self, request: Any) -> None:  # noqa: N802
        self._enter(Stage.IDLE, IDLE_SECONDS)
        super().requestDone(request)

    def write(self, data: bytes) -> None:
        self._given += len(data)
        super().write(data)

    def writeSequence(self, iovec: Any) -> None:  # noqa: N802
        self._given += sum(map(len, iovec))
        super().writeSequence(iovec)

    async def splice(self, source: socket, count: int) -> None:
        self._given += count
        await self.transport.splice(source, count)

    def pauseProducing(self) -> None:  # noqa: N802
        """The client does not read, so what answers it waits."""
        if self.gate is None:
            self.gate = asyncio.get_running_loop().create_future()
        super().pauseProducing()

    def resumeProducing(self) -> None:  # noqa: N802
        self._open_gate()
        super().resumeProducing()

    def checkPersistence(self, request: Any, version: bytes) -> bool:  # noqa: N802
        """A process that ends keeps no connection for a next request, which would find it gone."""
        if self.door.readiness.draining:
            request.responseHeaders.setRawHeaders(b"Connection", [b"close"])
            return False
        return bool(super().checkPersistence(request, version))

    def _maybeChooseTransferDecoder(self, header: bytes, data: bytes) -> bool:  # noqa: N802
        try:
            return bool(super()._maybeChooseTransferDecoder(header, data))
        except ValueError:  # a length of more digits than int() takes
            return bool(self._failChooseTransferDecoder())

    def _respondToBadRequestAndDisconnect(self) -> None:  # noqa: N802
        self.refuse(refusals.MALFORMED)

    # ------------------------------------------------------------ ours

    def refuse(self, refusal: Answer) -> None:
        if self.stage is not Stage.LEAVING:
            metrics.REFUSALS.add(str(refusal.status.value))
            self._leave_with(refusal.answer())

    def _leave_with(self, answer: bytes) -> None:
        """Answer, read nothing more, and end. Not at once: a connection that closes with bytes
        unread is reset, and its client may never see the answer."""
        self._enter(Stage.LEAVING, LEAVE_SECONDS)
        self.transport.room = None
        for request in self.requests:
            request.release()
        self._networkProducer.unregisterProducer()
        self.transport.write(answer)
        self.transport.loseWriteConnection()
        self._networkProducer.pauseProducing()

    def hand_over(self) -> None:
        """It speaks WebSocket from now on, with a protocol and deadlines of its own. Nobody tells
        us of its end, so a body that came with the request gives back its room now."""
        self.door.channels.discard(self)
        for request in self.requests:
            request.release()
        self._networkProducer.unregisterProducer()

    def check(self, now: float) -> None:
        """Once a second: end a client that is too slow."""
        pending = self._pending()
        if not pending:
            self._reader.rest()
        elif self._reader.is_too_slow(self._given - pending - self.transport.on_its_way(), now):
            self.transport.abortConnection()
            return
        late = now > self._due
        if self.stage is Stage.BODY and (
            self._body.is_too_slow(self._received, now)
            or (late and not self.requests[-1].may_be_late())
        ):
            self.refuse(refusals.TOO_SLOW)
        elif self.stage in TIMED and late:
            self._expire(pending)

    def _expire(self, pending: int) -> None:
        if self.stage is Stage.LEAVING:
            self.transport.abortConnection()
        elif self.stage is Stage.HEAD and self._received:
            self.refuse(refusals.TOO_SLOW)
        elif not pending:
            self.loseConnection()

    def _refusal_of_part(self, headers: Any) -> Answer | None:
        """A process that ends begins none: its client sends it to the next one."""
        upload = bodies.judge(self._path, headers, self.length)
        if isinstance(upload, Answer):
            return upload
        if self.door.readiness.draining:
            return refusals.DRAINING
        answer: Answer | None = self.requests[-1].hold_part(upload.owner, self.length)
        return answer

    def _counts_for_its_client(self) -> bool:
        """False where that address has all the connections that it may have. A connection of a
        proxy counts for the client of its last request."""
        headers = self.requests[-1].requestHeaders
        return self.place.move(self.door.proxies.settle(self.transport.getPeer().host, headers))

    def _enter(self, stage: Stage, seconds: float) -> None:
        self.stage, self._due = stage, time.monotonic() + seconds

    def _pending(self) -> int:
        """Bytes that the system has not taken yet."""
        line = self.transport
        spliced = line.splicing.left if line.splicing else 0
        return len(line.dataBuffer) - line.offset + line._tempDataLen + spliced  # type: ignore[no-any-return]

    def _open_gate(self) -> None:
        if self.gate is not None:
            if not self.gate.done():
                self.gate.set_result(None)
            self.gate = None
