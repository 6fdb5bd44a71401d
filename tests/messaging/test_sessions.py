"""Opening, keeping and ending a live session, over the whole ASGI application."""

import secrets
from collections.abc import Awaitable, Callable

import pytest
from asgiref.sync import sync_to_async
from django.conf import settings

from accounts import tokens
from accounts.models import Device, SessionRecord
from accounts.signals import account_reset, device_revoked, session_ended
from chatsite.edge.wire import B32, B64, Id
from messaging import fanout, protocol
from messaging.sessions import vector
from messaging.sessions.drain import drain
from messaging.sessions.node import here
from messaging.sessions.rates import Rates
from messaging.sessions.vector import vec_hash
from testkit import cast
from testkit.cast import Person, now_ms
from tests.messaging import socket as sockets
from tests.messaging.nodes import Moment
from tests.messaging.socket import FOREIGN, Closed, Socket, arrived

pytestmark = pytest.mark.usefixtures("transport")  # WebSocket and long poll
socket_alone = pytest.mark.parametrize("transport", ["socket"], indirect=True)

Enrol = Callable[..., Awaitable[Person]]


async def opened(who: Person) -> Socket:
    return await sockets.dial(who)


async def said(who: Person, frame: protocol.Frame) -> int:
    """The close code that this frame earns as the first one."""
    socket = await opened(who)
    socket.send(frame)
    return await socket.closed()


async def hello_of(who: Person, socket: Socket) -> protocol.Hello:
    assert socket.challenge
    return who.hello(socket.challenge.nonce, settings.SITE_HOST)


async def test_a_proved_device_hears_its_state(alice: Person, bob: Person, conv: bytes) -> None:
    state = await (await opened(alice)).hello(alice)
    assert isinstance(state, protocol.State)
    assert (state.part, state.of) == (0, 1)
    [row] = state.rows
    assert (row.conv, row.peer, row.state, row.last_seq) == (conv, bob.uid, 3, 0)


async def test_who_knows_the_state_is_spared_it(alice: Person, bob: Person, conv: bytes) -> None:
    known = B32(vec_hash(await vector.read(alice.uid)))
    socket = await opened(alice)
    assert isinstance(await socket.hello(alice, vec_hash=known), protocol.Same)
    socket.send(alice.message(conv, "news"))
    await socket.next(protocol.Sent)
    socket.send(protocol.Ping(vec_hash=known))
    assert (await socket.next(protocol.State)).rows[0].last_seq == 1


async def test_a_long_state_comes_in_parts(
    mallory: Person, enrol: Enrol, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocol, "STATE_ROWS", 2)
    monkeypatch.setattr(vector, "VECTOR_MAX", 3)  # of the store's pages
    convs = [await cast.ask(await enrol("peer"), mallory) for _ in range(5)]
    socket = await opened(mallory)
    first = await socket.hello(mallory)
    assert isinstance(first, protocol.State)
    parts = [first, await socket.next(protocol.State), await socket.next(protocol.State)]
    assert [(part.part, part.of) for part in parts] == [(0, 3), (1, 3), (2, 3)]
    assert sorted(row.conv for part in parts for row in part.rows) == sorted(convs)


@socket_alone
@pytest.mark.parametrize("origin", FOREIGN)
async def test_the_origin_must_be_ours(alice: Person, origin: str) -> None:
    with pytest.raises((Closed, AssertionError)):
        await Socket(origin=origin).open()
    assert await opened(alice)


@pytest.mark.parametrize(
    "frame",
    [
        protocol.Ping(),
        protocol.Got(conv=Id(bytes(16)), seq=1),
        protocol.Get(ref=1, conv=Id(bytes(16))),
        protocol.Watch(users=[], focus=False),
    ],
)
async def test_nothing_comes_before_hello(alice: Person, frame: protocol.Frame) -> None:
    assert await said(alice, frame) == protocol.CLOSE_BAD_FRAME


async def test_hello_comes_once(alice: Person) -> None:
    socket = await opened(alice)
    hello = await hello_of(alice, socket)
    socket.send(hello)
    await socket.next(protocol.State)
    socket.send(hello)
    assert await socket.closed() == protocol.CLOSE_BAD_FRAME


async def test_silence_instead_of_hello_is_closed(
    alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocol, "HELLO_SECONDS", 0.01)
    # Come back: a slow network, or this server, which may have stood still, are the likely reasons.
    assert await (await opened(alice)).closed() == protocol.CLOSE_RESTART


async def test_a_replayed_hello_proves_nothing(alice: Person) -> None:
    overheard = await opened(alice)
    hello = await hello_of(alice, overheard)
    overheard.send(hello)
    await overheard.next(protocol.State)
    assert await said(alice, hello) == protocol.CLOSE_SIGN_IN


async def test_a_stolen_token_without_the_key_opens_nothing(alice: Person, mallory: Person) -> None:
    socket = await opened(mallory)
    hello = await hello_of(mallory, socket)
    hello.token, hello.device = alice.devices[0].token, Id(alice.devices[0].keys.id)
    socket.send(hello)
    assert await socket.closed() == protocol.CLOSE_SIGN_IN


async def test_a_forged_proof_opens_nothing(alice: Person) -> None:
    socket = await opened(alice)
    hello = await hello_of(alice, socket)
    hello.proof = B64(secrets.token_bytes(64))
    socket.send(hello)
    assert await socket.closed() == protocol.CLOSE_SIGN_IN


async def test_the_device_is_the_tokens(alice: Person) -> None:
    socket = await opened(alice)
    hello = await hello_of(alice, socket)
    hello.device = Id(alice.devices[1].keys.id)
    socket.send(hello)
    assert await socket.closed() == protocol.CLOSE_SIGN_IN


@pytest.mark.parametrize("change", ["key", "age", "bits"])
async def test_a_token_is_ours_whole_and_fresh(alice: Person, change: str) -> None:
    mine = alice.devices[0]
    keys = [("k1", secrets.token_bytes(32))] if change == "key" else settings.SECRETS["live"]
    made = now_ms() - (tokens.LIVE_MS if change == "age" else 0)
    mine.token = tokens.make(
        keys, uid=alice.uid, session=mine.session, device=mine.keys.id,
        signing_key=mine.keys.signing.public, now_ms=made,
    )  # fmt: skip
    if change == "bits":
        mine.token = ("A" if mine.token[60] != "A" else "B").join(
            (mine.token[:60], mine.token[61:])
        )
    socket = await opened(alice)
    socket.send(await hello_of(alice, socket))
    assert await socket.closed() == protocol.CLOSE_SIGN_IN


async def test_another_version_is_no_protocol_of_ours(alice: Person) -> None:
    socket = await opened(alice)
    hello = await hello_of(alice, socket)
    hello.version = 2
    socket.send(hello)
    assert await socket.closed() == protocol.CLOSE_BAD_FRAME


async def test_a_newer_socket_of_the_device_displaces_the_older(alice: Person) -> None:
    older, laptop = await arrived(alice), await arrived(alice, 1)
    newer = await arrived(alice)
    assert await older.closed() == protocol.CLOSE_DISPLACED
    await older.leave(protocol.CLOSE_DISPLACED)
    assert await newer.silence() == []
    assert await laptop.silence() == []


async def test_an_ended_session_is_shown_out_and_stays_out(alice: Person) -> None:
    phone, laptop = await arrived(alice), await arrived(alice, 1)
    ended = alice.devices[0].session
    await session_ended.asend(sender=None, uid=alice.uid, session=ended)
    assert await phone.closed() == protocol.CLOSE_SIGN_IN
    assert (await phone.next(protocol.SignedOut)).reason == "session"
    socket = await opened(alice)
    socket.send(await hello_of(alice, socket))  # the token is ten minutes young
    assert await socket.closed() == protocol.CLOSE_SIGN_IN
    assert await laptop.silence() == []


async def test_a_revoked_device_is_told_to_wipe(alice: Person) -> None:
    phone, laptop = await arrived(alice), await arrived(alice, 1)
    device = alice.devices[0].keys.id
    await device_revoked.asend(sender=None, uid=alice.uid, device=device, k=2)
    assert await phone.closed() == protocol.CLOSE_REVOKED
    assert (await phone.next(protocol.SignedOut)).reason == "device"
    socket = await opened(alice)
    socket.send(await hello_of(alice, socket))
    assert await socket.closed() == protocol.CLOSE_REVOKED
    assert await laptop.silence() == []


async def test_a_reset_account_loses_every_session(alice: Person, bob: Person) -> None:
    sockets, other = [await arrived(alice), await arrived(alice, 1)], await arrived(bob)
    await account_reset.asend(sender=None, uid=alice.uid, k=1)
    assert {await socket.closed() for socket in sockets} == {protocol.CLOSE_REVOKED}
    assert await other.silence() == []


async def test_what_another_process_ended_is_seen_within_twenty_seconds(alice: Person) -> None:
    phone, laptop = await arrived(alice), await arrived(alice, 1)
    await sync_to_async(SessionRecord.objects.filter(hash=alice.devices[0].session).delete)()
    device = Device.objects.filter(device=alice.devices[1].keys.id)
    node = here()
    await node.revalidate()
    assert await phone.closed() == protocol.CLOSE_SIGN_IN
    assert await laptop.silence() == []
    await sync_to_async(device.update)(gone_at=now_ms())
    await node.revalidate()
    assert await laptop.closed() == protocol.CLOSE_REVOKED


@socket_alone
async def test_a_reader_who_acknowledges_nothing_is_closed(
    alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each pong counts, too: after 512 frames without an ack nothing more is kept for them."""
    _no_limits(monkeypatch)
    lazy, diligent = await arrived(alice), await arrived(alice, 1)
    for _ in range(protocol.WINDOW_FRAMES):
        lazy.send(protocol.Ping())
        diligent.send(protocol.Ping())
        await diligent.next(protocol.Pong)
        if diligent.read % protocol.ACK_EVERY_FRAMES == 0:
            diligent.send(protocol.Pong(ack=diligent.read))
    assert await lazy.closed() == protocol.CLOSE_SLOW
    assert await diligent.silence() == []


async def test_nobody_acknowledges_what_was_not_sent(alice: Person) -> None:
    socket = await arrived(alice)
    socket.send(protocol.Ping(ack=socket.read))
    await socket.next(protocol.Pong)
    socket.send(protocol.Ping(ack=socket.read + 1))
    assert await socket.closed() == protocol.CLOSE_BAD_FRAME


async def test_too_many_frames_close_the_socket(moment: Moment, alice: Person) -> None:
    """The clock stands still: in a twentieth of a second one more frame is allowed."""
    socket = await arrived(alice)
    for _ in range(protocol.FRAMES_BURST + 1):
        socket.send(protocol.Pong())
    assert await socket.closed() == protocol.CLOSE_RATE


async def test_too_many_sends_are_told_to_wait(alice: Person, bob: Person, conv: bytes) -> None:
    socket = await arrived(alice)
    message = alice.message(conv, "again")
    more = 5  # than are taken at once; what counts is when they were heard, not when answered
    for _ in range(protocol.SENDS_BURST + more):
        socket.send(message)
    error = await socket.next(protocol.Error)
    assert len([frame for frame in await socket.silence() if isinstance(frame, protocol.Sent)]) > 1
    assert (error.code, error.client_id) == ("rate", message.client_id)
    assert error.retry_ms
    assert 0 < error.retry_ms <= 1000 / protocol.SENDS_PER_SECOND + 1


async def test_too_many_gets_are_told_to_wait(alice: Person, bob: Person, conv: bytes) -> None:
    socket = await arrived(alice)
    answers: list[protocol.ServerFrame] = []
    while not answers or isinstance(answers[-1], protocol.Page):
        socket.send(protocol.Get(ref=len(answers), conv=Id(conv)))
        answers.append(await socket.anything())
    error = answers[-1]
    assert isinstance(error, protocol.Error)
    assert (error.code, error.ref) == ("rate", len(answers) - 1)
    assert len(answers) > protocol.GETS_BURST


async def test_who_is_behind_in_a_hundred_conversations_asks_for_all_of_them_at_once(
    alice: Person, bob: Person, conv: bytes
) -> None:
    socket = await arrived(alice)
    for ref in range(100):
        socket.send(protocol.Get(ref=ref, conv=Id(conv)))
    for ref in range(100):
        assert (await socket.next(protocol.Page)).ref == ref
    for _ in range(100):
        socket.send(protocol.Got(conv=Id(conv), seq=0))
    assert await socket.silence() == []


async def test_who_does_not_answer_a_ping_is_dead(alice: Person) -> None:
    socket = await arrived(alice)
    [session] = fanout.hub().sessions[alice.uid]
    now = here().ticks() + protocol.PING_SECONDS
    session.keep_alive(now)
    await socket.next(protocol.Ping)
    session.keep_alive(now + protocol.PONG_SECONDS - 1)
    assert await socket.silence() == []  # the ping of `silence` is a sign of life, too
    session.keep_alive(now + 2 * protocol.PING_SECONDS)
    session.keep_alive(now + 2 * protocol.PING_SECONDS + protocol.PONG_SECONDS + 1)
    assert await socket.closed() == protocol.CLOSE_SLOW


async def test_a_draining_process_closes_every_session(alice: Person) -> None:
    socket = await arrived(alice)
    await drain(here(), elsewhere=False)
    assert await socket.closed() == protocol.CLOSE_RESTART


async def test_a_process_that_stood_still_closes_every_session(
    alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    socket = await arrived(alice)
    hub = fanout.hub()
    before = hub.node.incarnation
    now = hub.node.ticks()
    monkeypatch.setattr(hub.node, "ticks", lambda: now + 60_000)
    await here().tick()
    assert await socket.closed() == protocol.CLOSE_RESTART
    assert hub.node.incarnation != before


async def test_who_leaves_is_forgotten(alice: Person) -> None:
    socket = await arrived(alice)
    assert alice.uid in fanout.hub().sessions
    await socket.leave()
    assert alice.uid not in fanout.hub().sessions


async def test_a_bug_ends_the_session_and_is_logged_without_contents(
    alice: Person, bob: Person, conv: bytes, monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    socket = await arrived(alice)

    async def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("messaging.messages.send", broken)
    socket.send(alice.message(conv, "a text that must not be logged"))
    assert await socket.closed() == protocol.CLOSE_INTERNAL
    assert "ZeroDivisionError" in caplog.text
    assert "must not be logged" not in caplog.text


def _no_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(here(), "rates", Rates(1_000_000))
