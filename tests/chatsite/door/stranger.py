"""A stranger at the door: plain sockets that do what no browser does."""

import asyncio
import contextlib
import os
import socket
import struct
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from testkit.running import Site

SECONDS = 30.0  # until the site has done what it does at once
KEY = "dGhlIHNhbXBsZSBub25jZQ=="
BIND_ADDRESS_NO_PORT = 24  # ip(7): the port is chosen by connect, so that there is one each time


def dial(site: Site, receive_buffer: int | None = None) -> socket.socket:
    link = _from(site)
    if receive_buffer is not None:
        link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    link.settimeout(SECONDS)
    link.connect(("127.0.0.1", site.port))
    return link


async def opened(site: Site) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    link = _from(site)
    link.setblocking(False)
    try:
        await asyncio.get_running_loop().sock_connect(link, ("127.0.0.1", site.port))
    except OSError:
        link.close()
        raise
    return await asyncio.open_connection(sock=link)


def _from(site: Site) -> socket.socket:
    link = socket.socket()
    if site.source != "127.0.0.1":
        link.setsockopt(socket.IPPROTO_IP, BIND_ADDRESS_NO_PORT, 1)
        link.bind((site.source, 0))
    return link


def reset(link: socket.socket) -> None:
    """Close without a word: what was not read yet is refused."""
    link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    link.close()


def request(site: Site, path: str = "/help", *headers: str, method: str = "GET") -> bytes:
    lines = [f"{method} {path} HTTP/1.1", f"Host: localhost:{site.port}", *headers]
    return "\r\n".join([*lines, "", ""]).encode("latin1")


def upgrade(site: Site, path: str = "/live", *headers: str, origin: str | None = None) -> bytes:
    return request(
        site, path, "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13",
        f"Sec-WebSocket-Key: {KEY}", f"Origin: {origin or site.url}", *headers,
    )  # fmt: skip


def frame(opcode: int, payload: bytes = b"", *, final: bool = True) -> bytes:
    """One masked frame of a client."""
    first, mask = (0x80 if final else 0) | opcode, b"\x00" * 4
    if len(payload) < 126:
        return bytes([first, 0x80 | len(payload)]) + mask + payload
    return bytes([first, 0x80 | 126]) + struct.pack(">H", len(payload)) + mask + payload


def read_head(link: socket.socket) -> bytes:
    came = b""
    while b"\r\n\r\n" not in came:
        more = link.recv(1)
        if not more:
            break
        came += more
    return came


def read_all(link: socket.socket) -> bytes:
    """Until the site closes; with a reset, if it left something unread."""
    came = b""
    with contextlib.suppress(ConnectionResetError):
        while more := link.recv(65_536):
            came += more
    return came


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


def ask(site: Site, data: bytes) -> bytes:
    """The whole answer to one request; the site closes after it."""
    with dial(site) as link:
        link.sendall(data.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n", 1))
        return read_all(link)


def descriptors(site: Site) -> int:
    assert site.process is not None
    return sum(1 for _ in Path(f"/proc/{site.process.pid}/fd").iterdir())


def sockets(site: Site) -> int:
    """Connections to the site that its process holds, the listening one included. Those to its
    database are its own affair: a thread opens one when it first works."""
    assert site.process is not None
    proc = Path(f"/proc/{site.process.pid}")
    table = "".join((proc / "net" / name).read_text() for name in ("tcp", "tcp6"))
    rows = [line.split() for line in table.splitlines()]
    inodes = {row[9] for row in rows if row[1].endswith(f":{site.port:04X}")}
    found = 0
    for link in (proc / "fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # closed meanwhile
            found += str(link.readlink()).removeprefix("socket:").strip("[]") in inodes
    return found


def memory(site: Site) -> int:
    """Bytes in use."""
    assert site.process is not None
    statm = Path(f"/proc/{site.process.pid}/statm").read_text()
    return int(statm.split()[1]) * os.sysconf("SC_PAGE_SIZE")


def eventually(site: Site, holds: Callable[[], Any], seconds: float = SECONDS) -> bool:
    """Whether it comes to hold while the site answers somebody else."""
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            return False
        assert status(ask(site, request(site))) == 200
    return True
