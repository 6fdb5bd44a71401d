"""`python -m tests.chatsite.narrow_line`: frames through a real Twisted line whose reader is slow.

Prints three things as JSON: the digest of what was sent, whether some of it had to wait, and the
digest of what arrived.
"""

import hashlib
import json
import os
import socket
from typing import Any

import django

FRAMES = [bytes([number]) * 30_000 for number in range(50)]


class Reactor:
    """Remembers who waits until they may write."""

    def __init__(self) -> None:
        self.writers: list[Any] = []

    def addWriter(self, writer: Any) -> None:  # noqa: N802 -- twisted's
        self.writers.append(writer)

    def removeWriter(self, writer: Any) -> None:  # noqa: N802
        self.writers.clear()


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chatsite.settings")
    django.setup()
    from twisted.internet.tcp import Connection

    from chatsite.door.sockets import Socket

    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    theirs.settimeout(10)
    protocol, reactor = Socket(), Reactor()
    line = protocol.transport = Connection(ours, protocol, reactor)
    line.connected = True
    protocol.state = protocol.STATE_OPEN
    for frame in FRAMES:
        protocol.sendData(frame)
    partly = bool(reactor.writers)
    came = b""
    while len(came) < sum(map(len, FRAMES)):
        came += theirs.recv(65_536)
        if reactor.writers:
            line.doWrite()
    print(json.dumps([digest(b"".join(FRAMES)), partly, digest(came)]))  # noqa: T201


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


if __name__ == "__main__":
    main()
