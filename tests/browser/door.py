"""A proxy of the kind that lets no WebSocket pass: it answers the upgrade itself."""

import contextlib
import socket
import threading

CHUNK = 64 * 1024
UPGRADE = b"upgrade: websocket"
NO = b"HTTP/1.1 501 Not Implemented\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class Door:
    """`url` is what people see of the site behind it. `passing` may change at any time; what is
    open stays open."""

    def __init__(self) -> None:
        self.passing = False
        self.refused = self.passed = 0  # WebSockets
        self.upstream = 0  # port of the site, once it is known
        self._server = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://localhost:{self._server.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._server.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):  # closed
            while True:
                client, _ = self._server.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, contextlib.suppress(OSError), self._behind() as site:
            back = threading.Thread(target=_pump, args=(site, client), daemon=True)
            back.start()
            while data := client.recv(CHUNK):
                if UPGRADE in data.lower():
                    if not self.passing:
                        self.refused += 1
                        return client.sendall(NO)
                    self.passed += 1
                site.sendall(data)

    def _behind(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.upstream))


def _pump(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(CHUNK):
            target.sendall(data)
    for end in (source, target):
        with contextlib.suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
