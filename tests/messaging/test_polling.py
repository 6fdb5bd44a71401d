"""What the long poll adds to a live session: calls, their numbers, and whose they are."""

import asyncio
import json
from typing import Any

import pytest
from django.conf import settings

from chatsite.edge.wire import Id, encoder
from chatsite.running import metrics
from messaging import http, polling, protocol
from messaging.sessions import poll as polls
from messaging.sessions.drain import drain
from messaging.sessions.node import here
from messaging.sessions.rates import Rates
from messaging.sessions.window import Buckets
from testkit.cast import Person
from tests.messaging.polled import AsgiPost
from tests.messaging.socket import FOREIGN, SOON, arrived

FIRST = 1000  # rid


class Caller:
    """One browser, call by call. The rid and ack are the test's, where it says so."""

    def __init__(self, who: Person, device: int = 0, **more: Any) -> None:
        self.post = AsgiPost(who.devices[device].cookie, **more)
        self.sid: Id | None = None
        self.seen: list[tuple[int, dict[str, Any]]] = []  # frames with their numbers

    async def call(
        self, rid: int, *frames: protocol.Frame, ack: int = 0, sid: Id | None = None, node: str = ""
    ) -> dict[str, Any]:
        raw = [protocol.encode(frame) for frame in frames]
        status, body = await self.post(call_body(rid, *raw, ack=ack, sid=sid or self.sid), node)
        assert status == 200, body
        answer: dict[str, Any] = json.loads(body)
        return answer

    def begin(self, rid: int, *frames: protocol.Frame, ack: int = 0) -> "asyncio.Task[Any]":
        return asyncio.create_task(self.call(rid, *frames, ack=ack))

    async def open(self) -> protocol.Challenge:
        answer = await self.call(FIRST)
        self.sid = Id(Id.parse(answer["sid"]))
        [(number, frame)] = answer["frames"]
        assert number == 1
        challenge = protocol.parse_server(encoder.encode(frame))
        assert isinstance(challenge, protocol.Challenge)
        return challenge


def call_body(rid: int, *frames: bytes, ack: int = 0, sid: Id | None = None) -> bytes:
    body: dict[str, Any] = {"rid": rid, "ack": ack, "frames": [json.loads(one) for one in frames]}
    return encoder.encode(body if sid is None else {**body, "sid": sid})


def kinds(answer: dict[str, Any]) -> list[str]:
    return [frame["t"] for _, frame in answer["frames"]]


async def turns(count: int = 20) -> None:
    """Lets what can happen without a wait happen."""
    for _ in range(count):
        await asyncio.sleep(0)


@pytest.fixture
async def caller(alice: Person) -> Caller:
    """Alice, live; her next rid is FIRST + 2, and two frames are unacknowledged."""
    caller = Caller(alice)
    challenge = await caller.open()
    answer = await caller.call(FIRST + 1, alice.hello(challenge.nonce, settings.SITE_HOST), ack=1)
    assert kinds(answer) == ["state"]
    return caller


NEXT = FIRST + 2


# ---------------------------------------------------------------- rids


async def test_the_same_call_again_gets_the_same_answer_and_does_nothing_twice(
    alice: Person, bob: Person, conv: bytes
) -> None:
    caller = Caller(alice)
    challenge = await caller.open()
    await caller.call(FIRST + 1, alice.hello(challenge.nonce, settings.SITE_HOST), ack=1)
    at_bob = await arrived(bob)
    message = alice.message(conv, "once")
    first = await caller.call(NEXT, message, ack=2)
    assert kinds(first) == ["sent"]
    assert await caller.call(NEXT, message, ack=2) == first
    heard = [frame for frame in await at_bob.silence() if isinstance(frame, protocol.Msg)]
    assert [bob.read(row) for row in heard] == ["once"]


async def test_a_lost_answer_is_asked_for_again_while_the_other_call_waits(caller: Caller) -> None:
    lost = caller.begin(NEXT, ack=2)
    await turns()
    later = caller.begin(NEXT + 1, protocol.Pong(ack=2), ack=2)
    answer = await lost
    assert answer["frames"] == []
    assert await caller.call(NEXT, ack=2) == answer
    later.cancel()


async def test_a_waiting_call_may_be_taken_over_by_a_new_connection(
    caller: Caller, alice: Person
) -> None:
    broken = caller.begin(NEXT, ack=2)
    await turns()
    broken.cancel()
    again = caller.begin(NEXT, ack=2)
    await turns()
    at_laptop = await arrived(alice, 1)
    for session in here().hub.sessions[alice.uid]:
        session.show(protocol.Ping())
    assert kinds(await asyncio.wait_for(again, SOON)) == ["ping"]
    await at_laptop.next(protocol.Ping)


async def test_a_skipped_rid_ends_the_session(caller: Caller) -> None:
    assert (await caller.call(NEXT + 2))["close"] == protocol.CLOSE_BAD_FRAME
    assert (await caller.call(NEXT))["close"] == protocol.CLOSE_BAD_FRAME


async def test_a_rid_long_answered_ends_the_session(caller: Caller) -> None:
    assert kinds(await caller.call(NEXT, protocol.Ping(), ack=2)) == ["pong"]
    assert (await caller.call(FIRST))["close"] == protocol.CLOSE_BAD_FRAME


async def test_a_call_that_overtook_another_waits_for_it(caller: Caller) -> None:
    second = caller.begin(NEXT + 1, protocol.Ping(), ack=2)
    await turns()
    assert not second.done()
    first = await caller.call(NEXT, protocol.Ping(ack=2), ack=2)
    answers = [first, await asyncio.wait_for(second, SOON)]
    assert [kinds(answer) for answer in answers] == [["pong"], ["pong"]]
    assert [number for answer in answers for number, _ in answer["frames"]] == [3, 4]


async def test_a_second_call_makes_the_first_answer(caller: Caller) -> None:
    first = caller.begin(NEXT, ack=2)
    await turns()
    assert not first.done()
    second = caller.begin(NEXT + 1, ack=2)
    assert (await asyncio.wait_for(first, SOON))["frames"] == []
    await turns()
    third = caller.begin(NEXT + 2, ack=2)
    assert (await asyncio.wait_for(second, SOON))["frames"] == []
    assert not third.done()
    third.cancel()


async def test_a_third_open_call_ends_the_session(caller: Caller) -> None:
    early = caller.begin(NEXT + 1, ack=2)  # held, since NEXT has not come
    await turns()
    assert (await caller.call(NEXT + 2))["close"] == protocol.CLOSE_BAD_FRAME
    assert (await asyncio.wait_for(early, SOON))["close"] == protocol.CLOSE_BAD_FRAME


async def test_the_first_rid_is_small_enough_to_rise_for_ever(alice: Person) -> None:
    caller = Caller(alice)
    assert (await caller.call(http.RID_MAX + 1))["close"] == protocol.CLOSE_BAD_FRAME
    assert "sid" in await caller.call(http.RID_MAX)


# ---------------------------------------------------------------- waiting, limits


async def test_a_call_waits_no_longer_than_its_time(
    caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "POLL_SECONDS", 0.01)
    assert (await caller.call(NEXT, ack=2))["frames"] == []


async def test_an_answer_takes_what_fits_and_the_next_the_rest(
    caller: Caller, alice: Person
) -> None:
    [session] = here().hub.sessions[alice.uid]
    count = http.POLL_FRAMES + 4
    for _ in range(count):
        session.show(protocol.Ping())
    answers = [await caller.call(NEXT + step, ack=2) for step in range(2)]
    assert [len(answer["frames"]) for answer in answers] == [http.POLL_FRAMES, 4]
    numbers = [number for answer in answers for number, _ in answer["frames"]]
    assert numbers == list(range(3, 3 + count))


async def test_large_frames_share_no_answer(caller: Caller, alice: Person) -> None:
    [session] = here().hub.sessions[alice.uid]
    half = protocol.Error(code="rate", ref=1)
    large = protocol.encode(half)[:-1] + b" " * (http.POLL_BYTES // 2) + b"}"
    for _ in range(2):
        session.push(large, None)
    assert [len((await caller.call(NEXT + step, ack=2))["frames"]) for step in (0, 1)] == [1, 1]


async def test_too_many_frames_or_bytes_in_a_call_are_refused(caller: Caller) -> None:
    ping = protocol.encode(protocol.Ping())
    many = call_body(NEXT, *[ping] * (http.POLL_FRAMES + 1), sid=caller.sid)
    assert (await caller.post(many))[0] == 400
    assert (await caller.post(b" " * (polling.BODY_MAX + 1)))[0] == 413
    assert kinds(await caller.call(NEXT, *[protocol.Ping()] * http.POLL_FRAMES)) == (
        ["pong"] * http.POLL_FRAMES
    )


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b'{"rid":1,"ack":0,"frames":[],"more":1}',
        b'{"rid":-1,"ack":0,"frames":[]}',
    ],
)
async def test_what_is_no_call_is_refused(caller: Caller, body: bytes) -> None:
    status, answer = await caller.post(body)
    assert (status, json.loads(answer)["code"]) == (400, "malformed")


async def test_what_is_no_frame_ends_the_session(caller: Caller) -> None:
    body = call_body(NEXT, b'{"t":"ping"}', b'{"t":"no such frame"}', ack=2, sid=caller.sid)
    _, answer = await caller.post(body)
    assert kinds(json.loads(answer)) == ["pong"]
    assert (await caller.call(NEXT + 1))["close"] == protocol.CLOSE_BAD_FRAME


async def test_calls_in_a_hurry_are_answered_later(
    caller: Caller, alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(here().rates, "calls", Buckets(1_000_000, 1))
    for step in range(5):
        assert kinds(await caller.call(NEXT + step, protocol.Ping(), ack=2 + step)) == ["pong"]


async def test_a_reader_who_acknowledges_nothing_is_closed(
    alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(here(), "rates", Rates(1_000_000))
    lazy, diligent = Caller(alice), Caller(alice, 1)
    for device, caller in enumerate((lazy, diligent)):
        challenge = await caller.open()
        hello = alice.hello(challenge.nonce, settings.SITE_HOST, device=device)
        await caller.call(FIRST + 1, hello, ack=1)
    rid, read = NEXT, 2
    pings = [protocol.Ping()] * http.POLL_FRAMES
    for rid in range(NEXT, NEXT + protocol.WINDOW_FRAMES // http.POLL_FRAMES):
        last = await lazy.call(rid, *pings, ack=0)
        read += len((await diligent.call(rid, *pings, ack=read))["frames"])
    while "frames" in last:
        last = await lazy.call(rid := rid + 1)
    assert last["close"] == protocol.CLOSE_SLOW
    assert read == protocol.WINDOW_FRAMES + 2


async def test_nobody_acknowledges_what_was_not_sent(caller: Caller) -> None:
    assert kinds(await caller.call(NEXT, protocol.Ping(), ack=2)) == ["pong"]
    assert (await caller.call(NEXT + 1, ack=4))["close"] == protocol.CLOSE_BAD_FRAME


# ---------------------------------------------------------------- the end


async def test_who_calls_no_more_is_gone(
    caller: Caller, alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "POLL_ENDS_SECONDS", 0)
    assert alice.uid in here().hub.sessions
    assert kinds(await caller.call(NEXT, protocol.Ping(), ack=2)) == ["pong"]
    await turns()
    assert alice.uid not in here().hub.sessions
    assert (await caller.call(NEXT + 1))["close"] == protocol.CLOSE_RESTART


async def test_who_hangs_up_is_gone_sooner(
    caller: Caller, alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(polls, "GONE_SECONDS", 0)
    waiting = caller.begin(NEXT, ack=2)
    await turns()
    waiting.cancel()
    await turns()
    assert alice.uid not in here().hub.sessions


async def test_a_process_that_drains_ends_those_too_who_said_no_hello(
    caller: Caller, bob: Person
) -> None:
    waiting, stranger = caller.begin(NEXT, ack=2), Caller(bob)
    await stranger.open()
    unknown = stranger.begin(FIRST + 1, ack=1)
    await turns()
    await drain(here(), elsewhere=True)
    for call in (waiting, unknown):
        assert (await asyncio.wait_for(call, SOON))["close"] == protocol.CLOSE_RESTART


async def test_after_a_restart_the_sid_is_unknown(caller: Caller) -> None:
    assert kinds(await caller.call(NEXT, protocol.Ping(), ack=2)) == ["pong"]
    here().polls.clear()  # what a process that starts knows of the sessions of the last
    assert (await caller.call(NEXT + 1))["close"] == protocol.CLOSE_RESTART


async def test_an_answer_names_the_node_and_a_call_that_missed_it_is_counted(
    caller: Caller,
) -> None:
    answer = await caller.call(NEXT, protocol.Ping(), ack=2)
    name, before = answer["node"], wrong_nodes()
    assert name == here().hub.node.name
    assert kinds(await caller.call(NEXT + 1, protocol.Ping(), ack=3, node=name)) == ["pong"]
    elsewhere = await caller.call(NEXT + 2, sid=Id(bytes(16)), node="elsewhere:8000")
    assert elsewhere["close"] == protocol.CLOSE_RESTART
    assert wrong_nodes() == before + 1
    await caller.call(NEXT + 2, sid=Id(bytes(16)), node=name)  # it was here, and is over
    assert wrong_nodes() == before + 1


def wrong_nodes() -> int:
    [row] = [row for row in metrics.text().splitlines() if row.startswith(metrics.WRONG_NODE.name)]
    return int(row.split()[1])


# ---------------------------------------------------------------- whose calls


async def test_a_stolen_sid_is_unknown_with_another_cookie(caller: Caller, mallory: Person) -> None:
    thief = Caller(mallory)
    stolen = await thief.call(NEXT, protocol.Ping(), ack=2, sid=caller.sid)
    unknown = await thief.call(NEXT, protocol.Ping(), ack=2, sid=Id(bytes(16)))
    assert stolen == unknown
    assert stolen["close"] == protocol.CLOSE_RESTART
    assert kinds(await caller.call(NEXT, protocol.Ping(), ack=2)) == ["pong"]  # nothing happened


async def test_a_stolen_token_opens_nothing_beside_another_cookie(
    alice: Person, mallory: Person
) -> None:
    """Not even with the device's key: hello is of the session that calls."""
    thief, owner = Caller(mallory), Caller(alice)
    for caller, kept in ((thief, False), (owner, True)):
        challenge = await caller.open()
        hello = alice.hello(challenge.nonce, settings.SITE_HOST)
        answer = await caller.call(FIRST + 1, hello, ack=1)
        if kept:
            assert kinds(answer) == ["state"]
        else:
            assert answer["close"] == protocol.CLOSE_SIGN_IN


async def test_without_a_cookie_there_is_no_session(alice: Person) -> None:
    caller = Caller(alice)
    caller.post = AsgiPost("")
    assert (await caller.call(FIRST))["close"] == protocol.CLOSE_SIGN_IN


@pytest.mark.parametrize("origin", FOREIGN)
async def test_the_origin_must_be_ours(alice: Person, origin: str) -> None:
    status, answer = await AsgiPost(alice.devices[0].cookie, origin)(call_body(FIRST))
    assert (status, json.loads(answer)["code"]) == (403, "origin")


async def test_only_post_is_a_call(alice: Person) -> None:
    status, _ = await AsgiPost(alice.devices[0].cookie)(b"", method="GET")
    assert status == 405


async def test_answers_are_stored_nowhere_and_read_by_no_other_site(caller: Caller) -> None:
    await caller.call(NEXT, protocol.Ping(), ack=2)
    headers = caller.post.headers
    assert headers[b"cache-control"] == b"no-store"
    assert headers[b"cross-origin-resource-policy"] == b"same-origin"
    assert headers[b"x-content-type-options"] == b"nosniff"
    assert b"default-src 'none'" in headers[b"content-security-policy"]
