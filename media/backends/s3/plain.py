"""GET of parts from a server without TLS, over sockets of our own.

A client for HTTP reads a body through buffers of its own: copies and turns of the loop, which were
most of what a part cost. Here most of it is told as Waiting, and the system hands it on (ADR 68).
"""

import asyncio
import fcntl
import re
import socket
import sys
import termios
import time
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus

from yarl import URL

from media.backends.s3 import answers
from media.backends.s3.answers import Body
from media.stores import Part, StoreAway, Waiting

READ = 4096  # bytes that are read at a time, until the head is there
HEAD_MAX = 16 * 1024  # bytes
KEPT = 32  # connections that wait for their next part, at most
KEPT_SECONDS = 15.0  # what lies on the way may forget one that is idle, and tells nobody so
STATUS = re.compile(rb"HTTP/1\.1 (\d{3})[ \r]")
CODED = re.compile(rb"\r\ntransfer-encoding:", re.IGNORECASE)  # then no length counts
LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(\d{1,15})[ \t]*\r\n", re.IGNORECASE)
CLOSE = re.compile(rb"\r\nconnection:[ \t]*close[ \t]*\r\n", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Head:
    status: int
    size: int | None  # bytes of the body, where the server says it
    stays: bool  # the connection, for a next request
    begun: bytes  # the body, what came with the head


class Plain:
    def __init__(self) -> None:
        self._idle: deque[tuple[socket.socket, float]] = deque()  # since when, monotonic

    @asynccontextmanager
    async def get(self, url: URL) -> AsyncIterator[Part]:
        """Raises Missing, StoreAway. What the body of the `async with` raises goes through."""
        with answers.told():
            async with asyncio.timeout(answers.ANSWER_SECONDS):
                line, head = await self._ask(url)
        body = None
        try:
            body = Body(head.size)
            yield Part(body.size, _pieces(line, head.begun, body))
        finally:
            if body and not body.left and head.stays and len(self._idle) < KEPT:
                self._idle.append((line, time.monotonic()))
            else:
                line.close()

    def close(self) -> None:
        while self._idle:
            self._idle.pop()[0].close()

    async def _ask(self, url: URL) -> tuple[socket.socket, Head]:
        """A connection that waited may have been ended by the server: then by another."""
        while True:
            kept = self._kept()
            line = kept or await _connected(url)
            try:
                return line, await _asked(line, url)
            except OSError:
                line.close()
                if not kept:
                    raise
            except BaseException:
                line.close()
                raise

    def _kept(self) -> socket.socket | None:
        while self._idle:
            line, since = self._idle.pop()
            if time.monotonic() - since < KEPT_SECONDS:
                return line
            line.close()
        return None


async def _connected(url: URL) -> socket.socket:
    """To the first address that answers; each has its share of the time. Raises OSError."""
    loop, failed = asyncio.get_running_loop(), OSError("no address")
    async with asyncio.timeout(answers.CONNECT_SECONDS):
        found = await loop.getaddrinfo(url.host, url.port, type=socket.SOCK_STREAM)
    for *kind, _, address in found:
        line = None
        try:
            line = socket.socket(*kind)
            line.setblocking(False)
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            async with asyncio.timeout(answers.CONNECT_SECONDS / len(found)):
                await loop.sock_connect(line, address)
            return line
        except BaseException as error:
            if line:
                line.close()
            if not isinstance(error, OSError):
                raise
            failed = error
    raise failed


async def _asked(line: socket.socket, url: URL) -> Head:
    """The head of the answer. Raises Missing, StoreAway, OSError."""
    if _waiting(line):
        raise ConnectionError("the server said something that nobody asked for")
    loop, end = asyncio.get_running_loop(), -1
    asked = f"GET {url.raw_path_qs} HTTP/1.1\r\nHost: {url.host_port_subcomponent}\r\n\r\n"
    await loop.sock_sendall(line, asked.encode())
    come = b""
    while end < 0:
        if len(come) > HEAD_MAX:
            raise StoreAway(f"the head of the S3 server's answer is above {HEAD_MAX} bytes")
        come += await _read(line)
        end = come.find(b"\r\n\r\n")
    status = STATUS.match(come)
    size = None if CODED.search(come, 0, end + 2) else LENGTH.search(come, 0, end + 2)
    if status is None:
        raise StoreAway("the S3 server does not speak HTTP/1.1")
    length, begun = int(size[1]) if size else None, come[end + 4 :]
    stays = length is not None and len(begun) <= length and not CLOSE.search(come, 0, end + 2)
    head = Head(int(status[1]), length, stays, begun)
    if head.status != HTTPStatus.OK:
        answers.refuse(head.status, await _said(line, head))
    return head


async def _said(line: socket.socket, head: Head) -> bytes:
    """The beginning of what the server says of an error."""
    said, wanted = head.begun, 1 if head.size is None else min(head.size, answers.ERROR_MAX)
    while len(said) < wanted:
        said += await _read(line)
    return said


async def _read(line: socket.socket) -> bytes:
    """Some bytes. Raises OSError, also at the end."""
    some = await asyncio.get_running_loop().sock_recv(line, READ)
    if not some:
        raise ConnectionResetError
    return some


async def _pieces(line: socket.socket, begun: bytes, body: Body) -> AsyncIterator[bytes | Waiting]:
    """Each is counted once its reader has it: a line with bytes of one part is not used again."""
    if begun:
        yield begun[: body.left]
        body.come(min(len(begun), body.left))
    while body.left:
        count = _waiting(line)
        if not count:
            async with body.awaited():
                await _readable(line)
            count = _waiting(line)
        if count:
            yield Waiting(line, min(count, body.left))
        body.come(min(count, body.left))


async def _readable(line: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    there = loop.create_future()

    def tell() -> None:
        if not there.done():
            there.set_result(None)

    loop.add_reader(line, tell)
    try:
        await there
    finally:
        loop.remove_reader(line)


def _waiting(line: socket.socket) -> int:
    """Bytes that came and were not read. Raises OSError."""
    told = fcntl.ioctl(line.fileno(), termios.FIONREAD, bytes(4))
    return int.from_bytes(told, sys.byteorder)
