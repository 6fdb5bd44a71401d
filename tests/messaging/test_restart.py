"""A process that starts does not know whom the last one shut out; the accounts do."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from django.conf import settings

from accounts import sessions
from accounts.models import Device, SessionRecord, User
from accounts.tokens import LIVE_MS
from chatsite.layers import InProcessLayer
from messaging import protocol
from messaging.hub import Hub
from messaging.sessions import standing
from messaging.sessions.node import LiveNode
from presence.backends.memory import MemoryPresence
from testkit.cast import Person, now_ms
from tests.messaging.nodes import Moment, arrived_at, dialled
from tests.messaging.socket import Socket


@pytest.fixture
def moment() -> Moment:
    return Moment()


@pytest.fixture
async def started(moment: Moment) -> LiveNode:
    hub = Hub("host:8000", presence=MemoryPresence(), layer=InProcessLayer())
    return LiveNode(hub, ticks=moment)


async def knocks(node: LiveNode, who: Person, device: int = 0) -> Socket:
    return says_hello(await dialled(node), who, device)


def says_hello(socket: Socket, who: Person, device: int) -> Socket:
    assert socket.challenge
    socket.send(who.hello(socket.challenge.nonce, settings.SITE_HOST, device=device))
    return socket


async def test_what_was_revoked_before_the_start_stays_out(
    started: LiveNode, alice: Person, bob: Person
) -> None:
    await SessionRecord.objects.filter(hash=alice.devices[0].session).adelete()
    laptop = Device.objects.filter(device=alice.devices[1].keys.id)
    await laptop.aupdate(gone_at=now_ms())
    await User.objects.filter(uid=bob.uid).aupdate(is_active=False)
    for who, device, code in (
        (alice, 0, protocol.CLOSE_SIGN_IN),
        (alice, 1, protocol.CLOSE_REVOKED),
        (bob, 0, protocol.CLOSE_SIGN_IN),
    ):
        assert await (await knocks(started, who, device)).closed() == code


async def test_all_who_come_back_at_once_are_asked_of_together(
    started: LiveNode, enrol: Callable[..., Awaitable[Person]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(standing, "TOGETHER_SECONDS", 1)
    many = await enrol("many", 12)
    gone = Device.objects.filter(device=many.devices[3].keys.id)
    await gone.aupdate(gone_at=now_ms())
    queries = _counted(monkeypatch)
    sockets = [await dialled(started) for _ in many.devices]
    for number, socket in enumerate(sockets):
        says_hello(socket, many, number)
    revoked = sockets.pop(3)
    assert await revoked.closed() == protocol.CLOSE_REVOKED
    await asyncio.gather(*(socket.next(protocol.State) for socket in sockets))
    assert sum(queries) == 12
    assert len(queries) < 6  # one, where the machine never stands still


async def test_once_the_tokens_of_that_time_have_lapsed_memory_knows(
    started: LiveNode, moment: Moment, alice: Person, bob: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    await arrived_at(started, bob)
    monkeypatch.setattr(sessions, "ended", away)
    moment.now += LIVE_MS / 1000 - 1
    early = await knocks(started, alice)
    assert (await early.next(protocol.Busy)).retry_ms
    assert await early.closed() == protocol.CLOSE_RESTART
    moment.now += 2
    assert await (await arrived_at(started, alice)).silence() == []


async def test_for_so_long_they_stay_while_nobody_can_tell_who_still_stands(
    started: LiveNode, moment: Moment, alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    socket = await arrived_at(started, alice)
    moment.now += LIVE_MS / 1000
    await started.revalidate()
    monkeypatch.setattr(sessions, "ended", away)
    moment.now += LIVE_MS / 1000 - 1
    with pytest.raises(OSError, match="no database"):
        await started.revalidate()
    assert await socket.silence() == []
    moment.now += 2
    with pytest.raises(OSError, match="no database"):
        await started.revalidate()
    assert await socket.closed() == protocol.CLOSE_RESTART


def away(*_: object) -> None:
    raise OSError("no database")


def _counted(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Of how many each query asks."""
    asked: list[int] = []
    ended = sessions.ended

    def counted(bounds: Any, now_ms: int) -> Any:
        bounds = list(bounds)
        asked.append(len(bounds))
        return ended(bounds, now_ms)

    monkeypatch.setattr(sessions, "ended", counted)
    return asked
