"""Sending, reading back and erasing, seen from the sockets of the two people and of a third."""

import secrets
from typing import Any

import pytest

from chatsite.edge.wire import B32, Id
from messaging import protocol
from messaging.backends import connection_store, log
from messaging.domain import PairState, block_bit
from testkit import cast
from testkit.cast import Person, now_ms
from tests.messaging.conftest import Enrol
from tests.messaging.socket import Socket, arrived

pytestmark = pytest.mark.usefixtures("transport")  # WebSocket and long poll


async def send(socket: Socket, message: protocol.Send) -> protocol.Sent:
    socket.send(message)
    return await socket.next(protocol.Sent)


async def refusal(socket: Socket, frame: protocol.Frame) -> protocol.Error:
    socket.send(frame)
    return await socket.next(protocol.Error)


async def page(socket: Socket, conv: bytes, **which: Any) -> protocol.Page:
    socket.send(protocol.Get(ref=7, conv=Id(conv), **which))
    return await socket.next(protocol.Page)


async def block(blocker: Person, blocked: Person) -> None:
    """As the connections use case leaves it; nothing is announced."""
    pair = await connection_store().pair(blocker.uid, blocked.uid)
    assert pair
    bits = pair.blocked | block_bit(blocker.uid, blocked.uid)
    await connection_store().change(pair, pair.state, bits, now_ms())


async def unblock(blocker: Person, blocked: Person) -> None:
    pair = await connection_store().pair(blocker.uid, blocked.uid)
    assert pair
    bits = pair.blocked & ~block_bit(blocker.uid, blocked.uid)
    await connection_store().change(pair, pair.state, bits, now_ms())


async def test_a_message_reaches_the_other_and_is_confirmed(
    alice: Person, bob: Person, conv: bytes
) -> None:
    at_alice, at_bob = await arrived(alice), await arrived(bob)
    message = alice.message(conv, "good morning")
    sent = await send(at_alice, message)
    assert (sent.client_id, sent.seq, sent.ord) == (message.client_id, 1, 1)
    assert sent.heads == protocol.Heads(me=(1, B32(alice.link.hash)), peer=(1, B32(bob.link.hash)))
    row = await at_bob.next(protocol.Msg)
    assert bob.read(row) == "good morning"
    assert (row.seq, row.sender, row.time) == (1, alice.uid, sent.time)


async def test_every_other_device_of_both_gets_it_and_the_sending_one_does_not(
    alice: Person, bob: Person, conv: bytes
) -> None:
    at_alice, at_laptop = await arrived(alice), await arrived(alice, 1)
    at_bob, at_bobs_laptop = await arrived(bob), await arrived(bob, 1)
    await send(at_alice, alice.message(conv, "to all of us"))
    for socket, who in ((at_laptop, alice), (at_bob, bob), (at_bobs_laptop, bob)):
        assert who.read(await socket.next(protocol.Msg)) == "to all of us"
    assert not [frame for frame in await at_alice.silence() if isinstance(frame, protocol.Msg)]


@pytest.mark.parametrize("ttl", [0, 60])
async def test_what_is_announced_is_the_row_that_a_page_shows(
    alice: Person, bob: Person, conv: bytes, ttl: int
) -> None:
    at_alice, at_laptop, at_bob = await arrived(alice), await arrived(alice, 1), await arrived(bob)
    await send(at_alice, alice.message(conv, "the same", ttl=ttl))
    for socket in (at_laptop, at_bob):
        announced = await socket.next(protocol.Msg)
        assert (await page(socket, conv)).rows == [announced]


async def test_an_outsider_gets_what_nobody_gets(
    alice: Person, bob: Person, mallory: Person, conv: bytes
) -> None:
    """Every frame that names a conversation: another's answers exactly as none."""
    at_alice, at_mallory = await arrived(alice), await arrived(mallory)
    await send(at_alice, alice.message(conv, "for bob alone"))
    mallory.epochs, mallory.peers = dict(alice.epochs), {conv: bob.link}
    real, none = conv, secrets.token_bytes(16)
    mallory.epochs[none], mallory.peers[none] = alice.epochs[conv], bob.link
    for name in (real, none):
        message = mallory.message(name, "let me in")
        message.conv = Id(name)
        error = await refusal(at_mallory, message)
        assert (error.code, error.client_id) == ("unknown", message.client_id)
        for frame in (
            protocol.Got(conv=Id(name), seq=1),
            protocol.Read(conv=Id(name), seq=1, ord=1),
            protocol.Typing(conv=Id(name)),
        ):
            assert await refusal(at_mallory, frame) == protocol.Error(code="unknown")
        for get in (
            protocol.Get(ref=1, conv=Id(name)),
            protocol.Get(ref=1, conv=Id(name), after=0),
            protocol.Get(ref=1, conv=Id(name), before=5),
            protocol.Get(ref=1, last=[Id(name)]),
        ):
            assert await refusal(at_mallory, get) == protocol.Error(code="unknown", ref=1)
    assert (await page(at_alice, conv)).rows[0].seq == 1  # it was there to be had


async def test_a_repeat_gets_the_first_answer(alice: Person, bob: Person, conv: bytes) -> None:
    at_alice = await arrived(alice)
    message = alice.message(conv, "once")
    first = await send(at_alice, message)
    assert await send(at_alice, message) == first
    assert len((await page(at_alice, conv)).rows) == 1


async def test_a_client_id_names_one_message(alice: Person, bob: Person, conv: bytes) -> None:
    at_alice = await arrived(alice)
    message, other = alice.message(conv, "one"), alice.message(conv, "two")
    await send(at_alice, message)
    sealed = alice.message(conv, "another text")
    same_name = protocol.Send(
        client_id=message.client_id, conv=message.conv, after_seq=0, epoch=0, kind=1, ttl=0,
        body=message.body, salt=sealed.salt,
    )  # fmt: skip
    assert (await refusal(at_alice, same_name)).code == "reused"
    await send(at_alice, other)


async def test_a_frame_that_contradicts_its_envelope_is_refused(
    alice: Person, bob: Person, mallory: Person, conv: bytes
) -> None:
    at_alice = await arrived(alice)
    of_another_device = alice.message(conv, "x", device=1)
    wrong_id, wrong_kind, wrong_ttl, garbled, blobs = (alice.message(conv, "x") for _ in range(5))
    wrong_id.client_id = Id(secrets.token_bytes(16))
    wrong_kind.kind = 2
    wrong_ttl.ttl = 3600
    garbled.body = garbled.body[:-1]
    blobs.blobs = [Id(bytes(16)), Id(bytes(16))]
    short_lived = alice.message(conv, "x", ttl=protocol.TTL_MIN - 1)
    for bad in (of_another_device, wrong_id, wrong_kind, wrong_ttl, garbled, blobs, short_lived):
        assert (await refusal(at_alice, bad)).code == "unsupported"
    assert not (await page(at_alice, conv)).rows
    await send(at_alice, alice.message(conv, "and a good one passes"))


async def test_what_erases_is_silent_and_what_has_files_is_not(
    alice: Person, bob: Person, conv: bytes
) -> None:
    """So much of what counts as unread is for the server to judge."""
    at_alice = await arrived(alice)
    first = alice.message(conv, "first")
    row = await send(at_alice, first)
    loud, quiet = alice.message(conv, "x"), alice.message(conv, "x", kind=2)
    loud.erase = protocol.Erase(seq=row.seq, client_id=first.client_id)
    quiet.blobs = [Id(bytes(16))]
    for bad in (loud, quiet):
        assert (await refusal(at_alice, bad)).code == "unsupported"
    assert [(row.seq, row.gone) for row in (await page(at_alice, conv)).rows] == [(1, None)]


async def test_bob_cannot_send_as_alice(alice: Person, bob: Person, conv: bytes) -> None:
    at_bob = await arrived(bob)
    assert (await refusal(at_bob, alice.message(conv, "forged"))).code == "unsupported"
    await send(at_bob, bob.message(conv, "mine"))


async def test_without_a_connection_nothing_is_sent(alice: Person, bob: Person) -> None:
    conv = await cast.ask(alice, bob)
    alice.epochs[conv], alice.peers[conv] = cast.first_epoch(alice, bob, conv), bob.link
    at_alice = await arrived(alice)
    assert (await refusal(at_alice, alice.message(conv, "hello?"))).code == "not_connected"


async def test_a_blocked_sender_is_answered_as_ever_and_never_heard(
    alice: Person, bob: Person, conv: bytes
) -> None:
    await block(bob, alice)
    at_alice, at_laptop, at_bob = await arrived(alice), await arrived(alice, 1), await arrived(bob)
    sent = await send(at_alice, alice.message(conv, "are you there?"))
    assert (sent.seq, sent.ord) == (1, 1)
    assert alice.read(await at_laptop.next(protocol.Msg)) == "are you there?"
    assert not [frame for frame in await at_bob.silence() if isinstance(frame, protocol.Msg)]
    [row] = (await page(at_bob, conv)).rows
    assert row == protocol.Msg(conv=Id(conv), seq=1, gone="withheld")
    [own] = (await page(at_alice, conv)).rows
    assert alice.read(own) == "are you there?"


async def test_what_was_withheld_stays_so_when_it_is_sent_again(
    alice: Person, bob: Person, conv: bytes
) -> None:
    """Its answer was lost, and the block ended meanwhile."""
    await block(bob, alice)
    message = alice.message(conv, "never for you")
    first = await send(await arrived(alice), message)
    await unblock(bob, alice)
    at_bob = await arrived(bob)
    assert await send(await arrived(alice), message) == first
    assert not [frame for frame in await at_bob.silence() if isinstance(frame, protocol.Msg)]
    assert [row.gone for row in (await page(at_bob, conv)).rows] == ["withheld"]


async def test_the_blocker_cannot_send_either(alice: Person, bob: Person, conv: bytes) -> None:
    await block(bob, alice)
    at_bob = await arrived(bob)
    assert (await refusal(at_bob, bob.message(conv, "and another thing"))).code == "not_connected"


async def test_pages_go_both_ways_and_say_whether_there_is_more(
    alice: Person, bob: Person, conv: bytes
) -> None:
    at_alice = await arrived(alice)
    for number in range(1, 6):
        await send(at_alice, alice.message(conv, str(number)))
    newest = await page(at_alice, conv, limit=2)
    assert ([row.seq for row in newest.rows], newest.more) == ([5, 4], True)
    oldest = await page(at_alice, conv, before=3, limit=2)
    assert ([row.seq for row in oldest.rows], oldest.more) == ([2, 1], False)
    later = await page(at_alice, conv, after=3)
    assert ([row.seq for row in later.rows], later.more) == ([4, 5], False)
    assert [alice.read(row) for row in later.rows] == ["4", "5"]
    at_alice.send(protocol.Get(ref=9, last=[Id(conv), Id(conv)]))  # asked twice, told once
    last = await at_alice.next(protocol.Page)
    assert ([row.seq for row in last.rows], last.more, last.ref) == ([5], False, 9)


async def test_a_page_ends_before_it_grows_too_large(
    alice: Person, bob: Person, conv: bytes
) -> None:
    at_alice = await arrived(alice)
    for _ in range(3):
        await send(at_alice, alice.message(conv, "x" * 17_000))
    first = await page(at_alice, conv)
    assert ([row.seq for row in first.rows], first.more) == ([3], True)
    second = await page(at_alice, conv, before=3)
    assert second.rows[0].seq == 2


async def test_long_newest_messages_do_not_fill_the_window_of_who_asks_for_them(
    alice: Person, enrol: Enrol
) -> None:
    """Those left out are asked for one by one, and each answer is acknowledged."""
    count = protocol.WINDOW_BYTES // 40_000  # all of them are above the window
    convs = []
    at_alice = await arrived(alice)
    for number in range(count):
        convs.append(await cast.connect(alice, await enrol(f"peer{number}")))
        await send(at_alice, alice.message(convs[-1], "x" * 32_000))
    at_other = await arrived(alice)
    at_other.send(protocol.Get(ref=1, last=[Id(conv) for conv in convs]))
    pages = [await at_other.next(protocol.Page)]
    while pages[-1].more:
        pages.append(await at_other.next(protocol.Page))
    assert len(pages) == protocol.LAST_PAGES
    seen = {row.conv for answer in pages for row in answer.rows}
    left = next(conv for conv in convs if conv not in seen)
    assert len((await page(at_other, left, after=0)).rows) == 1
    assert await at_other.silence() == []


async def test_what_the_owner_cleared_is_not_shown_again(
    alice: Person, bob: Person, conv: bytes
) -> None:
    at_alice = await arrived(alice)
    for number in range(1, 4):
        await send(at_alice, alice.message(conv, str(number)))
    await connection_store().clear(bob.uid, alice.uid, 2)
    at_bob = await arrived(bob)
    assert [row.seq for row in (await page(at_bob, conv)).rows] == [3]
    assert [row.seq for row in (await page(at_bob, conv, after=0)).rows] == [3]
    assert len((await page(at_alice, conv)).rows) == 3


async def test_long_texts_below_what_was_cleared_promise_nothing_more(
    alice: Person, bob: Person, conv: bytes
) -> None:
    at_alice = await arrived(alice)
    for _ in range(3):
        await send(at_alice, alice.message(conv, "x" * 17_000))
    await connection_store().clear(alice.uid, bob.uid, 3)
    answer = await page(await arrived(alice), conv)
    assert (answer.rows, answer.more) == ([], False)


async def test_get_asks_for_one_thing(alice: Person, bob: Person, conv: bytes) -> None:
    at_alice = await arrived(alice)
    for get in (protocol.Get(ref=1), protocol.Get(ref=1, conv=Id(conv), before=1, after=1)):
        assert await refusal(at_alice, get) == protocol.Error(code="unsupported", ref=1)
    at_alice.send(protocol.Get(ref=1, last=[]))
    assert (await at_alice.next(protocol.Page)).rows == []


async def test_a_timed_message_carries_its_salt_until_it_expires(
    alice: Person, bob: Person, conv: bytes
) -> None:
    at_alice, at_bob = await arrived(alice), await arrived(bob)
    await send(at_alice, alice.message(conv, "for a minute", ttl=60))
    assert bob.read(await at_bob.next(protocol.Msg)) == "for a minute"
    [row] = (await page(at_bob, conv)).rows
    assert (bob.read(row), row.ttl) == ("for a minute", 60)
    await log().expire(now_ms() + 61_000, 100)
    [row] = (await page(at_bob, conv)).rows
    assert (row.gone, row.body, row.salt, row.ttl) == ("expired", None, None, 60)


async def test_erasing_takes_content_and_leaves_the_row(
    alice: Person, bob: Person, conv: bytes
) -> None:
    at_alice, at_bob = await arrived(alice), await arrived(bob)
    first = await send(at_alice, alice.message(conv, "oops"))
    note = alice.message(conv, "erased", kind=2)
    note.erase = protocol.Erase(seq=first.seq, client_id=first.client_id)
    await send(at_alice, note)
    await at_bob.next(protocol.Msg)
    assert (await at_bob.next(protocol.Msg)).erase == note.erase
    rows = (await page(at_bob, conv)).rows
    assert [(row.seq, row.gone) for row in rows] == [(2, None), (1, "erased")]
    assert rows[1].body is None
    await send(at_alice, note)  # repeating has no effect


async def test_nobody_erases_what_another_wrote(alice: Person, bob: Person, conv: bytes) -> None:
    at_alice, at_bob = await arrived(alice), await arrived(bob)
    first = await send(at_alice, alice.message(conv, "mine"))
    for seq, client_id in ((1, first.client_id), (1, secrets.token_bytes(16)), (9, b"x" * 16)):
        note = bob.message(conv, "erased", kind=2)
        note.erase = protocol.Erase(seq=seq, client_id=Id(client_id))
        assert (await refusal(at_bob, note)).code == "unknown"
    [row] = (await page(at_bob, conv)).rows
    assert bob.read(row) == "mine"


async def test_an_epoch_that_is_not_there_is_stale(alice: Person, bob: Person) -> None:
    conv = await cast.ask(alice, bob)
    await cast.ask(bob, alice)
    alice.epochs[conv], alice.peers[conv] = cast.first_epoch(alice, bob, conv), bob.link
    at_alice = await arrived(alice)
    message = alice.message(conv, "too early")
    at_alice.send(message)
    stale = await at_alice.next(protocol.StaleEpoch)
    assert stale == protocol.StaleEpoch(client_id=message.client_id, conv=Id(conv), head=0)
    await connection_store().advance(conv, cast.new_epoch(alice.epochs[conv]))
    await send(at_alice, alice.message(conv, "now it is there"))  # no news of it was needed


@pytest.mark.parametrize("state", [PairState.WITHDRAWN])
async def test_a_closed_pair_sends_nothing(
    alice: Person, bob: Person, conv: bytes, state: PairState
) -> None:
    pair = await connection_store().pair(alice.uid, bob.uid)
    assert pair
    await connection_store().change(pair, state, 0, now_ms())
    at_alice = await arrived(alice)
    assert (await refusal(at_alice, alice.message(conv, "hello?"))).code == "not_connected"
