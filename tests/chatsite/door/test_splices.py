"""Bytes that wait in a socket go out of a line in their place, and none is lost or taken twice."""

import asyncio
import secrets
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from chatsite.door import splices
from chatsite.door.lines import Line
from tests.chatsite.door.test_lines import ends, line

__all__ = ["ends", "line"]
SIZE = 150_000  # more than a pair of sockets holds beside what was written before
Ends = tuple[socket.socket, socket.socket]


@pytest.fixture
def source() -> Iterator[Ends]:
    """Where a part comes from, and who sends it."""
    here, there = socket.socketpair()
    there.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4 * SIZE)
    with here, there:
        here.setblocking(False)
        yield here, there


def descriptors() -> int:
    """Without those of pipes that wait for the next splice."""
    kept = 2 * len(splices._empty)
    return -kept + sum(1 for _ in Path("/proc/self/fd").iterdir())


async def test_what_waits_in_a_socket_comes_after_what_was_written_before(
    ends: Ends, line: Line, source: Ends
) -> None:
    (ours, theirs), (here, there), before = ends, source, descriptors()
    ours.setblocking(False)
    first, second, after = secrets.token_bytes(3_000_000), secrets.token_bytes(SIZE), b"next part"
    there.sendall(second + after)
    line.write(first)
    giving = asyncio.create_task(line.protocol.splice(here, SIZE))
    come, waited = b"", 0
    while len(come) < len(first) + SIZE:
        await asyncio.sleep(0)
        if not giving.done():
            assert line.protocol._pending() > 0, "the pace of the reader counts"
            waited += 1
        if line.reactor.writers:
            line.doWrite()
        come += theirs.recv(100_000)
    await giving
    assert waited > 10
    assert come == first + second
    assert line.protocol._pending() == 0
    assert here.recv(100) == after, "not a byte more was taken"
    line.write(b"the end")
    line.doWrite()
    assert theirs.recv(100) == b"the end"
    assert descriptors() == before


async def test_a_client_that_is_gone_ends_its_line(ends: Ends, line: Line, source: Ends) -> None:
    (ours, theirs), (here, there), before = ends, source, descriptors()
    ours.setblocking(False)
    there.sendall(bytes(SIZE))
    line.write(bytes(3_000_000))
    giving = asyncio.create_task(line.protocol.splice(here, SIZE))
    await asyncio.sleep(0)
    assert not giving.done()
    theirs.close()
    line.dataBuffer, line._tempDataBuffer, line._tempDataLen = b"", [], 0  # what it wrote is out
    line.doWrite()
    await asyncio.sleep(0)
    assert line._aborting
    giving.cancel()  # as the end of the connection does (BoundedServer.abandon)
    await asyncio.wait([giving])
    assert descriptors() == before - 1, "theirs"
    assert line.splicing is None


async def test_less_than_was_said_is_an_error(ends: Ends, line: Line, source: Ends) -> None:
    here, there = source
    there.sendall(b"12345")
    with pytest.raises(EOFError, match="fewer bytes"):
        await line.protocol.splice(here, 6)
    assert ends[1].recv(10) == b"12345"


async def test_a_client_that_no_network_reaches_ends_its_line(
    ends: Ends, line: Line, source: Ends
) -> None:
    """Here its socket is closed, which is an OSError and no ConnectionError either."""
    source[1].sendall(b"12345")
    ends[0].close()
    giving = asyncio.create_task(line.protocol.splice(source[0], 5))
    await asyncio.sleep(0)
    assert line._aborting
    giving.cancel()
    await asyncio.wait([giving])


@pytest.mark.parametrize("ended", ["source", "target"])
def test_nothing_goes_to_or_from_who_has_the_number_of_a_socket_that_ended(
    ends: Ends, source: Ends, ended: str
) -> None:
    source[1].sendall(b"12345")
    splice = splices.Splice(source[0], ends[0], 5)
    gone = {"source": source, "target": ends}[ended][0]
    number = gone.fileno()
    gone.close()
    stranger, told = socket.socketpair()
    with stranger, told:
        assert number in (stranger.fileno(), told.fileno())
        stranger.setblocking(False)
        told.setblocking(False)
        stranger.sendall(b"secret")
        told.sendall(b"secret")
        with pytest.raises((EOFError, OSError)):
            splice.go()
        splice.close()
        assert (stranger.recv(100), told.recv(100)) == (b"secret", b"secret")
