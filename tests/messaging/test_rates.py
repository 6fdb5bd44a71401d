"""How much a device may say, and an account with all its devices, however often they come back."""

from collections.abc import Awaitable, Callable

import pytest
from django.conf import settings

from chatsite.edge.wire import B32, Id
from chatsite.running import metrics
from messaging import protocol
from messaging.backends.base import Busy
from messaging.sessions import dispatch
from messaging.sessions.admission import Admission
from messaging.sessions.rates import ACCOUNT_TIMES
from testkit import cast
from testkit.cast import Person
from tests.messaging.conftest import Enrol
from tests.messaging.nodes import Moment
from tests.messaging.socket import Socket, arrived, dial

pytestmark = pytest.mark.usefixtures("transport")  # WebSocket and long poll

SENDS, GETS, FRAMES = protocol.SENDS_BURST, protocol.GETS_BURST, protocol.FRAMES_BURST
STATES = protocol.STATES_BURST


async def sends(socket: Socket, who: Person, conv: bytes, count: int, device: int = 0) -> int:
    """How many of so many messages are taken."""
    for number in range(count):
        socket.send(who.message(conv, str(number), device=device))
    answers = [await _answer(socket) for _ in range(count)]
    return sum(isinstance(answer, protocol.Sent) for answer in answers)


async def _answer(socket: Socket) -> protocol.ServerFrame:
    while not isinstance(frame := await socket.anything(), protocol.Sent | protocol.Error):
        pass
    return frame


async def test_who_comes_back_has_no_more_to_send_than_before(
    moment: Moment, alice: Person, bob: Person, conv: bytes
) -> None:
    assert await sends(await arrived(alice), alice, conv, SENDS) == SENDS
    for _ in range(3):
        assert await sends(await arrived(alice), alice, conv, 5) == 0
    moment.now += 2.5 / protocol.SENDS_PER_SECOND
    assert await sends(await arrived(alice), alice, conv, 5) == 2
    assert await sends(await arrived(bob), bob, conv, 5) == 5


async def test_who_comes_back_has_no_more_to_ask_than_before(
    moment: Moment, alice: Person, conv: bytes
) -> None:
    socket = await arrived(alice)
    for ref in range(GETS):
        socket.send(protocol.Get(ref=ref, conv=Id(conv)))
    for _ in range(GETS):
        await socket.next(protocol.Page)
    socket, before = await arrived(alice), metrics.REFUSED.numbers().get("live_rate", 0)
    socket.send(protocol.Get(ref=1, conv=Id(conv)))
    assert (await socket.next(protocol.Error)).code == "rate"
    assert metrics.REFUSED.numbers()["live_rate"] == before + 1


async def test_who_compares_their_state_all_the_time_has_to_wait(
    moment: Moment, alice: Person, conv: bytes
) -> None:
    socket, another = await arrived(alice), protocol.Ping(vec_hash=B32(bytes(32)))
    for _ in range(STATES):
        socket.send(another)
    for _ in range(STATES - 1):  # hello took one
        await socket.next(protocol.State)
    assert (await socket.next(protocol.Error)).code == "rate"
    moment.now += 1.1 / protocol.STATES_PER_SECOND
    socket.send(another)
    await socket.next(protocol.State)


async def test_who_says_hello_again_and_again_has_to_wait_outside(
    moment: Moment, alice: Person, bob: Person, conv: bytes
) -> None:
    for _ in range(STATES):
        await arrived(alice)
    assert await knocked(alice) == protocol.CLOSE_RATE
    assert await (await arrived(bob)).silence() == []
    moment.now += 1.1 / protocol.STATES_PER_SECOND
    assert await (await arrived(alice)).silence() == []
    assert await knocked(alice) == protocol.CLOSE_RATE


async def test_who_has_more_conversations_pays_more_for_their_state(
    moment: Moment, alice: Person, monkeypatch: pytest.MonkeyPatch, enrol: Enrol, bob: Person
) -> None:
    monkeypatch.setattr(dispatch, "STATE_ROWS", 1)
    for peer in (bob, await enrol("carol"), await enrol("dave")):
        await cast.connect(alice, peer)
    for _ in range(-(-STATES // 3)):
        await arrived(alice)
    assert await knocked(alice) == protocol.CLOSE_RATE


async def test_a_herd_that_is_told_to_come_back_may(
    moment: Moment, alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: Admission) -> None:
        raise Busy

    with monkeypatch.context() as herd:
        herd.setattr(Admission, "enter", full)
        for _ in range(STATES + 1):
            assert await knocked(alice) == protocol.CLOSE_RESTART
    assert await (await arrived(alice)).silence() == []


async def test_the_newest_rows_of_many_conversations_cost_more(
    moment: Moment, alice: Person, conv: bytes, monkeypatch: pytest.MonkeyPatch, enrol: Enrol
) -> None:
    monkeypatch.setattr(dispatch, "PREVIEWS", 1)
    other = await cast.connect(alice, await enrol("carol"))
    socket, asked = await arrived(alice), protocol.Get(ref=1, last=[Id(conv), Id(other)])
    for _ in range(GETS // 2 + 1):
        socket.send(asked)
    for _ in range(GETS // 2):
        await socket.next(protocol.Page)
    assert (await socket.next(protocol.Error)).code == "rate"


async def knocked(who: Person) -> int:
    """How somebody is closed who says hello."""
    socket = await dial(who)
    assert socket.challenge
    socket.send(who.hello(socket.challenge.nonce, settings.SITE_HOST))
    return await socket.closed()


async def test_who_was_closed_for_too_many_frames_waits_outside(
    moment: Moment, alice: Person, bob: Person
) -> None:
    socket = await arrived(alice)
    for _ in range(FRAMES):
        socket.send(protocol.Pong())
    assert await socket.closed() == protocol.CLOSE_RATE
    again = await dial(alice)
    assert again.challenge
    again.send(alice.hello(again.challenge.nonce, settings.SITE_HOST))
    assert await again.closed() == protocol.CLOSE_RATE
    assert await (await arrived(alice, 1)).silence() == []
    moment.now += 1
    assert await (await arrived(alice)).silence() == []


async def test_the_devices_of_an_account_share_three_times_of_what_one_has(
    moment: Moment, bob: Person, enrol: Callable[..., Awaitable[Person]]
) -> None:
    many = await enrol("many", ACCOUNT_TIMES + 1)
    conv = await cast.connect(many, bob)
    *greedy, last = [await arrived(many, number) for number in range(ACCOUNT_TIMES + 1)]
    for number, socket in enumerate(greedy):
        taken = await sends(socket, many, conv, SENDS + 5, number)
        assert taken == SENDS, "what one device waits for is no loss of the account"
    assert await sends(last, many, conv, 5, ACCOUNT_TIMES) == 0
    moment.now += 1.1 / protocol.SENDS_PER_SECOND
    assert await sends(last, many, conv, 5, ACCOUNT_TIMES) == ACCOUNT_TIMES
