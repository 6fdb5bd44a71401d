"""Whether this node reaches the others: over presence, which says where people are, and over the
layer, which carries frames.

Both share a fate. After a few failures in a row, or when a frame to itself does not come back, the
others are out of reach: nothing is asked or published then, but for the beat of the lease, which
finds out when they are back. The numbers of the frames go on, so that what was lost shows.
"""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from chatsite.running import metrics
from chatsite.running.breaker import Away, Breaker
from presence.backends.base import Full

UNSURE_SECONDS = 10.0  # after an outage, until every node has noticed and said who is there
ECHO_SECONDS = 2.0  # a frame to oneself that takes longer will not come

LOST = {
    "silent": "they do not answer",
    "deaf": "this node does not hear itself",
    "full": "presence takes nothing more",
}
logger = logging.getLogger(__name__)


class Reach:
    def __init__(self, ticks: Callable[[], float] = time.monotonic) -> None:
        self.away = False
        self._breaker = Breaker("presence and the layer", answers=(Full,), ticks=ticks)
        self._ticks = ticks
        self._unheard: float | None = None  # since when an echo is missing
        self._back = float("-inf")  # when the last outage ended

    @contextmanager
    def tried(self) -> Iterator[None]:
        """Around what asks presence or uses the layer. Raises Away where that is of no use."""
        if self.away:
            raise Away
        with self.noted():
            yield

    @contextmanager
    def noted(self) -> Iterator[None]:
        """Around the same, where it finds out."""
        try:
            with self._breaker.noted():
                yield
        finally:
            if self._breaker.away:
                self.lost("silent")

    @property
    def asked(self) -> bool:
        """Presence and the layer answer, as far as is known."""
        return not self._breaker.away

    def lost(self, why: str) -> None:
        """`why`: one of LOST."""
        if not self.away:
            self.away = True
            metrics.OUTAGES.add(why)
            logger.warning("other nodes are out of reach: %s", LOST[why])

    @property
    def unsure(self) -> bool:
        """Presence may not have everybody yet."""
        return self._ticks() - self._back < UNSURE_SECONDS

    def back(self) -> None:
        self._unheard = None
        self._back = self._ticks()
        if self.away:
            self.away = False
            logger.warning("other nodes are in reach again")

    # ------------------------------------------------------------ frames to oneself

    def called(self) -> None:
        """One is on its way."""
        if self._unheard is None:
            self._unheard = self._ticks()

    def heard(self) -> None:
        """One has come."""
        self._unheard = None

    def listen(self) -> None:
        """Notice one that did not come."""
        if self._unheard is not None and self._ticks() - self._unheard > ECHO_SECONDS:
            self._unheard = None
            self.lost("deaf")
