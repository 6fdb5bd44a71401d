"""A crash between any two steps: by an error of the database, and by a real SIGKILL."""

import asyncio
import json
import os
import sqlite3
import subprocess
import sys

import psycopg
import pytest

from messaging.backends.base import Busy
from messaging.backends.sql.database import Session
from messaging.domain import NewEpoch
from testkit.running import ROOT
from tests.contracts.adapters import (
    NOW,
    Adapters,
    Chat,
    connected,
    new_id,
    seal,
    settings_of,
    vector_of,
)  # fmt: skip
from tests.messaging.backends.steps import (
    a_change_at_each_step,
    an_epoch_at_each_step,
    at_each_step,
)

GROUP = 2  # messages in the group that a process dies in


class Fault:
    """From the n-th statement on the database is gone, until it is healed."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.left: int | None = None  # statements until it breaks
        self.after = False
        execute = Session.execute

        def failing(session: Session, text: str, values=()):
            if self.left is not None:
                self.left -= 1
                if self.left < 0 or (self.left == 0 and not self.after):
                    raise error_of(session)
            result = execute(session, text, values)
            if self.left == 0:
                raise error_of(session)
            return result

        monkeypatch.setattr(Session, "execute", failing)

    def arm(self, statement: int, after: bool) -> None:
        self.left, self.after = statement, after

    def heal(self) -> None:
        self.left = None


def error_of(session: Session) -> Exception:
    sqlite = session._django.vendor == "sqlite"
    return (sqlite3 if sqlite else psycopg).OperationalError("the disk is gone")


@pytest.fixture
def fault(monkeypatch: pytest.MonkeyPatch) -> Fault:
    return Fault(monkeypatch)


class TestDatabaseGone:
    @pytest.mark.parametrize("ttl", [0, 60])
    @pytest.mark.parametrize("withheld", [False, True])
    async def test_an_append_is_whole_or_not_at_all(self, log, chat, fault, ttl, withheld):
        draft = chat.draft(chat.alice, ttl=ttl, withheld=withheld)
        count = 0

        async def attempt():
            return await log.append(draft, seal, NOW)

        async def check():
            nonlocal draft, count
            await whole(chat)
            place = await attempt()
            count += 1
            assert (place.seq, place.ord) == (count, count)
            assert await attempt() == place
            await whole(chat)
            draft = chat.draft(chat.alice, ttl=ttl, withheld=withheld)

        steps = await at_each_step(fault, attempt, check)
        assert steps >= 6  # begin, head, row, head, watermark, commit

    async def test_asking_is_too(self, adapters, store, fault):
        alice, bob = sorted([new_id(), new_id()])
        conv = new_id()

        async def check():
            nonlocal alice, bob, conv
            pair = await store.pair(alice, bob)
            assert len(await store.contacts(alice)) == (1 if pair else 0)
            pair = await store.ask(alice, bob, conv, NOW)
            assert [row.conv for row in await store.contacts(bob)] == [conv]
            await store.ask(bob, alice, new_id(), NOW)
            await store.advance(conv, NewEpoch(0, b"E0", False, NOW, 1, 1))  # it has a head row
            alice, bob = sorted([new_id(), new_id()])
            conv = new_id()

        assert await at_each_step(fault, lambda: store.ask(alice, bob, conv, NOW), check) >= 6

    async def test_a_change_is_too(self, store, chat, fault):
        assert await a_change_at_each_step(store, chat, fault) >= 5

    async def test_an_epoch_and_its_head_are_one(self, store, chat, fault):
        assert await an_epoch_at_each_step(store, chat, fault) >= 5

    async def test_an_erasure_comes_with_its_message_or_not_at_all(self, log, chat, fault):
        first = await chat.send(chat.alice, ttl=60)
        note = chat.draft(chat.alice, kind=2, erase=(1, first.client_id))

        async def attempt():
            return await log.append(note, seal, NOW)

        async def check():
            nonlocal first, note
            said = await log.find(chat.conv, note.client_id, 0) is not None
            assert said == (await log.salts(chat.conv, [first.client_id], NOW) == {})
            await attempt()
            assert await log.salts(chat.conv, [first.client_id], NOW) == {}
            first = await chat.send(chat.alice, ttl=60)
            note = chat.draft(chat.alice, kind=2, erase=(first.seq, first.client_id))

        assert await at_each_step(fault, attempt, check) >= 9

    async def test_a_read_says_busy_and_works_again(self, log, chat, fault):
        await chat.send(chat.alice)
        fault.arm(1, after=False)
        with pytest.raises(Busy):
            await log.page(chat.conv, 1, NOW)
        fault.heal()
        assert len(await log.page(chat.conv, 1, NOW)) == 1


async def whole(chat: Chat) -> None:
    """Rows, head and watermarks agree: I3, I7."""
    rows = await chat.log.page(chat.conv, 50, NOW, after=0)
    assert [row.seq for row in rows] == list(range(1, len(rows) + 1))
    [mine] = await vector_of(chat.log, chat.alice)
    assert (mine.last_seq, mine.my_ord) == (len(rows), len(rows))
    for row in rows:
        salts = await chat.log.salts(chat.conv, [row.client_id], NOW)
        assert bool(salts) == (row.expires is not None)
    if rows:  # nothing else stands above the last row
        assert await chat.log.last(chat.alice, [chat.conv], NOW) == {chat.conv: rows[-1]}


async def test_a_process_killed_at_any_statement_leaves_a_whole_log(adapters: Adapters):
    """Group commit of two in one process that dies by SIGKILL; the survivors retry."""
    steps, chats = [], []
    for statement in range(1, 15):
        for after in (False, True):
            group = [await connected(adapters) for _ in range(GROUP)]
            messages = [(chat.conv, new_id(), chat.alice, chat.bob) for chat in group]
            hexed = [[value.hex() for value in message] for message in messages]
            steps.append({"statement": statement, "after": after, "messages": hexed})
            chats.append((group, messages))
    deaths = await asyncio.to_thread(kill, adapters.alias, steps)
    assert deaths.count(True) > 10
    survivors = 0
    for group, messages in chats:
        for chat, (conv, client_id, sender, _) in zip(group, messages, strict=True):
            await whole(chat)
            survivors += await adapters.log.find(conv, client_id, 0) is not None
            draft = chat.draft(sender, client_id=client_id, device=bytes(16), text=b"text",
                               ctr=1, salt=b"s" * 32, ttl=60 * (group.index(chat) % 2))  # fmt: skip
            assert (await adapters.log.append(draft, seal, NOW)).seq == 1
            await whole(chat)
    assert 0 < survivors < len(chats) * GROUP


def kill(alias: str, steps: list[dict]) -> list[bool]:
    done = subprocess.run(
        [sys.executable, "-m", "tests.messaging.backends.sql.victim"],
        input=json.dumps({"database": settings_of(alias), "steps": steps}),
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "chatsite.settings"},
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return [json.loads(line)["killed"] for line in done.stdout.splitlines()]
