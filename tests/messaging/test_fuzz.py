"""Whatever a client sends, the node goes on: bad frames end their own socket at most."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from messaging import protocol
from messaging.sessions.node import here
from messaging.sessions.rates import Rates
from testkit.cast import Person
from tests.messaging.socket import Closed, Socket, arrived
from tests.messaging.test_protocol import VECTORS

FRAMES = 400
TEXTS = [vector["text"] for vector in VECTORS if vector["from"] == "client"]
# What a client deserves, and never an error of our own.
DESERVED = {protocol.CLOSE_BAD_FRAME}


async def test_frames_that_were_tampered_with_leave_the_node_alive(
    mallory: Person, alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(here(), "rates", Rates(1_000_000))  # or most of them would not be read
    at_alice = await arrived(alice)
    dice = random.Random(2)
    socket = await arrived(mallory)
    for _ in range(FRAMES):
        socket.send_text(_tampered(dice, dice.choice(TEXTS)))
        code = await _code_after(socket)
        assert code in {None, *DESERVED}
        if code is not None:
            socket = await arrived(mallory)
    assert await at_alice.silence() == []


async def test_frames_before_hello_leave_the_node_alive(mallory: Person) -> None:
    dice = random.Random(3)
    for text in dice.sample(TEXTS, 20):
        socket = await Socket().open()
        socket.send_text(_tampered(dice, text))
        assert await socket.closed() in {*DESERVED, protocol.CLOSE_SIGN_IN}
    await arrived(mallory)


@settings(max_examples=300)
@given(st.text() | st.binary())
def test_the_decoder_raises_nothing_but_value_errors(text: str | bytes) -> None:
    for parse in (protocol.parse, protocol.parse_server):
        try:
            parse(text)
        except ValueError:
            continue


async def _code_after(socket: Socket) -> int | None:
    """None: the socket is still open."""
    socket.send(protocol.Ping(ack=socket.read))
    try:
        await socket.next(protocol.Pong)
    except Closed as closed:
        return closed.code
    return None


def _tampered(dice: random.Random, text: str) -> str:
    letters = list(text)
    for _ in range(dice.randrange(4)):
        place = dice.randrange(len(letters) + 1)
        match dice.randrange(3):
            case 0:
                letters[place:place] = dice.choice(['"', "{", "\\", "é", "\0", "9", ",", "null"])
            case 1:
                del letters[place : place + dice.randrange(1, 5)]
            case 2:
                letters[place : place + 1] = dice.choice(letters or ["x"])
    return "".join(letters)
