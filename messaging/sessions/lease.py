"""The lease of this node in presence, and what its renewal tells: that another process has taken
the node's name, that a peer died, that what the nodes share went away or came back."""

import asyncio
import logging
from collections.abc import Callable
from enum import Enum, auto

from chatsite.running.breaker import PROBE_SECONDS
from messaging.hub import Hub
from messaging.sessions.clockcheck import ClockCheck
from presence import registry
from presence.backends.base import BEAT_MS, Full, Renewed

WAIT_SECONDS = 1.0  # for the registry; the next beat comes

logger = logging.getLogger(__name__)


class News(Enum):
    NONE = auto()
    TAKEN = auto()  # another process has this node's name
    BACK = auto()  # presence answers again, or another one does


class Lease:
    def __init__(self, hub: Hub, ticks: Callable[[], float]) -> None:
        self._hub = hub
        self._ticks = ticks
        self._beat = float("-inf")
        self.clock = ClockCheck()
        self._failed = False  # the last time
        self._lapsed: frozenset[str] | None = None  # peers, as known since the first beat

    async def keep(self) -> News:
        """Renew it when it is time: call once a second."""
        reach, now = self._hub.reach, self._ticks()
        reach.listen()
        soon = reach.away or self._failed
        if now - self._beat < (PROBE_SECONDS if soon else BEAT_MS / 1000):
            return News.NONE
        self._beat, self._failed = now, True
        try:
            with reach.noted():
                async with asyncio.timeout(WAIT_SECONDS):
                    renewed = await registry.beat(self._hub.node)
        except Full:
            reach.lost("full")
            return News.NONE
        except Exception:  # the registry's own errors, whichever it is
            logger.warning("the lease was not renewed", exc_info=not reach.away)
            return News.NONE
        self._failed = False
        return self._told(renewed)

    def _told(self, renewed: Renewed) -> News:
        if not renewed.mine:
            return News.TAKEN
        self.clock.beaten(renewed)
        if self._hub.reach.away or renewed.forgot:
            return News.BACK
        self._hub.call_itself()
        if self._lapsed is not None and renewed.lapsed - self._lapsed:
            logger.warning("nodes died: %s", ", ".join(sorted(renewed.lapsed - self._lapsed)))
            self._hub.recheck_all()  # they may have stored what they told nobody
        self._lapsed = renewed.lapsed
        return News.NONE
