"""What one socket sends costs nobody else: frames are counted on the wire, and taken in turns."""

import struct
import subprocess
import sys
from socket import socket

import pytest

from chatsite.door.sockets import FRAGMENTS_MAX, WIRE_TIMES
from messaging.protocol import CLOSE_BAD_FRAME, CLOSE_RATE, FRAMES_BURST
from testkit.running import ROOT, Site
from tests.chatsite.door.stranger import (
    ask,
    dial,
    frame,
    read_all,
    read_head,
    request,
    status,
    upgrade,
)

TEXT, PING, PONG, MORE = 0x1, 0x9, 0xA, 0x0
CLOSED = b"\x88"
BURST = WIRE_TIMES * FRAMES_BURST


def opened(site: Site) -> socket:
    link = dial(site)
    link.sendall(upgrade(site))
    assert status(read_head(link)) == 101
    return link


def close_code(came: bytes) -> int:
    """Of the close frame at the end."""
    at = came.rindex(CLOSED)
    return int(struct.unpack(">H", came[at + 2 : at + 4])[0])


def pongs(came: bytes) -> int:
    return came.count(b"\x8a\x00")


def test_pings_within_the_rate_are_answered(site: Site) -> None:
    with opened(site) as link:
        link.sendall(frame(PING) * (BURST // 2) + frame(8, struct.pack(">H", 1000)))
        came = read_all(link)
    assert pongs(came) == BURST // 2
    assert close_code(came) == 1000


@pytest.mark.parametrize(
    "flood",
    [frame(PING), frame(PONG), frame(PING, b"x" * 125)],
    ids=["pings", "pongs", "long pings"],
)
def test_a_flood_before_hello_is_sent_away(site: Site, flood: bytes) -> None:
    with opened(site) as link:
        link.sendall(flood * (3 * BURST))
        came = read_all(link)
    assert close_code(came) == CLOSE_RATE
    assert status(ask(site, request(site))) == 200


def test_a_message_has_a_bounded_number_of_fragments(site: Site) -> None:
    allowed = frame(TEXT, b"{", final=False) + frame(MORE, final=False) * (FRAGMENTS_MAX - 1)
    with opened(site) as link:
        link.sendall(allowed + frame(PING))
        came = b""
        while not pongs(came):
            came += link.recv(65_536)
    with opened(site) as link:
        link.sendall(allowed + frame(MORE, final=False) + frame(PING))
        came = read_all(link)
    assert close_code(came) == CLOSE_BAD_FRAME
    assert not pongs(came)


def test_the_loop_has_its_turn_between_the_frames_of_one_packet() -> None:
    """In a process of its own: a socket there is fed thousands of frames at once."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "tests.chatsite.door.many_frames"],
        cwd=ROOT, check=True, capture_output=True, text=True,
    )  # fmt: skip
    frames, in_order, most_in_a_turn, read_meanwhile, read_after = done.stdout.split()
    assert (frames, in_order) == ("3000", "True")
    assert 1 <= int(most_in_a_turn) <= 16
    assert (read_meanwhile, read_after) == ("False", "True")
