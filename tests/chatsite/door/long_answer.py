"""`python -m tests.chatsite.door.long_answer [spliced]`: an application gives 64 pieces of a
megabyte to somebody who does not read, then does; and to somebody who resets. `spliced`: from a
socket.

Prints as JSON the pieces given while nobody read, the bytes held then, the pieces that came, and
whether the application of the reset ended before its time.
"""

import asyncio
import json
import os
import socket
import sys
from typing import Any

import django

from chatsite.edge.extensions import SPLICE
from tests.chatsite.door.stranger import reset

PIECE, PIECES = 1024 * 1024, 64


async def main(server: Any, given: list[int], ended: list[bool]) -> None:
    loop = asyncio.get_running_loop()

    async def asked() -> socket.socket:
        while not server.listening_addresses:  # noqa: ASYNC110 -- nobody tells
            await asyncio.sleep(0)
        link = socket.socket()
        link.setblocking(False)
        await loop.sock_connect(link, server.listening_addresses[0])
        await loop.sock_sendall(link, b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        return link

    async def stands() -> Any:
        """The channel, once nothing moves any more."""
        seen, still = -1, 0
        while still < 200:
            await asyncio.sleep(0.001)
            still = still + 1 if given[0] == seen and given[0] else 0
            seen = given[0]
        return next(iter(server.door.channels))

    link = await asked()
    channel = await stands()
    unread, held, came = given[0], channel._pending(), 0
    while more := await loop.sock_recv(link, PIECE):
        came += more.count(b"x")
    link.close()
    given[0] = 0
    link = await asked()
    await stands()
    reset(link)
    while len(ended) < 2:  # noqa: ASYNC110 -- nobody tells
        await asyncio.sleep(0.001)
    print(json.dumps([unread, held, came // PIECE, given[0] < PIECES]), flush=True)  # noqa: T201
    server.stop()


async def _written(send: Any) -> None:
    await send({"type": "http.response.body", "body": b"x" * PIECE, "more_body": True})


async def _spliced(send: Any) -> None:
    here, there = socket.socketpair()
    with here, there:
        there.setblocking(False)
        left = PIECE
        while left:
            count = there.send(b"x" * left)
            await send({"type": SPLICE, "source": here, "count": count})
            left -= count


def run() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chatsite.settings")
    django.setup()
    from chatsite.door import reactor

    reactor.install()
    from twisted.internet import reactor as running

    from chatsite.server import ChatServer

    given, ended = [0], []

    give = _spliced if "spliced" in sys.argv else _written

    async def application(scope: Any, receive: Any, send: Any) -> None:
        length = (b"Content-Length", str(PIECES * PIECE).encode())
        try:
            await send({"type": "http.response.start", "status": 200, "headers": [length]})
            for _ in range(PIECES):
                await give(send)
                given[0] += 1
            await send({"type": "http.response.body", "body": b""})
        finally:
            ended.append(True)

    server = ChatServer(application, "127.0.0.1", 0, "a-node")
    running.callWhenRunning(lambda: asyncio.ensure_future(main(server, given, ended)))  # type: ignore[attr-defined]
    server.run()


if __name__ == "__main__":
    run()
