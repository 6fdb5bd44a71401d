"""How many connections an address may have and open, and how many there are in all."""

import logging
import time
from collections import Counter
from collections.abc import Callable

from chatsite.door.proxies import Proxies
from chatsite.edge import addresses
from chatsite.running import metrics
from messaging.sessions.window import Buckets

OF_ADDRESS = 256
TOLD_EVERY_SECONDS = 1.0
OPENED_PER_SECOND, OPENED_BURST = 100, 256  # by one address, whether it keeps them or not
SPARE_DESCRIPTORS = 128  # for databases, files and what else the process opens

NO_PLACE = "no_place"  # in /metrics; the connection itself is told nothing

logger = logging.getLogger(__name__)


class Places:
    def __init__(
        self,
        in_all: int,
        of_address: int = OF_ADDRESS,
        proxies: Proxies | None = None,
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        """`ticks`: seconds that do not jump."""
        self._in_all, self._of_address = in_all, of_address
        self._proxies = proxies or Proxies()
        self._taken = 0
        self._of: Counter[str] = Counter()
        self._opened = Buckets(OPENED_PER_SECOND, OPENED_BURST)
        self._ticks = ticks
        self._told: dict[str, float] = {}  # by kind, when

    def take(self, address: str) -> "Place | None":
        if self._taken >= self._in_all:
            self._tell("there are %d connections; no more are taken", self._taken)
            return None
        key = self._network(address)
        if key is not None and self._opened.take(key, self._ticks()):
            self._tell("%s opens connections too fast; some are not taken", key)
            return None
        place = Place(self)
        if not place.move(address):
            return None
        self._taken += 1
        return place

    @property
    def taken(self) -> int:
        """Connections that there are now."""
        return self._taken

    def percent_taken(self) -> float:
        return 100 * self._taken / max(1, self._in_all)

    def _network(self, address: str) -> str | None:
        """What it counts as. None for a trusted proxy, which brings the connections of others."""
        parsed = addresses.parse(address)
        return None if parsed in self._proxies else addresses.counted(parsed)

    def _enter(self, key: str) -> bool:
        if self._of[key] >= self._of_address:
            self._tell("%s has %d connections; no more of it are taken", key, self._of[key])
            return False
        self._of[key] += 1
        return True

    def _tell(self, what: str, *more: object) -> None:
        """The log keeps one a minute (chatsite/logs.py); making one costs more than a refusal."""
        metrics.REFUSALS.add(NO_PLACE)
        now = self._ticks()
        if now - self._told.get(what, -TOLD_EVERY_SECONDS) >= TOLD_EVERY_SECONDS:
            self._told[what] = now
            logger.warning(what, *more)

    def _leave(self, key: str) -> None:
        self._of[key] -= 1
        if self._of[key] <= 0:
            del self._of[key]


class Place:
    """The place of one connection, from its acceptance to its end."""

    __slots__ = ("_key", "_places")

    def __init__(self, places: Places) -> None:
        self._places: Places | None = places
        self._key: str | None = None  # None: not counted by address

    @property
    def address(self) -> str:
        """What it is counted for: an address, or a network of one. Empty: it is not counted."""
        return self._key or ""

    def move(self, address: str) -> bool:
        """From now on count it for this address. False: that has as many as it may have."""
        assert self._places is not None
        key = self._places._network(address)
        if key == self._key:
            return True
        if key is not None and not self._places._enter(key):
            return False
        if self._key is not None:
            self._places._leave(self._key)
        self._key = key
        return True

    def leave(self) -> None:
        """Repeating has no effect."""
        if self._places is not None:
            if self._key is not None:
                self._places._leave(self._key)
            self._places._taken -= 1
            self._places = None
