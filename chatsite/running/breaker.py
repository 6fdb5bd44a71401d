"""A circuit breaker: what failed a few times in a row counts as away. Then nobody waits for it, and
one call a second finds out whether it is back."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

AWAY_AFTER = 3  # failures in a row
PROBE_SECONDS = 1.0


class Away(Exception):
    """Not asked, since it did not answer others."""


class Breaker:
    """Threads may share one: at worst two of them probe at once."""

    def __init__(
        self,
        what: str,
        answers: tuple[type[Exception], ...] = (),
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        """`answers`: errors that are an answer; all others say that there was none."""
        self._failures = 0  # in a row
        self._failed = float("-inf")  # when the last of them ended
        self._what = what
        self._answers = answers
        self._ticks = ticks
        self._probed = float("-inf")  # when a probe began or ended

    @property
    def away(self) -> bool:
        return self._failures >= AWAY_AFTER

    @contextmanager
    def tried(self) -> Iterator[None]:
        """Around a call. Raises Away at once where it is away, but for one call a second."""
        if self.away and not self._may_probe():
            raise Away(self._what)
        with self.noted():
            yield

    @contextmanager
    def noted(self) -> Iterator[None]:
        """Around a call that is made in any case. Calls that fail side by side are one failure."""
        began = self._ticks()
        try:
            yield
        except self._answers:
            self._failures = 0
            raise
        except Exception:
            if began >= self._failed:
                self._failures += 1
            self._failed = self._probed = self._ticks()
            raise
        self._failures = 0

    def _may_probe(self) -> bool:
        now = self._ticks()
        due = now - self._probed >= PROBE_SECONDS
        if due:
            self._probed = now
        return due
