"""One TCP connection. Large pieces go in and out of it without Twisted's own buffers: in, to where
they belong, and out, as much as the socket takes at once. Most of what a part of a file costs is
copies of its bytes and turns of the loop.
"""

import fcntl
import sys
import termios
from typing import Any

from twisted.internet.main import CONNECTION_DONE, CONNECTION_LOST
from twisted.internet.tcp import Server

LARGE = 64 * 1024  # bytes; with less, what waits for its turn goes out together


class Line(Server):  # type: ignore[misc]
    SEND_LIMIT = 1024 * 1024  # twisted's: bytes that the socket is offered at once
    room: memoryview | None = None  # for the bytes that come next, where their place is known

    def doRead(self) -> Any:  # noqa: N802 -- twisted's
        if self.room is None:
            return super().doRead()
        try:
            count = self.socket.recv_into(self.room)
        except BlockingIOError:
            return None
        except OSError:
            return CONNECTION_LOST
        if not count:
            return CONNECTION_DONE
        self.room = self.room[count:] if count < len(self.room) else None
        return self.protocol.filled(count)

    def write(self, data: bytes) -> None:
        """What the socket takes at once need not wait for the reactor, which would start to watch
        the socket, hear that it is ready, and stop; and who answers a request would wait for it."""
        waits = self.dataBuffer or self._tempDataBuffer
        if len(data) >= LARGE and not waits and self.connected and not self.disconnecting:
            taken = self.writeSomeData(data)
            if isinstance(taken, int):  # else the connection is gone, which the write below finds
                data = data[taken:]
        if data:
            super().write(data)

    def on_its_way(self) -> int:
        """Bytes that the system took, and the other end has not confirmed. Their number falls as a
        slow reader reads, while the system takes more by the megabyte, once a third of its own
        buffer is free. 0 where that is not told."""
        try:
            told = fcntl.ioctl(self.socket.fileno(), termios.TIOCOUTQ, bytes(4))
        except OSError:
            return 0
        return int.from_bytes(told, sys.byteorder)
