"""All connections that speak HTTP, and what they share."""

import logging
import time
from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Network
from typing import Any

from twisted.internet import reactor

from chatsite.door import bodies
from chatsite.door.channel import Channel
from chatsite.door.places import Places
from chatsite.door.probes import Probes
from chatsite.door.proxies import Proxies
from chatsite.door.readiness import Readiness
from chatsite.running.tasks import survived

CHECK_SECONDS = 1.0

logger = logging.getLogger(__name__)


class Door:
    def __init__(
        self,
        factory: Any,
        places: Places,
        proxies: Proxies,
        readers: Iterable[IPv4Network | IPv6Network] = (),
    ) -> None:
        """Takes the place of daphne's own way to make a protocol of a connection. `readers`: who
        may read `/metrics`, beside this machine."""
        self.factory = factory
        self.channels: set[Channel] = set()
        self.budget = bodies.Budget()
        self.budget_of_parts = bodies.Shares(bodies.BUDGET, bodies.SHARE, bodies.KEPT)
        self.budget_of_reports = bodies.Shares(bodies.BUDGET_OF_REPORTS, bodies.SHARE_OF_REPORTS)
        self.proxies = proxies
        self.readiness = Readiness(self.lag, places.percent_taken)
        self.probes = Probes(self.readiness, proxies, readers)
        self._places = places
        self._lag, self._due = 0.0, time.monotonic()
        factory.buildProtocol = self._build
        factory.log = lambda request: None  # a line for each request, which nobody reads

    def watch(self) -> None:
        """From now on, once a second."""
        now = time.monotonic()
        self._lag, self._due = max(0.0, now - self._due), now + CHECK_SECONDS
        for channel in tuple(self.channels):
            with survived("the check of a connection"):
                channel.check(now)
        reactor.callLater(CHECK_SECONDS, self.watch)

    def lag(self) -> float:
        """How late the event loop was at its last look, or is with the next; seconds."""
        return max(self._lag, time.monotonic() - self._due)

    def _build(self, address: Any) -> Channel | None:
        """None closes the connection at once."""
        place = self._places.take(address.host)
        return None if place is None else Channel(self, place)
