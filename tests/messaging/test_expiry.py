"""What has had its time is gone from the store, by the server's minute or by hand."""

import asyncio
from io import StringIO

from asgiref.sync import sync_to_async
from django.core.management import call_command

from accounts.models import User
from chatsite.running import tasks
from messaging import expiry, invites, protocol
from messaging.backends import log
from messaging.backends.base import Busy
from messaging.domain import Gone
from testkit.cast import Person, now_ms
from tests.faulty import faulty
from tests.messaging.socket import SOON, arrived

MINUTE_MS = 60_000


async def send(alice: Person, conv: bytes, ttl: int) -> None:
    at_alice = await arrived(alice)
    at_alice.send(alice.message(conv, "for a while", ttl=ttl))
    await at_alice.next(protocol.Sent)


async def stored(conv: bytes) -> list[Gone | None]:
    """As the store has it, whatever the clock says."""
    return [row.gone for row in await log().page(conv, 50, 0, after=0)]


async def test_what_would_go_is_counted_page_by_page(alice, bob, conv, monkeypatch):
    monkeypatch.setattr(expiry, "BROWSE_MAX", 1)
    await expiry.prune(now_ms() + 2 * MINUTE_MS)  # what other tests left
    for ttl in (60, 60, 0):
        await send(alice, conv, ttl=ttl)
    await expiry.prune(now_ms())
    assert (await expiry.counted(now_ms()))["messages"] == 0
    assert (await expiry.counted(now_ms() + 2 * MINUTE_MS))["messages"] == 2
    await expiry.prune(now_ms() + 2 * MINUTE_MS)


async def test_texts_and_salts_go_when_their_time_has_come(alice, bob, conv):
    await send(alice, conv, ttl=60)
    await send(alice, conv, ttl=0)
    await expiry.prune(now_ms())
    assert await stored(conv) == [None, None]
    assert await expiry.prune(now_ms() + 2 * MINUTE_MS) >= 1
    assert await stored(conv) == [Gone.EXPIRED, None]


async def test_more_than_one_batch(alice, bob, conv, monkeypatch):
    for _ in range(3):
        await send(alice, conv, ttl=60)
    monkeypatch.setattr(expiry, "BATCH", 2)
    await expiry.prune(now_ms() + 2 * MINUTE_MS)
    assert await stored(conv) == [Gone.EXPIRED] * 3


async def test_old_invites_go_too(alice):
    user = await User.objects.aget(uid=alice.uid)
    invite, _ = await invites.make(user, connects=True, now=now_ms())
    await expiry.prune(invite.expires - 1)
    assert await sync_to_async(invites.opened)(user, now_ms()) == [invite]
    await expiry.prune(invite.expires)
    assert await sync_to_async(invites.opened)(user, now_ms()) == []


async def test_the_server_does_it_by_itself(alice, bob, conv):
    await send(alice, conv, ttl=60)
    task = asyncio.create_task(expiry.every_minute(lambda: now_ms() + 2 * MINUTE_MS))
    async with asyncio.timeout(SOON):
        while await stored(conv) != [Gone.EXPIRED]:  # noqa: ASYNC110 -- the store tells nobody
            await asyncio.sleep(0)
    task.cancel()


async def test_a_store_that_is_away_is_tried_again(alice, bob, conv, monkeypatch):
    await send(alice, conv, ttl=60)
    monkeypatch.setattr(expiry, "EVERY_SECONDS", 0)
    monkeypatch.setattr(tasks, "FAILED_SECONDS", 0)
    faults = (Busy(), RuntimeError("a fault of the store"))
    with faulty("MESSAGE_LOG") as store, store.failing("expire", *faults) as left:
        task = asyncio.create_task(expiry.every_minute(lambda: now_ms() + 2 * MINUTE_MS))
        async with asyncio.timeout(SOON):
            while await stored(conv) != [Gone.EXPIRED]:  # noqa: ASYNC110 -- the store tells nobody
                await asyncio.sleep(0)
        task.cancel()
    assert not left


def test_the_operator_does_it_by_hand():
    out = StringIO()
    call_command("prune", stdout=out)
    assert out.getvalue().startswith("Cleared ")
