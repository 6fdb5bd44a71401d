"""manage.py prune_messages: nothing goes unasked; then what is older than so many days."""

import asyncio
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connections

from chatsite import env, retention
from chatsite.env import BadSetting
from chatsite.running import threads
from messaging import retention as messages
from messaging.backends import log
from messaging.backends.base import Busy
from messaging.domain import Gone
from messaging.retention import DAY_MS
from moderation.models import Audit
from testkit.cast import Person, now_ms
from tests.messaging import conftest as messaging
from tests.messaging.socket import arrived
from tests.messaging.test_messages import send

alice, bob, conv, enrol = messaging.alice, messaging.bob, messaging.conv, messaging.enrol
database_access, fresh_limits = messaging.database_access, messaging.fresh_limits
hellos_wait_for_nobody = messaging.hellos_wait_for_nobody


def said(*words: str) -> str:
    out = StringIO()
    call_command("prune_messages", *words, stdout=out)
    return out.getvalue().splitlines()[-1]


@pytest.fixture
async def old(alice: Person, bob: Person, conv: bytes) -> bytes:
    """A conversation with one message of ten days ago and one of now; there is no other message."""
    at_alice = await arrived(alice)
    for words in ("then", "now"):
        await send(at_alice, alice.message(conv, words))

    def age() -> None:
        with connections["messages"].cursor() as cursor:
            cursor.execute("UPDATE conversation_head SET purged = last_seq")
            cursor.execute(
                "UPDATE conversation_head SET purged = 0 WHERE conversation_id = %s", [conv]
            )
            then = now_ms() - 10 * DAY_MS
            cursor.execute(
                "UPDATE conversation SET time = %s WHERE conversation_id = %s AND seq = 1",
                [then, conv],
            )
        Audit.objects.count()

    await threads.run(age)
    return conv


async def stored(conv: bytes) -> list[Gone | None]:
    return [row.gone for row in await log().page(conv, 9, now_ms(), after=0)]


def test_nothing_goes_unless_it_is_asked_for(old: bytes) -> None:
    assert said() == "messages: stay (MESSAGE_RETENTION_DAYS is not set)"
    assert asyncio.run(stored(old)) == [None, None]


def test_what_is_too_old_goes_once_and_is_written_down(old: bytes, settings: Any) -> None:
    settings.MESSAGE_RETENTION_DAYS, before = 9, Audit.objects.count()
    would = said("--dry-run")
    assert would == "messages: 1 would go, of 1 conversations, older than 9 days"
    assert asyncio.run(stored(old)) == [None, None]
    assert said() == "messages: 1 gone, of 1 conversations, older than 9 days"
    assert asyncio.run(stored(old)) == [Gone.EXPIRED, None]
    assert said() == "messages: 0 gone, of 0 conversations, older than 9 days"
    [entry] = Audit.objects.order_by("n")[before:]
    assert (entry.action, entry.actor) == ("prune_messages", "manage.py prune_messages")
    assert '"messages":1' in entry.details


def test_what_is_younger_stays(old: bytes, settings: Any) -> None:
    settings.MESSAGE_RETENTION_DAYS = 11
    assert said() == "messages: 0 gone, of 0 conversations, older than 11 days"


def test_a_damaged_conversation_is_told(old: bytes, settings: Any) -> None:
    settings.MESSAGE_RETENTION_DAYS = 9
    with connections["messages"].cursor() as cursor:
        cursor.execute("DELETE FROM contact WHERE conversation_id = %s", [old])
    with pytest.raises(CommandError, match="1 conversations are damaged: see check_store"):
        said()


async def test_the_server_does_it_by_itself_where_its_clock_is_right(
    old: bytes, settings: Any
) -> None:
    settings.MESSAGE_RETENTION_DAYS = 9
    wrong = asyncio.ensure_future(retention.every_day(lambda: True))
    right = None
    try:
        await asyncio.sleep(0)
        assert await stored(old) == [None, None]
        wrong.cancel()
        right = asyncio.ensure_future(retention.every_day())
        async with asyncio.timeout(30):
            while await stored(old) != [Gone.EXPIRED, None]:  # noqa: ASYNC110 -- it tells nobody
                await asyncio.sleep(0)
    finally:
        for task in (wrong, right):
            if task:
                task.cancel()


async def test_it_waits_until_somebody_has_looked_at_its_clock(
    old: bytes, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A machine that has just started may not know the time yet."""
    settings.MESSAGE_RETENTION_DAYS = 9
    monkeypatch.setattr(retention, "LOOK_SECONDS", 0)
    looks: list[bool | None] = []

    def verdict() -> bool | None:
        looks.append(None if len(looks) < 3 else False)
        return looks[-1]

    there = [await stored(old)]
    round_ = asyncio.ensure_future(retention.every_day(verdict))
    try:
        async with asyncio.timeout(30):
            while len(looks) < 3:
                there.append(await stored(old))
            while there[-1] != [Gone.EXPIRED, None]:
                there.append(await stored(old))
    finally:
        round_.cancel()
    assert looks[:4] == [None, None, None, False]


async def test_a_round_that_broke_off_is_written_down(
    old: bytes, alice: Person, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.MESSAGE_RETENTION_DAYS = 9

    async def away(*_: object) -> None:
        raise Busy

    monkeypatch.setattr(messages, "_tell", away)  # the last step, once the first is done
    before = await threads.run(Audit.objects.count)
    with pytest.raises(Busy):
        await retention.apply(now_ms(), "the server")
    assert await stored(old) == [Gone.EXPIRED, None]
    [entry] = await threads.run(lambda: list(Audit.objects.order_by("n")[before:]))
    assert '"messages":1' in entry.details


@pytest.mark.parametrize("value", ["-1", "x", "0.5"])
def test_a_wrong_number_of_days_is_named(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("MESSAGE_RETENTION_DAYS", value)
    with pytest.raises(BadSetting, match="MESSAGE_RETENTION_DAYS"):
        env.days("MESSAGE_RETENTION_DAYS", 1)
