"""What the site keeps no longer: gone for both, counted nowhere, and told to nobody as read."""

from typing import Any

import pytest
from django.db import connections

from chatsite.running import threads
from messaging import protocol, retention
from messaging.backends import connection_store, log, tables
from messaging.backends.base import Busy
from messaging.domain import Contact, Gone, Pair, VectorRow
from testkit import cast
from testkit.cast import Person, now_ms
from tests.messaging.socket import Socket, arrived
from tests.messaging.test_messages import page, send

pytestmark = pytest.mark.usefixtures("database_access")


@pytest.fixture(autouse=True)
def nothing_of_others(database_access: None) -> None:
    """What a round finds is of the whole site."""
    with connections["messages"].cursor() as cursor:
        cursor.execute("UPDATE conversation SET text = NULL")
        cursor.execute("UPDATE conversation_head SET purged = last_seq")


@pytest.fixture
async def at_alice(alice: Person, conv: bytes) -> Socket:
    return await arrived(alice)


async def written(at: Socket, who: Person, conv: bytes, count: int, **more: Any) -> list[int]:
    """When each came into the log."""
    return [(await send(at, who.message(conv, f"{n}", **more))).time for n in range(count)]


async def purge(upto: int, **more: Any) -> retention.Purged:
    """What was sent until then."""
    return await retention.purge(upto + retention.DAY_MS, 1, **more)


async def gone(conv: bytes) -> list[Gone | None]:
    return [row.gone for row in await log().page(conv, 50, now_ms(), after=0)]


async def seen_by(who: Person) -> VectorRow:
    [row] = (await log().vector(who.uid, 9)).rows
    return row


async def side(who: Person, conv: bytes) -> Contact:
    found = await connection_store().contact(who.uid, conv)
    assert found
    return found


async def test_what_is_too_old_goes_for_both_and_the_rest_stays(
    alice: Person, bob: Person, conv: bytes, at_alice: Socket
) -> None:
    at_bob = await arrived(bob)
    _, second, _ = await written(at_alice, alice, conv, 3)
    done = await purge(second)
    assert (done.messages, done.conversations, done.failed) == (2, 1, 0)
    assert await gone(conv) == [Gone.EXPIRED, Gone.EXPIRED, None]
    for at in (at_alice, at_bob):
        assert (await at.next(protocol.Connection)).cleared == 2
        shown = await page(at, conv)
        assert [row.seq for row in shown.rows] == [3]
        assert not shown.more
    assert await purge(second) == retention.Purged()


async def test_what_nobody_read_is_not_unread_and_its_sender_hears_nothing(
    alice: Person, bob: Person, conv: bytes, at_alice: Socket
) -> None:
    at_bob = await arrived(bob)
    times = await written(at_alice, alice, conv, 3)
    await purge(times[1])
    by_bob, by_alice = await seen_by(bob), await seen_by(alice)
    assert (by_bob.peer_ord, by_bob.my_read_ord) == (3, 2)
    assert (by_bob.my_read, by_bob.my_got) == (2, 2)
    assert (by_alice.peer_read, by_alice.peer_got) == (0, 0)
    receipt = await at_bob.next(protocol.Receipt)
    assert (receipt.by, receipt.got, receipt.read, receipt.read_ord) == (bob.uid, 2, 2, 2)
    assert not [one for one in await at_alice.silence() if isinstance(one, protocol.Receipt)]


async def test_page_after_page_from_where_it_ended(
    alice: Person, conv: bytes, at_alice: Socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "ROWS", 2)
    times = await written(at_alice, alice, conv, 5)
    assert (await purge(times[0])).messages == 1
    assert (await purge(times[4])).messages == 4
    assert await gone(conv) == [Gone.EXPIRED] * 5
    assert (await side(alice, conv)).cleared == 5


async def test_counted_and_not_taken_away(alice: Person, conv: bytes, at_alice: Socket) -> None:
    [time] = await written(at_alice, alice, conv, 1)
    looked: list[int] = []
    assert (await purge(time, told=looked.append, dry=True)).messages == 1
    assert sum(looked) == 1
    assert len(looked) == await retention.conversations()
    assert await gone(conv) == [None]
    assert (await side(alice, conv)).cleared == 0


async def test_a_message_with_a_ttl_goes_with_its_key(
    alice: Person, conv: bytes, at_alice: Socket
) -> None:
    [time] = await written(at_alice, alice, conv, 1, ttl=3600)
    await purge(time)
    [row] = await log().page(conv, 50, now_ms(), after=0)
    assert row.gone is Gone.EXPIRED
    assert await log().salts(conv, [row.client_id], now_ms()) == {}


async def test_what_was_cut_off_is_done_by_a_repeat(
    alice: Person, bob: Person, conv: bytes, at_alice: Socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    [time] = await written(at_alice, alice, conv, 1)
    whole = tables()

    async def away(_: object) -> None:
        raise Busy

    with monkeypatch.context() as broken:
        broken.setattr(whole, "purge", away)
        broken.setattr(retention, "tables", lambda: whole)
        with pytest.raises(Busy):
            await purge(time)
    for who in (alice, bob):
        assert (await side(who, conv)).cleared == 1, "nobody sees a message without its file"
    assert await gone(conv) == [None]
    assert (await purge(time)).messages == 1
    assert await gone(conv) == [Gone.EXPIRED]


async def test_a_damaged_conversation_holds_up_no_other(
    alice: Person, bob: Person, conv: bytes, at_alice: Socket
) -> None:
    [time] = await written(at_alice, alice, conv, 1)

    def damage() -> None:
        with connections["messages"].cursor() as cursor:
            cursor.execute("DELETE FROM contact WHERE owner = %s", [alice.uid])

    await threads.run(damage)
    done = await purge(time)
    assert (done.messages, done.failed) == (0, 1)
    assert await gone(conv) == [None]
    pair = await connection_store().pair(alice.uid, bob.uid)
    assert isinstance(pair, Pair)
    await tables().tell_sides(pair, now_ms())
    assert (await purge(time)).messages == 1


@pytest.fixture
async def two(alice: Person, at_alice: Socket, conv: bytes, enrol: Any) -> tuple[bytes, int]:
    """Another conversation of alice's, and when the newest message of both came."""
    other = await cast.connect(alice, await enrol("carol"))
    await written(at_alice, alice, other, 1)
    return other, (await written(at_alice, alice, conv, 1))[-1]


def busy_at(conv: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """`conv` never answers; b"" = none does."""
    whole = tables()
    real = whole.purged

    async def purged(asked: bytes) -> int:
        if not conv or asked == conv:
            raise Busy
        return await real(asked)

    monkeypatch.setattr(whole, "purged", purged)
    monkeypatch.setattr(retention, "tables", lambda: whole)


async def test_a_conversation_that_never_answers_holds_up_no_other(
    conv: bytes, two: tuple[bytes, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    other, upto = two
    for silent, answers in ((conv, other), (other, conv)):
        done = retention.Purged()
        with monkeypatch.context() as broken:
            busy_at(silent, broken)
            with pytest.raises(Busy):
                await purge(upto, into=done)
        assert (done.messages, await gone(answers)) == (1, [Gone.EXPIRED])


async def test_a_store_that_is_away_is_not_asked_of_every_conversation(
    two: tuple[bytes, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "BUSY_MAX", 1)
    looked: list[int] = []
    busy_at(b"", monkeypatch)
    with pytest.raises(Busy):
        await purge(two[1], told=looked.append)
    assert looked == []
