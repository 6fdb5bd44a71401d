"""Whose presence is shown to whom, and when it changes; with a moved clock."""

import asyncio
from collections.abc import Callable, Sequence

import pytest

from chatsite.edge.wire import Id
from messaging import fanout, protocol
from messaging.backends import connection_store
from messaging.backends.base import ConnectionStore
from messaging.domain import Contact, PairState, Uid, block_bit
from messaging.sessions.node import here
from messaging.sessions.rates import LOOKS_BURST
from messaging.sessions.watching import EVERY_MS
from presence.registry import OFFLINE_GRACE_MS
from testkit.cast import Person, now_ms
from tests.messaging.nodes import Moment
from tests.messaging.socket import Socket, arrived

pytestmark = pytest.mark.usefixtures("transport")  # WebSocket and long poll

Move = Callable[[int], None]


@pytest.fixture
async def move(monkeypatch: pytest.MonkeyPatch) -> Move:
    """Moves the clock of watching, and keeps this node's lease as long as it takes."""
    offset = 0
    monkeypatch.setattr(here().watching, "_clock", lambda: now_ms() + offset)
    monkeypatch.setattr("presence.backends.memory.LEASE_MS", 10**9)

    def forward(ms: int) -> None:
        nonlocal offset
        offset += ms

    return forward


@pytest.fixture
def contacts_read(monkeypatch: pytest.MonkeyPatch) -> list[Uid]:
    """Whose, each time."""
    store, read = type(connection_store()), list[Uid]()
    original = store.contacts

    async def noted(self: ConnectionStore, uid: Uid) -> Sequence[Contact]:
        read.append(uid)
        return await original(self, uid)

    monkeypatch.setattr(store, "contacts", noted)
    return read


async def watch(socket: Socket, *users: bytes) -> None:
    socket.send(protocol.Watch(users=[Id(user) for user in users], focus=True))


async def shown(socket: Socket) -> list[tuple[bytes, str]]:
    frame = await socket.next(protocol.Presence)
    return [(seen.user, seen.state) for seen in frame.users]


async def test_a_contact_is_shown_at_once_and_when_he_comes(
    alice: Person, bob: Person, conv: bytes, move: Move
) -> None:
    at_alice = await arrived(alice)
    await watch(at_alice, bob.uid)
    assert await shown(at_alice) == [(bob.uid, "offline")]
    move(EVERY_MS)
    await arrived(bob)
    await here().watching.tick()
    assert await shown(at_alice) == [(bob.uid, "online")]


async def test_a_change_that_somebody_else_sees_first_is_shown_to_all(
    alice: Person, bob: Person, conv: bytes, move: Move
) -> None:
    at_alice, on_phone = await arrived(alice), await arrived(alice, 1)
    await watch(at_alice, bob.uid)
    assert await shown(at_alice) == [(bob.uid, "offline")]
    move(EVERY_MS)
    await arrived(bob)
    await watch(on_phone, bob.uid)
    assert await shown(on_phone) == [(bob.uid, "online")]
    assert await shown(at_alice) == [(bob.uid, "online")]
    await here().watching.tick()
    assert await on_phone.silence() == []


async def test_a_contact_who_leaves_is_offline_after_the_grace_with_his_time(
    alice: Person, bob: Person, conv: bytes, move: Move
) -> None:
    at_alice, at_bob = await arrived(alice), await arrived(bob)
    await watch(at_alice, bob.uid)
    assert await shown(at_alice) == [(bob.uid, "online")]
    await at_bob.leave()
    await here().tick()
    assert await at_alice.silence() == []  # Bob may be back in a moment
    move(OFFLINE_GRACE_MS)
    await here().watching.tick()
    frame = await at_alice.next(protocol.Presence)
    assert [(seen.user, seen.state) for seen in frame.users] == [(bob.uid, "offline")]
    assert frame.users[0].seen


async def test_a_quick_change_of_device_does_not_flicker(
    alice: Person, bob: Person, conv: bytes, move: Move
) -> None:
    at_alice, at_bob = await arrived(alice), await arrived(bob)
    await watch(at_alice, bob.uid)
    await shown(at_alice)
    await at_bob.leave()
    move(OFFLINE_GRACE_MS - 1000)
    await here().watching.tick()
    await arrived(bob, 1)
    move(OFFLINE_GRACE_MS)
    await here().watching.tick()
    assert await at_alice.silence() == []


async def test_strangers_and_nobody_look_alike(
    alice: Person, bob: Person, mallory: Person, conv: bytes, move: Move
) -> None:
    await arrived(bob)
    at_mallory = await arrived(mallory)
    await watch(at_mallory, bob.uid, b"x" * 16)
    assert await at_mallory.silence() == []
    at_alice = await arrived(alice)
    await watch(at_alice, bob.uid, mallory.uid)
    assert await shown(at_alice) == [(bob.uid, "online")]


async def test_a_blocked_watcher_sees_somebody_who_is_never_there(
    alice: Person, bob: Person, conv: bytes, move: Move
) -> None:
    await arrived(bob)
    at_alice = await arrived(alice)
    await watch(at_alice, bob.uid)
    assert await shown(at_alice) == [(bob.uid, "online")]
    pair = await connection_store().pair(alice.uid, bob.uid)
    assert pair
    blocked = now_ms()
    await connection_store().change(pair, pair.state, block_bit(bob.uid, alice.uid), blocked)
    for _ in ("then", "while bob comes and goes"):
        await fanout.forget([alice.uid], conv)
        await here().watching.tick()
        frame = await at_alice.next(protocol.Presence)
        [seen] = frame.users
        assert seen.state == "offline"
        assert seen.seen is not None
        assert seen.seen <= blocked
        await (await arrived(bob, 1)).leave()


async def test_who_is_no_contact_any_more_is_not_shown(
    alice: Person, bob: Person, conv: bytes, move: Move
) -> None:
    at_alice = await arrived(alice)
    await watch(at_alice, bob.uid)
    await shown(at_alice)
    pair = await connection_store().pair(alice.uid, bob.uid)
    assert pair
    await connection_store().change(pair, PairState.WITHDRAWN, 0, now_ms())
    await fanout.forget([alice.uid], conv)
    await here().watching.tick()
    await arrived(bob)
    move(EVERY_MS)
    await here().watching.tick()
    assert await at_alice.silence() == []


async def test_a_new_watch_replaces_the_old(
    alice: Person, bob: Person, conv: bytes, move: Move
) -> None:
    at_alice = await arrived(alice)
    await watch(at_alice, bob.uid)
    await shown(at_alice)
    await watch(at_alice)
    await at_alice.silence()
    move(EVERY_MS)
    await arrived(bob)
    await here().watching.tick()
    assert await at_alice.silence() == []


async def test_a_clock_that_is_set_back_keeps_nobody_online(
    alice: Person, bob: Person, conv: bytes, move: Move
) -> None:
    at_alice, at_bob = await arrived(alice), await arrived(bob)
    await watch(at_alice, bob.uid)
    assert await shown(at_alice) == [(bob.uid, "online")]
    await at_bob.leave()
    move(-3_600_000)
    await here().watching.tick()
    move(OFFLINE_GRACE_MS)
    await here().watching.tick()
    assert await shown(at_alice) == [(bob.uid, "offline")]


async def test_of_who_asks_all_the_time_the_last_question_counts(
    moment: Moment, alice: Person, bob: Person, conv: bytes, move: Move, contacts_read: list[Uid]
) -> None:
    at_alice = await arrived(alice)
    contacts_read.clear()
    for _ in range(3 * LOOKS_BURST):
        await watch(at_alice, alice.uid)
    await watch(at_alice, bob.uid)
    at_alice.send(protocol.Ping())
    await at_alice.next(protocol.Pong)
    await here().watching.tick()
    assert await shown(at_alice) == [(bob.uid, "offline")]
    assert contacts_read.count(alice.uid) < 2 * LOOKS_BURST


async def test_who_leaves_while_they_are_looked_at_is_forgotten(
    alice: Person, bob: Person, conv: bytes, move: Move, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_alice = await arrived(alice)
    await watch(at_alice, bob.uid)
    await shown(at_alice)
    [session], watching = here().hub.sessions[alice.uid], here().watching
    read, asked, goes_on = connection_store().contacts, asyncio.Event(), asyncio.Event()

    async def later(uid: Uid) -> Sequence[Contact]:
        found = await read(uid)
        asked.set()
        await goes_on.wait()
        return found

    monkeypatch.setattr(type(connection_store()), "contacts", lambda _, uid: later(uid))
    watching.refresh(session)  # type: ignore[arg-type]
    ticking = asyncio.ensure_future(watching.tick())
    await asked.wait()
    await here().part(session)  # type: ignore[arg-type]
    goes_on.set()
    await ticking
    assert not watching._watchers
