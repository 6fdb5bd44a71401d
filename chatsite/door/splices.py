"""Bytes that go from one socket to another in the system, by splice(2): this process moves none."""

import contextlib
import fcntl
import os
from socket import socket

PIPE_BYTES = 256 * 1024  # of a pipe; with more the three sides wait longer for each other (ADR 68)
EMPTY_MAX = 16  # pipes that wait for their next bytes: to make one costs as much as to use it
_empty: list[tuple[int, int]] = []
FLAGS = os.SPLICE_F_NONBLOCK | os.SPLICE_F_MOVE


class Splice:
    """The next `count` bytes of `source`, where they wait already, on their way to `target`: both
    do not block. Each is asked for its number at each step: the system gives the number of one that
    has ended to the connection of somebody else."""

    def __init__(self, source: socket, target: socket, count: int) -> None:
        """Raises OSError."""
        self._source, self._target, self._count = source, target, count
        self._inside = 0  # bytes of the pipe
        self._pipe = self._out, self._in = _empty.pop() if _empty else _made()

    @property
    def left(self) -> int:
        """Bytes that `target` has not taken."""
        return self._count + self._inside

    def go(self) -> None:
        """Moves what `target` takes now. Raises OSError of `target`; EOFError where `source` has
        not as many bytes as was said."""
        while self.left:
            self._fill()
            more = os.SPLICE_F_MORE if self._count else 0
            target = self._target.fileno()  # -1, which is refused, once it is closed
            try:
                self._inside -= os.splice(self._out, target, self._inside, flags=FLAGS | more)
            except BlockingIOError:
                return

    def _fill(self) -> None:
        if not self._count:
            return
        try:
            moved = os.splice(self._source.fileno(), self._in, self._count, flags=FLAGS)
        except OSError:  # the pipe is full, or nothing is there
            moved = 0
        self._count -= moved
        self._inside += moved
        if not self._inside:
            raise EOFError("fewer bytes wait there than was said")

    def close(self) -> None:
        if self._inside or len(_empty) == EMPTY_MAX:
            os.close(self._in)
            os.close(self._out)
        else:
            _empty.append(self._pipe)


def _made() -> tuple[int, int]:
    out, into = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    with contextlib.suppress(OSError):  # a user may have so many pages of pipes: it is smaller
        fcntl.fcntl(into, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
    return out, into
