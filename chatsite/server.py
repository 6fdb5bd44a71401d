"""Daphne with limits and a drain.

Left alone it lets a client queue frames without end, takes a megabyte a frame, ends every socket
after a day, and on SIGTERM says goodbye to nobody: `kill_all_applications` dies when a socket
was opened within the last second, and then no clean-up runs (ecosystem: daphne 4.2).
"""

import asyncio
import logging
import time
from typing import Any

from autobahn.websocket import protocol as autobahn
from daphne.endpoints import build_endpoint_description_strings
from daphne.server import Server
from daphne.ws_protocol import WebSocketProtocol
from django.conf import settings
from twisted.internet import reactor
from twisted.internet.defer import Deferred, maybeDeferred

from accounts import housekeeping
from chatsite import control
from messaging import expiry
from messaging.protocol import CLOSE_BAD_FRAME, CLOSE_RATE, CLOSE_RESTART, MAX_FRAME
from messaging.sessions.upkeep import upkeep

BACKLOG = 4096  # connections not accepted yet; whoever comes beyond it knocks again in seconds
OPENING_SECONDS = (
    15  # until a socket stands; in a herd its turn comes late, and clients wait as long
)
WAITING_MAX = 256  # frames of one socket that nobody has read yet
DRAIN_MS = 1000  # from the frame `drain` to the close; its clients spread over as long
APPLICATIONS_SECONDS = 2.0  # to end by themselves after the close
HTTP_SECONDS = 60  # until an answer; a call of the long poll waits POLL_SECONDS of them
NEVER = -1

logger = logging.getLogger(__name__)

# Of its debug log autobahn colours each word before it looks whether somebody reads it: a tenth of
# what a connection costs.
for _colour in ("hltype", "hlval", "pformat"):
    setattr(autobahn, _colour, lambda value, *_, **__: value)


class BoundedProtocol(WebSocketProtocol):  # type: ignore[misc]
    def dataReceived(self, data: bytes) -> None:  # noqa: N802 -- twisted's name
        """Autobahn's own colours a line of its debug log first, at each packet, log or no log."""
        self._dataReceived(data)

    def sendData(self, data: bytes, *_: Any, **__: Any) -> None:  # noqa: N802 -- autobahn's
        """What the socket takes at once need not wait for the reactor, which would begin to watch
        the socket, hear that it is ready, and cease: most of what a frame out costs."""
        line = self.transport
        waits = line.dataBuffer or line._tempDataBuffer
        if not waits and line.connected and not line.disconnecting:
            taken = line.writeSomeData(data)
            if isinstance(taken, int):  # else the line is gone, which the write below finds out
                data = data[taken:]
        if data:
            line.write(data)

    def onMessage(self, payload: bytes, isBinary: bool) -> None:  # noqa: N802, N803 -- autobahn's
        """A client that sends faster than it is served is sent away, not stored."""
        if self.state != self.STATE_OPEN or self.muted:
            return
        if self.application_queue.qsize() >= WAITING_MAX:
            self.serverClose(code=CLOSE_RATE)
            return
        self.last_ping = time.time()
        try:
            content = {"bytes": payload} if isBinary else {"text": payload.decode()}
        except UnicodeDecodeError:
            self.serverClose(code=CLOSE_BAD_FRAME)
            return
        self.application_queue.put_nowait({"type": "websocket.receive", **content})


class ChatServer(Server):  # type: ignore[misc]
    """Serves the site on one address; on SIGTERM and SIGINT drains and ends."""

    def __init__(self, application: Any, host: str, port: int) -> None:
        self._running: set[asyncio.Task[Any]] = set()
        behind_proxy = settings.SECURE_PROXY_SSL_HEADER is not None
        super().__init__(
            application=self._watched(application),
            endpoints=[
                f"{endpoint}:backlog={BACKLOG}"
                for endpoint in build_endpoint_description_strings(host=host, port=port)
            ],
            http_timeout=HTTP_SECONDS,
            websocket_timeout=NEVER,
            websocket_handshake_timeout=OPENING_SECONDS,
            websocket_connect_timeout=OPENING_SECONDS,
            websocket_max_message_size=MAX_FRAME,
            websocket_max_frame_size=MAX_FRAME,
            # Of X-Forwarded-For daphne believes the entry that the client wrote.
            proxy_forwarded_address_header="X-Real-IP" if behind_proxy else None,
            ready_callable=self._prepare,
            server_name=settings.SITE_NAME,
        )

    def listen_success(self, port: Any) -> None:
        super().listen_success(port)
        print(f"Listening on {_address(port.getHost())}", flush=True)  # noqa: T201 -- whoever started it

    def listen_error(self, failure: Any) -> None:
        print(f"Cannot listen: {failure.getErrorMessage()}", flush=True)  # noqa: T201
        self.failed = True
        self.stop()

    failed = False

    def kill_all_applications(self) -> "Deferred[Any]":
        return Deferred.fromFuture(asyncio.ensure_future(self._drain()))

    def _prepare(self) -> None:
        self.ws_factory.protocol = BoundedProtocol
        # Decoding checks it a second time, faster.
        self.ws_factory.setProtocolOptions(utf8validateIncoming=False)
        reactor.callWhenRunning(lambda: asyncio.ensure_future(control.start()))
        reactor.callWhenRunning(self._start_upkeep)

    def _start_upkeep(self) -> None:
        work = (expiry.every_minute(), housekeeping.every_hour())
        self._upkeep = [asyncio.ensure_future(each) for each in work]

    async def _drain(self) -> None:
        try:
            await self._stop_listening()
            await control.stop()
            for task in self._upkeep:
                task.cancel()
            await upkeep().drain(DRAIN_MS)
            self._close_sockets()
            await self._end_applications()
        except Exception:  # the process must end all the same
            logger.exception("the drain failed")

    async def _stop_listening(self) -> None:
        for listener in self.listeners:
            port: Any = getattr(listener, "result", None)
            if hasattr(port, "stopListening"):
                await maybeDeferred(port.stopListening).asFuture(asyncio.get_running_loop())

    def _close_sockets(self) -> None:
        """Those that have not said hello yet, too."""
        for protocol in tuple(self.connections):
            if isinstance(protocol, WebSocketProtocol) and protocol.state == protocol.STATE_OPEN:
                protocol.serverClose(code=CLOSE_RESTART)

    def _watched(self, application: Any) -> Any:
        """Daphne forgets a request whose client has gone; a thread that waits for what it began
        would keep the process for ever."""

        async def run(scope: Any, receive: Any, send: Any) -> None:
            task = asyncio.current_task()
            assert task is not None
            self._running.add(task)
            try:
                await application(scope, receive, send)
            finally:
                self._running.discard(task)

        return run

    async def _end_applications(self) -> None:
        if self._running:
            await asyncio.wait(self._running, timeout=APPLICATIONS_SECONDS)
        rest = asyncio.all_tasks() - {asyncio.current_task()}
        for task in rest:
            task.cancel()
        if rest:
            await asyncio.wait(rest, timeout=APPLICATIONS_SECONDS)


def _address(host: Any) -> str:
    name = f"[{host.host}]" if ":" in host.host else host.host
    return f"http://{name}:{host.port}"
