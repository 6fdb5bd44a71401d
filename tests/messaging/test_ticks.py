"""Any sequence of blocks, messages, marks and switches: a model of a few lines gives each message
its tick, and every device of its sender must show that one, whether it heard or asked."""

import random
from dataclasses import dataclass, field

import pytest

from chatsite.edge.wire import Id
from messaging import connections, protocol, receipts
from messaging.domain import ContactState
from messaging.sessions.node import here
from messaging.sessions.rates import Rates
from testkit.cast import Person, now_ms
from testkit.client.vector import Vector
from tests.messaging.socket import Socket, arrived, dial
from tests.messaging.test_privacy import show

STEPS = 120
CONNECTED, BLOCKED = ContactState.CONNECTED, ContactState.BLOCKED


@dataclass
class Message:
    sender: int
    withheld: bool
    tick: str = "sent"
    private: bool = False  # read while its sender was not to know


@dataclass
class Model:
    log: list[Message] = field(default_factory=list)  # by seq - 1
    blocks: list[bool] = field(default_factory=lambda: [False, False])
    tells: list[bool] = field(default_factory=lambda: [True, True])  # read receipts are on
    read: list[int] = field(default_factory=lambda: [0, 0])

    def newest_for(self, reader: int) -> int:
        seqs = [seq for seq, one in enumerate(self.log, 1) if self._seen(one, reader)]
        return seqs[-1] if seqs else 0

    def count_for(self, reader: int, upto: int) -> int:
        return sum(self._seen(one, reader) for one in self.log[:upto])

    def got(self, reader: int, upto: int) -> None:
        if not any(self.blocks):
            self._deliver(reader, upto)

    def reads(self, reader: int, upto: int) -> None:
        told = self.tells[reader] and not any(self.blocks)
        if told:
            self._deliver(reader, upto)
        for one in self.log[self.read[reader] : upto]:
            if self._seen(one, reader):
                one.private = not told
                one.tick = "read" if told else one.tick
        self.read[reader] = max(self.read[reader], upto)

    def ticks(self, sender: int) -> dict[int, str]:
        return {seq: one.tick for seq, one in enumerate(self.log, 1) if one.sender == sender}

    def _deliver(self, reader: int, upto: int) -> None:
        for one in self.log[:upto]:
            if self._seen(one, reader) and one.tick == "sent":
                one.tick = "delivered"

    def _seen(self, one: Message, reader: int) -> bool:
        return one.sender != reader and not one.withheld


class Run:
    def __init__(self, people: list[Person], conv: bytes, chance: random.Random) -> None:
        self.people, self.conv, self.chance = people, conv, chance
        self.model = Model()
        self.sockets: list[Socket] = []
        self.vectors = [Vector(), Vector()]

    async def begin(self) -> None:
        for who in (0, 1):
            self.sockets.append(await arrived(self.people[who]))
            self.vectors[who].replace((await self.fresh(who)).rows)

    async def step(self) -> None:
        who = self.chance.randrange(2)
        acts = {
            self.send: 6, self.got: 3, self.read: 3, self.again: 1, self.switch: 2,
            self.block: 5 if any(self.model.blocks) else 1, self.reconnect: 1, self.check: 2,
        }  # fmt: skip
        [act] = self.chance.choices([*acts], weights=[*acts.values()])
        await act(who)
        await self.hear()

    async def send(self, who: int) -> None:
        if not self.model.blocks[who]:
            person, socket = self.people[who], self.sockets[who]
            socket.send(person.message(self.conv, "words"))
            await socket.next(protocol.Sent)
            self.model.log.append(Message(who, self.model.blocks[1 - who]))

    async def got(self, who: int) -> None:
        seq = self.model.newest_for(who)
        self.sockets[who].send(protocol.Got(conv=Id(self.conv), seq=seq))
        self.model.got(who, seq)

    async def read(self, who: int) -> None:
        await self._read(who, self.model.newest_for(who))

    async def again(self, who: int) -> None:
        """An old message is on the screen once more."""
        await self._read(who, self.model.read[who])

    async def block(self, who: int) -> None:
        """Or the end of one, sooner than another."""
        who = self.model.blocks.index(True) if any(self.model.blocks) else who
        on = not self.model.blocks[who]
        action, seen = ("block", CONNECTED) if on else ("unblock", BLOCKED)
        me, peer = self.people[who].uid, self.people[1 - who].uid
        await connections.act(me, peer, action, seen, now_ms())  # type: ignore[arg-type]
        self.model.blocks[who] = on

    async def switch(self, who: int) -> None:
        self.model.tells[who] = not self.model.tells[who]
        await show(self.people[who], receipts=self.model.tells[who])

    async def reconnect(self, who: int) -> None:
        await self.sockets[who].leave()
        self.sockets[who] = socket = await dial(self.people[who])
        state = await socket.hello(self.people[who])
        assert isinstance(state, protocol.State)
        self.vectors[who].replace(state.rows)

    async def check(self, _: int) -> None:
        await here().marks.flush()
        await self.hear()
        for who in (0, 1):
            new_device = Vector()
            new_device.replace((await self.fresh(who)).rows)
            for vector in (self.vectors[who], new_device):
                row = vector.rows[self.conv]
                shown = {seq: row.tick(seq) for seq in self.model.ticks(who)}
                assert shown == self.model.ticks(who)
            unread = new_device.rows[self.conv].unread
            assert unread == self.model.count_for(who, len(self.model.log)) - self.model.count_for(
                who, self.model.read[who]
            )

    async def fresh(self, who: int) -> protocol.State:
        socket = await dial(self.people[who], 1)
        state = await socket.hello(self.people[who], device=1)
        await socket.leave()
        assert isinstance(state, protocol.State)
        return state

    async def hear(self) -> None:
        for who, socket in enumerate(self.sockets):
            for frame in await socket.silence():
                if isinstance(frame, protocol.Receipt) and frame.by != self.people[who].uid:
                    self.vectors[who].rows[self.conv].after_receipt(frame, mine=False)

    async def _read(self, who: int, seq: int) -> None:
        if seq:
            count = self.model.count_for(who, seq)
            self.sockets[who].send(protocol.Read(conv=Id(self.conv), seq=seq, ord=count))
            self.model.reads(who, seq)


@pytest.mark.parametrize("seed", range(6))
async def test_every_device_shows_the_tick_of_the_model(
    seed: int, alice: Person, bob: Person, conv: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receipts, "TOGETHER_SECONDS", 600)  # when `check` says
    monkeypatch.setattr(here(), "rates", Rates(1_000_000))  # it says hello very often
    run = Run([alice, bob], conv, random.Random(seed))
    await run.begin()
    for _ in range(STEPS):
        await run.step()
    await run.check(0)
    assert len({one.tick for one in run.model.log}) > 1
    assert any(one.withheld for one in run.model.log)
