"""While a block lasts, the blocked side is told, byte for byte, what it is told of a peer who is
offline. Ids, keys and times differ by nature: each is replaced by the order of its coming."""

import json
import re
from typing import Any

import pytest

from chatsite.edge.wire import B32, Id
from messaging import connections, protocol, receipts
from messaging.domain import ContactState
from messaging.sessions.node import here
from testkit.cast import NOTHING_KNOWN, Person, connect, now_ms
from tests.messaging.conftest import Enrol
from tests.messaging.socket import Socket, arrived

pytestmark = pytest.mark.usefixtures("transport")  # WebSocket and long poll

SECRET = re.compile(r"[A-Za-z0-9+/]{21,}={0,2}")  # base64 of 16 bytes and more
TIME_MS = 10**12


class Ear:
    """Writes down what one person's sockets are told."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._names: dict[str, str] = {}

    async def settle(self, *sockets: Socket) -> None:
        """Whatever the server has to say by now, socket by socket."""
        for again in (False, True):
            for number, socket in enumerate(sockets):
                for frame in await socket.silence():
                    told = json.loads(protocol.encode(frame))
                    self.lines.append(f"{number} {json.dumps(self._plain(told))}")
            if not again:
                await here().marks.flush()
                await here().watching.tick()

    def _plain(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {key: self._plain(part) for key, part in value.items()}
        if isinstance(value, list):
            return [self._plain(part) for part in value]
        if isinstance(value, str) and SECRET.fullmatch(value):
            name = self._names.setdefault(value, f"#{len(self._names)}")
            return f"{name} of {len(value)}"
        return "time" if isinstance(value, int) and value > TIME_MS else value


async def day_of_alice(alice: Person, bob: Person, conv: bytes, ear: Ear, between: Any) -> None:
    """She writes, reads what the other wrote, looks whether they are there, and comes back."""
    desk, laptop = await arrived(alice), await arrived(alice, 1)
    await ear.settle(desk, laptop)
    desk.send(protocol.Watch(users=[Id(bob.uid)], focus=True))
    await ear.settle(desk, laptop)
    for kind in (1, 2, 1):
        desk.send(alice.message(conv, "are you there?", kind=kind))
        await ear.settle(desk, laptop)
        await between()
    desk.send(protocol.Got(conv=Id(conv), seq=2))
    desk.send(protocol.Read(conv=Id(conv), seq=2, ord=1))
    desk.send(protocol.Typing(conv=Id(conv)))
    await ear.settle(desk, laptop)
    await between()
    for frame in (
        protocol.Get(ref=1, conv=Id(conv)),
        protocol.Get(ref=2, last=[Id(conv)]),
        protocol.Ping(vec_hash=B32(NOTHING_KNOWN)),
        protocol.Watch(users=[Id(bob.uid)], focus=False),
    ):
        desk.send(frame)
        await ear.settle(desk, laptop)
    for contact, person in await connections.listed(alice.uid):
        state, known = (contact.state, contact.cleared), (person.uid, person.username)
        ear.lines.append(f"{state} {known == (bob.uid, bob.name)}")


async def told(enrol: Enrol, blocked: bool) -> tuple[list[str], int]:
    """And how many frames bob's device, if it is there, was told of her."""
    alice, bob = await enrol("alice", 2), await enrol("bob", 2)
    conv = await connect(alice, bob)
    at_alice, at_bob = await arrived(alice), await arrived(bob)
    at_alice.send(alice.message(conv, "before"))
    await at_alice.next(protocol.Sent)
    at_bob.send(bob.message(conv, "before, too"))
    await at_bob.next(protocol.Sent)
    await here().write_seen()
    await at_alice.leave()
    ear, heard = Ear(), 0
    if not blocked:
        await at_bob.leave()
        await here().write_seen()
    else:
        await connections.act(bob.uid, alice.uid, "block", ContactState.CONNECTED, now_ms())
        await at_bob.silence()

    async def bob_goes_on() -> None:
        nonlocal heard
        if blocked:
            at_bob.send(protocol.Got(conv=Id(conv), seq=1))
            at_bob.send(protocol.Read(conv=Id(conv), seq=1, ord=1))
            at_bob.send(protocol.Typing(conv=Id(conv)))
            await at_bob.silence()
            await here().marks.flush()
            heard += len(await at_bob.silence())

    await day_of_alice(alice, bob, conv, ear, bob_goes_on)
    return ear.lines, heard


async def test_a_blocked_person_is_told_what_a_lonely_one_is(
    enrol: Enrol, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receipts, "TOGETHER_SECONDS", 600)  # when `settle` says, in both
    lonely, _ = await told(enrol, blocked=False)
    blocked, heard = await told(enrol, blocked=True)
    kinds = {json.loads(line[2:])["t"] for line in lonely if line[1] == " "}
    assert kinds >= {
        "sent",
        "msg",
        "receipt",
        "presence",
        "page",
        "state",
    }  # she was told something
    assert blocked == lonely
    assert heard == 0
