"""The least pace of a client, up and down: it ends one that drips, and no transfer that moves."""

WINDOW_SECONDS = 20.0
WINDOW_BYTES = 16 * 1024  # in each such window, or all that there is


class Pace:
    """The pace of one direction of a connection. `come` counts its bytes from the beginning."""

    __slots__ = ("_at", "_since")

    def __init__(self) -> None:
        self._since: float | None = None  # of the window; None: nothing is expected
        self._at = 0  # `come` when the window began

    def rest(self) -> None:
        """Nothing is expected until the next look."""
        self._since = None

    def is_too_slow(self, come: int, now: float) -> bool:
        if self._since is None or come - self._at >= WINDOW_BYTES:
            self._since, self._at = now, come
        return now - self._since > WINDOW_SECONDS
