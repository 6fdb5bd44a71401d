"""What an operator reads meanwhile: one line that changes on a terminal, some lines in a log."""

import time
from collections.abc import Callable
from typing import Any

TERMINAL_SECONDS, LOG_SECONDS = 0.2, 10.0
WIDTH = 79

Say = Callable[[str, int], None]  # what is done, and how many by now


def unsaid(what: str, count: int) -> None:
    """A Say that nobody hears."""


class Progress:
    """`begin` a stretch of so many steps, `step` through it, `end` it."""

    def __init__(self, out: Any, ticks: Callable[[], float] = time.monotonic) -> None:
        """`out`: a stream of a command. `ticks`: seconds that do not jump."""
        self._out, self._ticks = out, ticks
        self._terminal: bool = out.isatty()
        self._every = TERMINAL_SECONDS if self._terminal else LOG_SECONDS
        self.begin("", 0)

    def begin(self, what: str, steps: int) -> None:
        self._what, self._steps, self._done, self._rows = what, steps, 0, 0
        self._begun = self._told = self._ticks()

    def step(self, rows: int = 0) -> None:
        """`rows`: messages that came with it."""
        self._done += 1
        self._rows += rows
        now = self._ticks()
        if now - self._told >= self._every:
            self._told = now
            self._tell(f"{self._line()}, {_duration(self._left(now))} left", "\r")

    def so_far(self, what: str, count: int) -> None:
        """Of something whose end nobody knows before it is there."""
        now = self._ticks()
        if now - self._told >= self._every:
            self._told = now
            self._tell(f"{what}: {count:,}", "\r")

    def end(self) -> None:
        self._tell(self._line(), "\n")

    def say(self, line: str) -> None:
        self._tell(line, "\n")

    def _line(self) -> str:
        rows = f", {self._rows:,} messages" if self._rows else ""
        return f"{self._what}: {self._done:,} of {self._steps:,}{rows}"

    def _left(self, now: float) -> float:
        left = max(0, self._steps - self._done)  # more may come than were counted
        return (now - self._begun) / self._done * left

    def _tell(self, line: str, ending: str) -> None:
        if self._terminal:
            self._out.write(line.ljust(WIDTH), ending=ending)
        else:
            self._out.write(line)
        self._out.flush()


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
