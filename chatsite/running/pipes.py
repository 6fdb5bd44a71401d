"""The standard streams of a command, where who read them has gone, or never was there."""

import io
import os
import sys
from typing import Any

NOBODY_READS = 141  # what shells say of a program that SIGPIPE ended
STANDARD = (0, 1, 2)


class ReaderGone(KeyboardInterrupt):
    """Nobody reads what a command says. It ends as with Ctrl-C: no handler of errors takes it for
    a disk or a service that failed."""


class Written(io.FileIO):
    """One end of a pipe, or a file, that a command writes to."""

    def write(self, data: Any, /) -> int:
        """Raises ReaderGone."""
        try:
            return super().write(data)
        except BrokenPipeError as error:
            raise ReaderGone from error


def stream(descriptor: int, like: Any) -> io.TextIOWrapper:
    """Text to `descriptor`, encoded as `like` has it. `descriptor` stays open."""
    return io.TextIOWrapper(
        io.BufferedWriter(Written(descriptor, "w", closefd=False)),
        encoding=like.encoding, errors=like.errors, line_buffering=like.line_buffering,
    )  # fmt: skip


def watch() -> None:
    """From here on both streams raise ReaderGone. SIGPIPE itself would also end a command whose
    Redis went away."""
    sys.stdout, sys.stderr = stream(1, sys.stdout), stream(2, sys.stderr)


def fill() -> bool:
    """Put /dev/null where a standard stream is closed, or the next file that is opened, say a
    database, gets what is printed. Returns whether the output was open."""
    closed = {number for number in STANDARD if not _is_open(number)}
    for _ in closed:  # each gets the lowest number that is free
        os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)
    if sys.stdout is None:
        sys.stdout = _to(1)
    if sys.stderr is None:
        sys.stderr = _to(2)
    return 1 not in closed


def let_go() -> None:
    """What a stream cannot write any more goes nowhere, and says nothing when Python ends."""
    for descriptor, kept in ((1, sys.stdout), (2, sys.stderr)):
        try:
            kept.flush()
        except (OSError, ReaderGone):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, descriptor)
            os.close(nowhere)


def _to(descriptor: int) -> io.TextIOWrapper:
    return open(descriptor, "w", encoding="utf-8", closefd=False)


def _is_open(descriptor: int) -> bool:
    try:
        os.fstat(descriptor)
    except OSError:
        return False
    return True
