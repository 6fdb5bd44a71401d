"""A proxy between the browsers and the site, and what such a thing does to people.

It may answer the upgrade itself, so that no WebSocket passes; it may forget a connection without a
word to either end (half-open), as a router does that has lost its table.
"""

import contextlib
import socket
import struct
import threading

from testkit.running import Site
from tests.browser.engine import new_site

CHUNK = 64 * 1024
UPGRADE = b"upgrade: websocket"
NO = b"HTTP/1.1 501 Not Implemented\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class Door:
    """`url` is what people see of the site behind it. `passing` may change at any time; what is
    open stays open."""

    def __init__(self, *, passing: bool) -> None:
        self.passing = passing
        self.refused = self.passed = 0  # WebSockets
        self.upstream = 0  # port of the site, once it is known
        self.cut_after = 0  # bytes that browsers send on one connection; 0: as many as they like
        self.cut = 0  # connections
        self._lines: set[_Line] = set()
        self._server = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://localhost:{self._server.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def forget(self) -> None:
        """Nothing moves on what is open now, and nobody is told. New connections are served."""
        for line in tuple(self._lines):
            line.forgotten = True

    def close(self) -> None:
        self._server.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):  # closed
            while True:
                client, _ = self._server.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        line = _Line()
        self._lines.add(line)
        with client, contextlib.suppress(OSError), self._behind() as site:
            back = threading.Thread(target=line.pump, args=(site, client), daemon=True)
            back.start()
            sent = 0
            while data := client.recv(CHUNK):
                sent += len(data)
                if self.cut_after and sent > self.cut_after:
                    self.cut += 1
                    reset(client)
                    break
                if UPGRADE in data.lower():
                    if not self.passing:
                        self.refused += 1
                        return client.sendall(NO)
                    self.passed += 1
                line.send(site, data)
        self._lines.discard(line)

    def _behind(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.upstream))


def reset(end: socket.socket) -> None:
    """RST, not FIN: what is on its way is lost."""
    end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


class _Line:
    forgotten = False

    def send(self, target: socket.socket, data: bytes) -> None:
        if not self.forgotten:
            target.sendall(data)

    def pump(self, source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(CHUNK):
                self.send(target, data)
        if self.forgotten:
            return
        for end in (source, target):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


def site_behind(door: Door) -> Site:
    site = new_site({"SITE_URL": door.url})
    door.upstream = site.port
    return site.start()
