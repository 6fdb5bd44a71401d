"""When a client comes back after a close: what static/js/network/reconnectpolicy.js says, once
more in Python (docs/protocol.md)."""

import random
from collections.abc import Callable

from messaging import protocol

FIRST_SECONDS = 3.0  # many lose the same node at once: spread them
WATCHED_SECONDS = 0.5  # somebody looks at the page, and few do at the same time
MOST_SECONDS = 30.0
BASE_SECONDS = 0.5
DISPLACED_SECONDS = 30.0  # another socket of this device took over: let it settle
REFUSED_TWICE = 2  # a fresh token was refused as well
STAYS_AWAY = range(4400, 4500)  # but for those that are named below

Between = Callable[[float, float], float]


class Comeback:
    """Of one device: how often in a row it failed, and what that makes of the next close."""

    def __init__(self, between: Between = random.uniform, *, focus: bool = False) -> None:
        """`focus`: somebody looks at this device."""
        self.drain = 0.0  # seconds, of the last `drain`; spent by the close that follows
        self._between, self._focus = between, focus
        self._failed = 0  # closes in a row without a live session between
        self._token_refused = 0

    def live(self) -> None:
        """`state` or `same` has come."""
        self._failed = self._token_refused = 0
        self.drain = 0.0

    def after(self, code: int | None) -> float | None:
        """Seconds to wait after this close; None: not by itself. No code: the line broke, or
        there was none."""
        failed, self._failed = self._failed, self._failed + 1
        drain, self.drain = self.drain, 0.0
        first = WATCHED_SECONDS if self._focus and not failed else FIRST_SECONDS
        if code == protocol.CLOSE_SIGN_IN:
            self._token_refused += 1
            return None if self._token_refused >= REFUSED_TWICE else 0.0
        if code == protocol.CLOSE_DISPLACED:
            return self._between(DISPLACED_SECONDS, 2 * DISPLACED_SECONDS)
        if code == protocol.CLOSE_RATE:
            return MOST_SECONDS + self._between(0, MOST_SECONDS)
        if code == protocol.CLOSE_SLOW:
            return 0.0
        if code == protocol.CLOSE_RESTART:
            return self._between(0, drain or first)
        if code == protocol.CLOSE_DONE or code in STAYS_AWAY:
            return None
        most = min(MOST_SECONDS, BASE_SECONDS * 2**failed) if failed else first
        return self._between(0, most)
