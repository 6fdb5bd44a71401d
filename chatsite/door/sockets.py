"""One WebSocket: what it may send, and how much of it the loop does in one turn."""

import asyncio
import time
from typing import Any

from autobahn.websocket import protocol as autobahn
from daphne.ws_protocol import WebSocketProtocol
from django.conf import settings

from messaging.protocol import (
    CLOSE_BAD_FRAME,
    CLOSE_INTERNAL,
    CLOSE_RATE,
    FRAMES_BURST,
    FRAMES_PER_SECOND,
)
from messaging.sessions.window import Bucket

WAITING_MAX = 256  # frames of one socket that nobody has read yet
WIRE_TIMES = 2  # frames on the wire (pings, pongs, fragments, too) to frames of the protocol
FRAGMENTS_MAX = 16  # of one message
FRAMES_A_TURN = 16  # of one socket; then all others have a turn

# Autobahn colours each word of its debug log before it looks whether the log is on: a tenth of what
# a connection costs.
for _colour in ("hltype", "hlval", "pformat"):
    setattr(autobahn, _colour, lambda value, *_, **__: value)


class Socket(WebSocketProtocol):  # type: ignore[misc]
    gate = None  # of an answer that waits for its reader: a socket has a window instead
    path = b""  # until its handshake has one
    _fragments = 0
    _rests = False  # until its next turn, or for good

    def connectionMade(self) -> None:  # noqa: N802 -- twisted's name
        times = WIRE_TIMES * settings.LIVE_RATE_FACTOR
        self._wire = Bucket(FRAMES_PER_SECOND * times, FRAMES_BURST * times)
        super().connectionMade()

    def connectionLost(self, reason: Any) -> None:  # noqa: N802 -- twisted's
        self.transport.place.leave()
        super().connectionLost(reason)

    def dataReceived(self, data: bytes) -> None:  # noqa: N802 -- twisted's
        """Autobahn's own method colours a debug line at each packet, even with the log off."""
        self._dataReceived(data)

    def consumeData(self) -> None:  # noqa: N802 -- autobahn's
        """Autobahn's own method goes on until nothing is left: ten thousand frames a packet."""
        if self.state not in (self.STATE_OPEN, self.STATE_CLOSING):
            super().consumeData()
            return
        steps = 2 * FRAMES_A_TURN  # a head and its payload
        while not self._rests:
            if not self.processData() or self.state == self.STATE_CLOSED:
                return
            steps -= 1
            if not steps:
                self._rest()
                asyncio.get_running_loop().call_soon(self._go_on)

    def onFrameBegin(self) -> None:  # noqa: N802 -- autobahn's
        if not self._wire.take(time.monotonic()):
            self._send_away(CLOSE_RATE)
            return
        if self.current_frame.opcode == 0:
            self._fragments += 1
            if self._fragments >= FRAGMENTS_MAX:
                self._send_away(CLOSE_BAD_FRAME)
                return
        elif self.current_frame.opcode < 8:
            self._fragments = 0
        super().onFrameBegin()

    def onMessage(self, payload: bytes, isBinary: bool) -> None:  # noqa: N802, N803 -- autobahn's
        """A client that sends faster than it is served is closed; its frames are not kept."""
        if self.state != self.STATE_OPEN or self.muted:
            return
        if self.application_queue.qsize() >= WAITING_MAX:
            self._send_away(CLOSE_RATE)
            return
        self.last_ping = time.time()
        try:
            content = {"bytes": payload} if isBinary else {"text": payload.decode()}
        except UnicodeDecodeError:
            self._send_away(CLOSE_BAD_FRAME)
            return
        self.application_queue.put_nowait({"type": "websocket.receive", **content})

    def sendData(self, data: bytes, *_: Any, **__: Any) -> None:  # noqa: N802 -- autobahn's
        """What the socket takes at once need not wait for the reactor. That would start to watch
        the socket, hear that it is ready, and stop: most of the cost of sending a frame."""
        socket = self.transport
        waits = socket.dataBuffer or socket._tempDataBuffer
        if not waits and socket.connected and not socket.disconnecting:
            taken = socket.writeSomeData(data)
            if isinstance(taken, int):  # else the connection is gone, which the write below finds
                data = data[taken:]
        if data:
            socket.write(data)

    def onClose(self, wasClean: bool, code: int, reason: str) -> None:  # noqa: N802, N803
        if hasattr(self, "server"):  # else it ended before its handshake
            super().onClose(wasClean, code, reason)

    def handle_reply(self, message: Any) -> None:
        """What an application sends to a socket that is ending is dropped."""
        if self.state in (self.STATE_CONNECTING, self.STATE_OPEN):
            super().handle_reply(message)

    def handle_exception(self, exception: Exception) -> None:
        """The application broke. Daphne's own method says 1011, and denies a handshake twice."""
        if self.state == self.STATE_CONNECTING:
            if hasattr(self, "handshake_deferred"):
                self.serverReject()
        else:
            self.serverClose(code=CLOSE_INTERNAL)

    def _send_away(self, code: int) -> None:
        """What it still sends is not read: it has a second to answer the close (autobahn)."""
        self.serverClose(code=code)
        self._rest()

    def _rest(self) -> None:
        self._rests = True
        self.transport.pauseProducing()

    def _go_on(self) -> None:
        if self.state == self.STATE_CLOSED or not self._rests:
            return
        self._rests = False
        self.consumeData()
        if not self._rests:
            self.transport.resumeProducing()
