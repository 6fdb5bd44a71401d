"""The least pace of a client, up and down: it ends one that drips, and no transfer that moves."""

WINDOW_SECONDS = 20.0
WINDOW_BYTES = 16 * 1024  # in each such window, or all that there is
PART_BYTES = 96 * 1024  # the same for a part of a file on its way up: 5 kB/s


class Pace:
    """The pace of one direction of a connection. `come` counts its bytes from the beginning."""

    __slots__ = ("_at", "_since", "least")

    def __init__(self) -> None:
        self.least = WINDOW_BYTES
        self._since: float | None = None  # of the window; None: nothing is expected
        self._at = 0  # `come` when the window began

    def rest(self) -> None:
        """Nothing is expected until the next look."""
        self._since = None

    def is_too_slow(self, come: int, now: float) -> bool:
        if self._since is None or come - self._at >= self.least:
            self._since, self._at = now, come
        return now - self._since > WINDOW_SECONDS
