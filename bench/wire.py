"""A WebSocket client that costs little, so that the server is what is measured (RFC 6455).

Client frames must be masked; a mask of zeros is one, and leaves the bytes as they are.
"""

import asyncio
import base64
import secrets
import struct
from collections.abc import Callable

TEXT, CLOSE, PING, PONG = 1, 8, 9, 10
NO_MASK = bytes(4)
OnText = Callable[["Wire", bytes], None]
HANDSHAKE = (
    "GET {path} HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}\r\nUpgrade: websocket\r\n"
    "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n"
)


class Wire(asyncio.Protocol):
    """Calls `on_text` with itself and the bytes of each text frame."""

    def __init__(self, host: str, path: str, on_text: OnText) -> None:
        self.opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.closed: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self.on_text = on_text
        self._request = HANDSHAKE.format(
            path=path, host=host, key=base64.b64encode(secrets.token_bytes(16)).decode()
        )
        self._buffer = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(self._request.encode())

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self.opened.done():
            head, found, rest = self._buffer.partition(b"\r\n\r\n")
            if not found:
                return
            if b" 101 " not in head.split(b"\r\n")[0]:
                self.opened.set_exception(ConnectionError(head.decode(errors="replace")))
                return
            self._buffer = rest
            self.opened.set_result(None)
        while self._next_frame():
            pass

    def connection_lost(self, error: Exception | None) -> None:
        for waiting in (self.opened, self.closed):
            if not waiting.done():
                waiting.set_exception(ConnectionError("the server hung up"))
                waiting.exception()  # nobody needs to ask

    def send(self, text: bytes) -> None:
        assert self._transport
        self._transport.write(_frame(TEXT, text))

    def close(self) -> None:
        if self._transport is not None:
            self._transport.write(_frame(CLOSE, struct.pack(">H", 1000)))
            self._transport.close()

    def _next_frame(self) -> bool:
        buffer = self._buffer
        if len(buffer) < 2:
            return False
        size, start = buffer[1], 2
        if size == 126:
            start, size = 4, int.from_bytes(buffer[2:4])
        elif size == 127:
            start, size = 10, int.from_bytes(buffer[2:10])
        if len(buffer) < start + size:
            return False
        self._buffer = buffer[start + size :]
        self._take(buffer[0] & 15, buffer[start : start + size])
        return True

    def _take(self, opcode: int, payload: bytes) -> None:
        assert self._transport
        if opcode == TEXT:
            self.on_text(self, payload)
        elif opcode == PING:
            self._transport.write(_frame(PONG, payload))
        elif opcode == CLOSE and not self.closed.done():
            self.closed.set_result(int.from_bytes(payload[:2]))
            self.close()


def _frame(opcode: int, payload: bytes) -> bytes:
    size = len(payload)
    if size < 126:
        return struct.pack(">BB", 128 | opcode, 128 | size) + NO_MASK + payload
    if size < 65536:
        return struct.pack(">BBH", 128 | opcode, 128 | 126, size) + NO_MASK + payload
    return struct.pack(">BBQ", 128 | opcode, 128 | 127, size) + NO_MASK + payload


async def dial(port: int, host: str, path: str, on_text: OnText) -> Wire:
    loop = asyncio.get_running_loop()
    _, wire = await loop.create_connection(lambda: Wire(host, path, on_text), "127.0.0.1", port)
    await wire.opened
    return wire
