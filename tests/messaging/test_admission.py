"""Who may open a live session: by address, by who they are, and last by what the site can serve."""

import json
import secrets
from typing import Any

import pytest
from django.conf import settings

from chatsite.edge.wire import B64
from messaging import protocol
from messaging.sessions.admission import (
    ADDRESS_BURST,
    ADDRESS_PER_SECOND,
    ADMITTED_PER_SECOND,
    BUSY_RETRY_MS,
    Admission,
)
from messaging.sessions.node import here
from testkit.cast import Person
from tests.messaging.nodes import Moment
from tests.messaging.polled import AsgiPost, PolledSocket
from tests.messaging.socket import HERE, Closed, Socket, dial

OPENING = b'{"rid":1,"ack":0,"frames":[]}'


@pytest.fixture
async def moment(monkeypatch: pytest.MonkeyPatch) -> Moment:
    moment = Moment()
    monkeypatch.setattr(here(), "admission", Admission(moment, times=1))
    return moment


def knocking(by: str, who: Person, address: str) -> Socket:
    if by == "poll":
        return PolledSocket(who.devices[0].cookie, address=address)
    return Socket(address=address)


async def is_let_in(by: str, who: Person, address: str) -> bool:
    """True after hello. False where it is told to come back instead."""
    socket = knocking(by, who, address)
    try:
        await socket.open()
    except Closed as closed:
        return closed.code != protocol.CLOSE_RESTART
    await socket.hello(who)
    return True


async def made_up(address: str) -> int:
    """The close code that a long poll earns with a cookie that nobody gave out."""
    status, body = await AsgiPost(secrets.token_hex(16), address=address)(OPENING)
    assert status == 200
    answer: dict[str, Any] = json.loads(body)
    return int(answer["close"])


BOTH = pytest.mark.parametrize("by", ["socket", "poll"])


@BOTH
async def test_made_up_cookies_take_nobodys_place(moment: Moment, alice: Person, by: str) -> None:
    addresses = [f"192.0.2.{n}" for n in range(ADMITTED_PER_SECOND // ADDRESS_BURST + 1)]
    for address in addresses:
        codes = {await made_up(address) for _ in range(ADDRESS_BURST)}
        assert codes == {protocol.CLOSE_SIGN_IN}
    assert not here().polls, "nothing was made of them"
    assert await is_let_in(by, alice, "198.51.100.1")


@BOTH
async def test_strangers_who_only_knock_take_nobodys_place(
    moment: Moment, alice: Person, by: str
) -> None:
    for number in range(ADMITTED_PER_SECOND):
        await Socket(address=f"192.0.2.{number % 200}").open()
    assert await is_let_in(by, alice, "198.51.100.1")


async def test_a_proof_that_is_none_takes_no_place(moment: Moment, alice: Person) -> None:
    for _ in range(ADMITTED_PER_SECOND - 1):
        here().admission.enter()
    liar = await dial(alice)
    assert liar.challenge
    hello = alice.hello(liar.challenge.nonce, settings.SITE_HOST)
    hello.proof = B64(bytes(64))
    liar.send(hello)
    assert await liar.closed() == protocol.CLOSE_SIGN_IN
    assert await is_let_in("socket", alice, HERE)


@BOTH
async def test_an_address_opens_so_many_and_others_their_own(
    moment: Moment, alice: Person, by: str
) -> None:
    for _ in range(ADDRESS_BURST):
        here().admission.knock("2001:db8:1:1::1")
    assert not await is_let_in(by, alice, "2001:db8:1:1::2")
    assert await made_up("2001:db8:1:1::3") == protocol.CLOSE_RESTART, "nobody looks who they are"
    assert await is_let_in(by, alice, "2001:db8:1:2::1")
    assert await is_let_in(by, alice, "192.0.2.1")
    moment.now += 2 / ADDRESS_PER_SECOND
    assert await is_let_in(by, alice, "2001:db8:1:1::4")


async def test_an_address_that_opened_too_many_is_told_when_to_come_back(
    moment: Moment, alice: Person
) -> None:
    for _ in range(ADDRESS_BURST):
        here().admission.knock("192.0.2.1")
    turned_away = Socket(address="192.0.2.1")
    assert (await turned_away._event())["type"] == "websocket.accept"
    assert (await turned_away.next(protocol.Busy)).retry_ms == BUSY_RETRY_MS
    assert await turned_away.closed() == protocol.CLOSE_RESTART


async def test_this_machine_is_not_counted_by_address(moment: Moment, alice: Person) -> None:
    for _ in range(ADDRESS_BURST + 1):
        await Socket(address=HERE).open()
    await Socket(address="::1").open()


@pytest.mark.usefixtures("transport")
async def test_a_herd_is_told_to_come_back(moment: Moment, alice: Person) -> None:
    for _ in range(ADMITTED_PER_SECOND):
        here().admission.enter()
    late = await dial(alice)
    assert late.challenge
    late.send(alice.hello(late.challenge.nonce, settings.SITE_HOST))
    assert (await late.next(protocol.Busy)).retry_ms == BUSY_RETRY_MS
    assert await late.closed() == protocol.CLOSE_RESTART


async def test_a_long_poll_waits_for_a_database_that_is_away(
    moment: Moment, alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> None:
        raise OSError("no database")

    monkeypatch.setattr("accounts.sessions.stands", away)
    assert await made_up(HERE) == protocol.CLOSE_RESTART
