"""One TCP connection. Large pieces go in and out of it without Twisted's own buffers: in, to where
they belong, and out, as much as the socket takes at once. Most of what a part of a file costs is
copies of its bytes and turns of the loop.
"""

import asyncio
import fcntl
import sys
import termios
from socket import socket
from typing import Any

from twisted.internet.main import CONNECTION_DONE, CONNECTION_LOST
from twisted.internet.tcp import Server

from chatsite.door.splices import Splice

LARGE = 64 * 1024  # bytes; with less, what waits for its turn goes out together


class Line(Server):  # type: ignore[misc]
    SEND_LIMIT = 1024 * 1024  # twisted's: bytes that the socket is offered at once
    splicing: Splice | None = None  # what goes from another socket into this one
    _writable: "asyncio.Future[None]"  # while it does
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
        if len(data) >= LARGE and not self._waits() and self.connected and not self.disconnecting:
            taken = self.writeSomeData(data)
            if isinstance(taken, int):  # else the connection is gone, which the write below finds
                data = data[taken:]
        if data:
            super().write(data)

    async def splice(self, source: socket, count: int) -> None:
        """Gives what waits in `source`, after all that was written before. Ends when the system has
        taken it; the end of the connection cancels who waits for that. Raises EOFError, OSError."""
        self.splicing = Splice(source, self.socket, count)
        try:
            while not self._all_gone():
                self._writable = asyncio.get_running_loop().create_future()
                self.startWriting()
                await self._writable
        finally:
            self.splicing.close()
            self.splicing = None

    def _all_gone(self) -> bool:
        assert self.splicing is not None
        if self._waits():
            super().doWrite()
        if not self._waits():
            try:
                self.splicing.go()
            except OSError:  # of the client, whatever it is; who waits is cancelled
                self.abortConnection()
        return not self.splicing.left

    def doWrite(self) -> Any:  # noqa: N802 -- twisted's
        if self.splicing is None:
            return super().doWrite()
        self.stopWriting()
        if not self._writable.done():
            self._writable.set_result(None)
        return None

    def _waits(self) -> bool:
        return bool(self.dataBuffer or self._tempDataBuffer)

    def on_its_way(self) -> int:
        """Bytes that the system took, and the other end has not confirmed. Their number falls as a
        slow reader reads, while the system takes more by the megabyte, once a third of its own
        buffer is free. 0 where that is not told."""
        try:
            told = fcntl.ioctl(self.socket.fileno(), termios.TIOCOUTQ, bytes(4))
        except OSError:
            return 0
        return int.from_bytes(told, sys.byteorder)
