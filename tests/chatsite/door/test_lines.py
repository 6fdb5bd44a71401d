"""Large pieces pass a line without Twisted's buffers: whole, in order, and never into the next."""

import secrets
import socket
from collections.abc import Iterator
from typing import Any

import pytest
from twisted.internet.address import IPv4Address

from chatsite.door.bodies import SHARE
from chatsite.door.channel import Channel, Stage
from chatsite.door.lines import LARGE, Line
from chatsite.door.places import Places
from chatsite.door.refusals import TOO_SLOW
from tests.chatsite.door.test_pace import Door, head_of_part

SIZE = 1024 * 1024  # of the part


class Reactor:
    """Remembers who waits until they may write."""

    def __init__(self) -> None:
        self.writers: list[Any] = []

    def addReader(self, reader: Any) -> None:  # noqa: N802 -- twisted's name
        pass

    def removeReader(self, reader: Any) -> None:  # noqa: N802
        pass

    def addWriter(self, writer: Any) -> None:  # noqa: N802
        self.writers.append(writer)

    def removeWriter(self, writer: Any) -> None:  # noqa: N802
        self.writers.clear()


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    """Ours and theirs."""
    ours, theirs = socket.socketpair()
    theirs.settimeout(30)
    yield ours, theirs
    ours.close()
    theirs.close()


@pytest.fixture
def line(ends: tuple[socket.socket, socket.socket]) -> Line:
    place = Places(10).take("192.0.2.1")
    assert place is not None
    channel = Channel(Door(), place)  # type: ignore[arg-type]
    peer = IPv4Address("TCP", "192.0.2.1", 1)
    line = Line(ends[0], channel, (peer.host, peer.port), None, 1, Reactor())
    line.getHost = lambda: peer  # the pair of sockets has no address
    channel.makeConnection(line)
    return line


def test_a_part_comes_to_its_place_however_it_is_cut(
    ends: tuple[socket.socket, socket.socket], line: Line, settings: Any
) -> None:
    _, theirs = ends
    channel, sent = line.protocol, secrets.token_bytes(SIZE)
    theirs.sendall(head_of_part(settings, bytes(16), SIZE) + sent[:5])
    line.doRead()
    request, at = channel.requests[-1], 5
    for step in (1, 70_000, 100_000, SIZE - 1 - 170_006):
        end, at = at + step, at
        while at < end:
            at += theirs.send(sent[at : min(end, at + 50_000)])
            while request.content.tell() < at:
                line.doRead()
    assert channel.stage is Stage.BODY, "its last byte is still to come"
    assert line.room is None
    assert request.content.getvalue()[: SIZE - 1] == sent[: SIZE - 1]
    assert channel._transferDecoder.contentLength == 1


def test_a_part_that_is_refused_half_way_is_held_no_longer(
    ends: tuple[socket.socket, socket.socket], line: Line, settings: Any
) -> None:
    _, theirs = ends
    theirs.sendall(head_of_part(settings, bytes(16), SIZE) + bytes(100))
    line.doRead()
    share = line.protocol.door.budget_of_parts.of(bytes(16))
    assert (line.room is not None, share.left) == (True, SHARE - SIZE)
    line.protocol.refuse(TOO_SLOW)
    assert (line.room, share.left) == (None, SHARE)


async def test_what_the_socket_does_not_take_waits_and_comes_after_it(
    ends: tuple[socket.socket, socket.socket], line: Line
) -> None:
    _, theirs = ends
    sent = [secrets.token_bytes(size) for size in (LARGE, 3_000_000, 10, LARGE, 10)]
    for piece in sent:
        line.write(piece)
    assert line.reactor.writers, "not all at once"
    come = b""
    while len(come) < sum(map(len, sent)):
        if line.reactor.writers:
            line.doWrite()
        come += theirs.recv(1_000_000)
    assert come == b"".join(sent)


async def test_a_line_knows_what_its_other_end_has_not_yet(
    ends: tuple[socket.socket, socket.socket], line: Line
) -> None:
    _, theirs = ends
    assert line.on_its_way() == 0
    line.write(bytes(LARGE))
    assert line.on_its_way() >= LARGE
    left = LARGE
    while left:
        left -= len(theirs.recv(left))
    assert line.on_its_way() == 0
