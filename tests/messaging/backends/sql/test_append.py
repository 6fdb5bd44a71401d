"""What an append costs, and that both of its ways leave the same behind."""

import asyncio
from dataclasses import replace
from functools import partial

import pytest

from messaging.backends.base import StaleEpoch
from messaging.backends.sql.append import append
from messaging.backends.sql.database import Session, database
from messaging.domain import MAX_INT, EpochHead
from tests.contracts.adapters import NOW, Adapters, Chat, connected, seal, vector_of

MANY = 40  # conversations


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is executed from now on, by its first words."""
    seen: list[str] = []
    execute = Session.execute

    def noted(session: Session, text: str, values=()):
        seen.append(" ".join(text.split()[:2]))
        return execute(session, text, values)

    monkeypatch.setattr(Session, "execute", noted)
    return seen


async def test_an_append_is_few_statements(adapters, chat, statements):
    await chat.send(chat.alice)
    if database(adapters.alias).sqlite:  # no round trip
        assert len(statements) == 6
    else:
        assert statements == ["BEGIN", "WITH head", "COMMIT"]


@pytest.mark.parametrize("what", ["appends", "marks"])
async def test_what_comes_together_is_few_commits(adapters, log, statements, what):
    chats = [await connected(adapters) for _ in range(MANY)]
    if what == "marks":
        await asyncio.gather(*[chat.send(chat.alice) for chat in chats])
    statements.clear()
    if what == "appends":
        calls = [chat.send(chat.alice) for chat in chats]
    else:
        calls = [log.mark(chat.conv, chat.bob, chat.alice, NOW, got=1) for chat in chats]
    await asyncio.gather(*calls)
    assert statements.count("COMMIT") < MANY / 4


async def test_both_ways_leave_the_same(adapters: Adapters, log):
    """Straight into the log, and in as many steps as a repeat takes."""
    db = database(adapters.alias)
    first, second = await connected(adapters), await connected(adapters)
    heads = [EpochHead(0, False, NOW, 1, 1), EpochHead(1, False, NOW, 1, 1)]
    for n in range(12):
        withheld = n in (3, 4, 8)
        head = heads[n > 6]
        changes = {"kind": 1 + n % 2, "withheld": withheld, "head": head, "epoch": head.n}
        sender = n % 3 > 1
        here, there = (drafted(chat, sender, changes) for chat in (first, second))
        now = NOW + 40_000 * n
        await log.append(here, seal, now)
        await db.write(partial(append, draft=there, seal=seal, now=now))
        assert await state_of(first) == await state_of(second)
    for chat in (first, second):
        with pytest.raises(StaleEpoch):
            await chat.send(chat.alice, now, epoch=0)


def drafted(chat: Chat, by_bob: bool, changes: dict):
    draft = chat.draft(chat.bob if by_bob else chat.alice, **changes)
    return replace(draft, device=bytes(16), salt=bytes(32))


async def state_of(chat: Chat) -> list[object]:
    """Rows and watermarks, without the ids."""
    people = {chat.alice: b"alice", chat.bob: b"bob"}
    rows = await chat.log.page(chat.conv, 50, MAX_INT, after=0)
    state: list[object] = [
        replace(row, conv=b"", client_id=b"", sender=people[row.sender]) for row in rows
    ]
    for who in (chat.alice, chat.bob):
        [row] = await vector_of(chat.log, who)
        state.append(replace(row, conv=b"", peer=b"", since=0))
    return state


async def test_a_message_that_is_late_by_the_clock_comes_after_the_others(adapters, chat):
    rows = [await chat.send(chat.alice, now) for now in (NOW, NOW, NOW - 1, NOW + 2, NOW + 3)]
    assert [row.time - NOW for row in rows] == [0, 1, 2, 3, 4]
    assert [row.tag for row in rows] == [seal(row.time)[1] for row in rows]
