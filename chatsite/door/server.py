"""Daphne's part between connections and applications, so that one of them harms no other.

Daphne's own two checks of all connections end for good when one connection raises in them. Then
nothing is cleaned up and no time limit acts. And daphne writes to a reader who does not read.
"""

import asyncio
import logging
import time
from typing import Any

from daphne.server import Server
from twisted.internet import reactor

from chatsite.edge.extensions import SPLICE
from chatsite.running.tasks import survived

APPLICATIONS_SECONDS = 1  # between two looks for applications that have ended
TIMES_SECONDS = 2  # between two looks for time limits

logger = logging.getLogger(__name__)


class BoundedServer(Server):  # type: ignore[misc]
    def protocol_disconnected(self, protocol: Any) -> None:
        """It may be forgotten already: a connection can end while it is being ended."""
        if protocol in self.connections:
            super().protocol_disconnected(protocol)

    def create_application(self, protocol: Any, scope: dict[str, Any]) -> Any:
        if scope["type"] == "http":
            scope["extensions"] = {SPLICE: {}}
        queue = super().create_application(protocol, scope)
        if getattr(protocol, "held", 0):
            application = self.connections[protocol]["application_instance"]
            application.add_done_callback(lambda _: protocol.release())
        return queue

    def abandon(self, request: Any) -> None:
        """Nobody waits for the answer any more: work that still queues for a thread is dropped."""
        application = self.connections.get(request, {}).get("application_instance")
        if application is not None:
            application.cancel()

    async def handle_reply(self, protocol: Any, message: Any) -> None:
        details = self.connections.get(protocol)
        if details is None or "disconnected" in details:
            return
        if message["type"] == SPLICE:
            await protocol.splice(message["source"], message["count"])
            return
        protocol.handle_reply(message)
        gate = protocol.gate
        if gate is not None and message.get("more_body"):
            await gate

    def application_checker(self) -> None:
        for protocol, details in tuple(self.connections.items()):
            application = details.get("application_instance")
            ended = application is not None and application.done()
            if ended or "disconnected" in details:
                with survived("the check of an application"):
                    self._settle(protocol, details, application)
        reactor.callLater(APPLICATIONS_SECONDS, self.application_checker)

    def timeout_checker(self) -> None:
        for protocol in tuple(self.connections):
            with survived("the check of a time limit"):
                protocol.check_timeouts()
        reactor.callLater(TIMES_SECONDS, self.timeout_checker)

    def _settle(
        self, protocol: Any, details: dict[str, Any], application: "asyncio.Future[None] | None"
    ) -> None:
        """Forget an application that has ended and a connection that is gone; end an application
        that outlives its connection."""
        gone = details.get("disconnected", 0)  # seconds since 1970; 0 = it is there
        if application is not None and not application.done():
            if time.time() - gone > self.application_close_timeout:
                logger.warning("an application outlived its connection: %r", protocol)
                application.cancel()
            return
        details.pop("application_instance", None)  # first: what raises below is not repeated
        if gone:
            del self.connections[protocol]
        if application is not None and not application.cancelled():
            error = application.exception()
            if error is not None:
                logger.error("an application failed: %s", error, exc_info=error)
                if not gone:
                    protocol.handle_exception(error)
