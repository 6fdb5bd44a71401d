"""Who may open a live session now.

Two limits, around the question who it is (ADR 25). `knock` is first, by address, while nothing is
made or kept yet. `enter` is last, for the whole process, and asked for somebody who has proved who
they are: strangers take no places.
"""

from collections.abc import Callable

from chatsite.edge import addresses
from messaging.backends.base import Busy
from messaging.sessions.window import Bucket, Buckets

ADDRESS_PER_SECOND, ADDRESS_BURST = 50, 100  # sessions opened from one address, or an IPv6 /64
ADMITTED_PER_SECOND = 400  # of a process, from wherever; a herd is told to come back
BUSY_RETRY_MS = 2000  # what those that are not admitted hear


class Admission:
    def __init__(self, ticks: Callable[[], float], times: float) -> None:
        """`ticks`: seconds that do not jump. `times`: 1; a benchmark needs more."""
        self._ticks = ticks
        self._addresses = Buckets(ADDRESS_PER_SECOND * times, ADDRESS_BURST * times)
        self._process = Bucket(ADMITTED_PER_SECOND * times, ADMITTED_PER_SECOND * times)

    def knock(self, address: str) -> None:
        """One more session is to be opened from this address. Raises Busy beyond its limit."""
        network = addresses.counted(addresses.parse(address))
        if network is not None and self._addresses.take(network, self._ticks()):
            raise Busy(BUSY_RETRY_MS)

    def enter(self) -> None:
        """One more device has proved who it is. Raises Busy beyond what the process can serve."""
        if not self._process.take(self._ticks()):
            raise Busy(BUSY_RETRY_MS)
