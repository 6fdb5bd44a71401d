"""Daphne with limits and a drain.

Daphne alone lets a client queue frames without end, takes a megabyte a frame, ends every socket
after a day, and on SIGTERM closes none: `kill_all_applications` raises when a socket was opened
within the last second, and then no clean-up runs (daphne 4.2).
"""

import asyncio
import logging
import os
import signal
import threading
import traceback
from typing import Any

from daphne.endpoints import build_endpoint_description_strings
from daphne.ws_protocol import WebSocketProtocol
from django.conf import settings
from twisted.internet import reactor
from twisted.internet.defer import Deferred, maybeDeferred
from twisted.logger import globalLogPublisher

from accounts import housekeeping
from chatsite import alone, control, retention, stale
from chatsite.door import descriptors, proxies
from chatsite.door.door import Door
from chatsite.door.lines import Line
from chatsite.door.listening import take_few
from chatsite.door.places import SPARE_DESCRIPTORS, Places
from chatsite.door.server import BoundedServer
from chatsite.door.sockets import Socket
from chatsite.leaving import deletion
from chatsite.running import away, metrics, tasks
from media import sweep
from media.stores import PART_MAX
from messaging import expiry, fanout
from messaging.hub import Hub
from messaging.protocol import CLOSE_RESTART, MAX_FRAME
from messaging.sessions.drain import drain
from messaging.sessions.node import here
from moderation import audit, erasing, figures

BACKLOG = 4096  # connections not accepted yet; a client beyond it tries again in seconds
OPENING_SECONDS = (
    15  # until a socket stands; in a herd its turn comes late, and clients wait as long
)
CHECKS_SECONDS = 1.2  # a balancer has asked twice by then, and sends nobody any more
APPLICATIONS_SECONDS = 10.0  # for requests to be answered, and sockets to hear their close
CANCEL_SECONDS = 2.0
DRAIN_SECONDS = 25.0  # for all of it
LAST_SECONDS = 29.0  # then even a thread that hangs ends
HTTP_SECONDS = 60  # until an answer; a call of the long poll waits POLL_SECONDS of them
NEVER = -1
CONNECT_SECONDS = 5.0  # for all stores together, at the start
CONNECT_REST_SECONDS = 1.0  # between two tries

logger = logging.getLogger(__name__)


class ChatServer(BoundedServer):
    """Serves the site on one address; on SIGTERM and SIGINT drains and ends."""

    def __init__(
        self, application: Any, host: str, port: int, node: str, keep: alone.Keep | None = None
    ) -> None:
        """`keep`: of the claim on the data, where the engine is one process."""
        self._node, self._host, self._port, self._keep = node, host, port, keep
        self._running: set[asyncio.Task[Any]] = set()
        self._ports: list[Any] = []
        self._work: list[asyncio.Future[Any]] = []
        super().__init__(
            application=self._watched(application),
            endpoints=[
                f"{endpoint}:backlog={BACKLOG}"
                for endpoint in build_endpoint_description_strings(host=host, port=port)
            ],
            http_timeout=HTTP_SECONDS,
            request_buffer_size=PART_MAX + 1,  # a body is one message: of a part there is no copy
            websocket_timeout=NEVER,
            websocket_handshake_timeout=OPENING_SECONDS,
            websocket_connect_timeout=OPENING_SECONDS,
            websocket_max_message_size=MAX_FRAME,
            websocket_max_frame_size=MAX_FRAME,
            # Daphne believes anybody; the door has put the true values there.
            proxy_forwarded_address_header=proxies.FOR.decode(),
            proxy_forwarded_proto_header=proxies.PROTO.decode(),
            ready_callable=self._prepare,
            server_name=settings.SITE_NAME,
        )

    def listen_success(self, port: Any) -> None:
        super().listen_success(port)
        port.transport = Line  # of each connection
        take_few(port, reactor.callLater)
        self._ports.append(port)
        print(f"{settings.SITE_NAME} at {settings.SITE_URL}, {settings.ENGINE} engine")  # noqa: T201
        print(f"Listening on {_address(port.getHost())}", flush=True)  # noqa: T201 -- for the operator

    def listen_error(self, failure: Any) -> None:
        reason = getattr(failure.value, "socketError", failure.value)
        where = f"HOST {self._host}, PORT {self._port}"
        print(f"Cannot listen on {where}: {reason}", flush=True)  # noqa: T201
        self.failed = True
        self.stop()

    failed = False

    def kill_all_applications(self) -> "Deferred[Any]":
        return Deferred.fromFuture(asyncio.ensure_future(self._drain()))

    def _prepare(self) -> None:
        globalLogPublisher.addObserver(_tell_failure)
        self.ws_factory.protocol = Socket
        trusted = proxies.Proxies(settings.TRUSTED_PROXIES)
        limit = descriptors.raise_limit()
        places = Places(limit - SPARE_DESCRIPTORS, proxies=trusted)
        self.door = Door(self.http_factory, places, trusted, settings.METRICS_FROM)
        self._show(places, limit)
        reactor.callWhenRunning(self.door.watch)
        # Decoding checks it a second time, faster.
        self.ws_factory.setProtocolOptions(utf8validateIncoming=False)
        reactor.callWhenRunning(lambda: asyncio.ensure_future(self._start_work()))

    def _show(self, places: Places, limit: int) -> None:
        metrics.READY.read_by(lambda: self.door.readiness.state() == "ready")
        metrics.CONNECTIONS.read_by(lambda: places.taken)
        metrics.LOOP_LAG.read_by(self.door.lag)
        metrics.DESCRIPTORS.read_by(descriptors.count_open)
        metrics.DESCRIPTORS_MAX.read_by(lambda: limit)

    async def _start_work(self) -> None:
        hub = fanout.serve(self._node)
        _show_node(hub)
        self.door.readiness.clock_is_wrong = lambda: here().clock_check.wrong
        rounds = [expiry.every_minute(), housekeeping.every_hour()]
        rounds += [sweep.every_minute(), sweep.every_day()]
        rounds += [audit.every_day(), erasing.every_day(), stale.every_day()]
        rounds.append(retention.every_day(lambda: here().clock_check.verdict))
        rounds += [figures.every_minute(), figures.every_few_minutes()]
        rounds.append(deletion.every_minute())
        if self._keep is not None:
            rounds.append(tasks.forever("keeping the data", self._keep_data, alone.KEEP_SECONDS))
        self._work = [asyncio.ensure_future(each) for each in [*rounds, self._connect()]]
        await control.start()
        here().when_taken = self._end
        await here().begin()

    async def _connect(self) -> None:
        """Nobody is sent here before each store answered once: a node that was configured wrongly
        must not take people from those that work."""
        while not self.door.readiness.connected:
            try:
                async with asyncio.timeout(CONNECT_SECONDS):
                    await here().connect()
                self.door.readiness.connected = True
            except Exception as error:  # noqa: BLE001 -- whichever store it is
                away.tell(error.__cause__ or error)
            await asyncio.sleep(CONNECT_REST_SECONDS)

    async def _keep_data(self) -> None:
        assert self._keep is not None
        try:
            await asyncio.to_thread(self._keep)
        except alone.Taken as taken:
            self._end(str(taken))

    def _end(self, why: str) -> None:
        if not self.failed:
            logger.error("%s This one ends.", why)
            self.failed = True
            self.stop()

    async def _drain(self) -> None:
        """Where a balancer watches, it leads people elsewhere before anybody is sent away, and the
        listener stays until all have gone: it would take a refused connection for a fault. Else
        all wait for the next process, which should not have to wait for this one."""
        _end_at_the_next_signal()
        readiness = self.door.readiness
        elsewhere = readiness.is_watched()
        readiness.draining = True
        try:
            async with asyncio.timeout(DRAIN_SECONDS):
                if elsewhere:
                    await asyncio.sleep(CHECKS_SECONDS)
                else:
                    await self._stop_listening()
                await control.stop()
                for task in self._work:
                    task.cancel()
                await drain(here(), elsewhere=elsewhere)
                await self._applications_end()
                self._close_sockets()
                await here().end()
                await self._stop_listening()
        except Exception:  # the process must end all the same
            logger.exception("the drain failed")
        await tasks.cancel_others(CANCEL_SECONDS)

    async def _stop_listening(self) -> None:
        for port in self._ports:
            await maybeDeferred(port.stopListening).asFuture(asyncio.get_running_loop())

    def _close_sockets(self) -> None:
        """What hangs; the others have closed themselves."""
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
            except asyncio.CancelledError as error:
                # It holds itself until the next collection, and by its frames a body, whose room
                # others have by then.
                traceback.clear_frames(error.__traceback__)
                raise
            finally:
                self._running.discard(task)

        return run

    async def _applications_end(self) -> None:
        """Requests and sockets that are there now; what is under way is answered."""
        if self._running:
            await asyncio.wait(self._running, timeout=APPLICATIONS_SECONDS)


def _show_node(hub: Hub) -> None:
    metrics.SESSIONS.read_by(lambda: sum(map(len, hub.sessions.values())))
    metrics.POLLS.read_by(lambda: len(here().polls))
    metrics.STREAMS.read_by(lambda: len(hub.streams))
    metrics.REACH.read_by(lambda: not hub.reach.away)
    metrics.BREAKERS.read_by(lambda: not hub.reach.asked, "presence")
    metrics.LATE.read_by(lambda: here().late_seconds)
    metrics.CLOCK.read_by(lambda: here().clock_check.offset / 1000)


def _end_at_the_next_signal() -> None:
    """Whatever hangs by then: a second signal ends the process at once, and so does time."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)
    last = threading.Timer(LAST_SECONDS, os._exit, (1,))
    last.daemon = True
    last.start()


def _tell_failure(event: dict[str, Any]) -> None:
    """Twisted's log goes nowhere (daphne), and what a connection raised with it."""
    failure = event.get("log_failure")
    if failure is not None:
        error = (failure.type, failure.value, failure.getTracebackObject())
        logging.getLogger("chatsite.door").error("a connection failed", exc_info=error)


def _address(host: Any) -> str:
    name = f"[{host.host}]" if ":" in host.host else host.host
    return f"http://{name}:{host.port}"
