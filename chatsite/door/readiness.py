"""Whether this node may get new people, as `/readyz` says: by itself alone.

What nodes share is not asked: a database that is away would turn all of them red together, and the
balancer would have nobody left to send people to.
"""

import time
from collections.abc import Callable

LAG_SECONDS = 1.0  # of the event loop; then it has enough to do
FULL_PERCENT = 95  # of its places: the balancer must still reach the node to hear that it is full
WATCHED_SECONDS = 5.0  # since somebody asked: longer than between two checks of a balancer


class Readiness:
    def __init__(
        self,
        lag: Callable[[], float],
        percent_taken: Callable[[], float],
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        """`lag`: of the event loop, in seconds. `percent_taken`: of the places at the door."""
        self.connected = False  # each adapter was reached once since the start
        self.draining = False
        self.clock_is_wrong: Callable[[], bool] = lambda: False
        self._lag, self._percent_taken, self._ticks = lag, percent_taken, ticks
        self._asked = float("-inf")

    def ask(self) -> str:
        """For whom decides about the node by it: `ready`, or why not."""
        self._asked = self._ticks()
        return self.state()

    def state(self) -> str:
        if self.draining:
            return "draining"
        if not self.connected:
            return "starting"
        if self.clock_is_wrong():
            return "clock"
        if self._lag() >= LAG_SECONDS:
            return "slow"
        return "full" if self._percent_taken() >= FULL_PERCENT else "ready"

    def is_watched(self) -> bool:
        """Whether somebody asks all the time: a balancer, which sends people elsewhere."""
        return self._ticks() - self._asked <= WATCHED_SECONDS
