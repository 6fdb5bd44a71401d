"""A partner who does with the log whatever a client can ask for, and what of the other must
stand."""

import random
from collections.abc import Awaitable, Callable

from chatsite.edge.refusals import Refusal
from messaging.domain import MAX_INT, Row
from tests.contracts.adapters import NOW, Chat, new_id, seal

HOUR = 3600  # seconds
Deed = Callable[[Chat, random.Random, list[Row], dict[bytes, bytes]], Awaitable[object]]


async def send(
    chat: Chat, dice: random.Random, rows: list[Row], salts: dict[bytes, bytes]
) -> object:
    """Under any name, said to be known from anywhere on, with any salt."""
    name = dice.choice([new_id(), *(row.client_id for row in rows)])
    salt = dice.choice([new_id() * 2, *salts.values()])
    return await chat.send(
        chat.bob, client_id=name, salt=salt, ttl=dice.choice([0, 60]), kind=dice.choice([1, 2]),
        after_seq=dice.choice([0, len(rows), MAX_INT]),
    )  # fmt: skip


async def delete(
    chat: Chat, dice: random.Random, rows: list[Row], _salts: dict[bytes, bytes]
) -> object:
    """Any row by any name, with a word or without."""
    seq, name = dice.choice(rows).seq, dice.choice(rows).client_id
    if dice.random() < 0.5:
        return await chat.log.erase(chat.conv, chat.bob, seq, name)
    draft = chat.draft(chat.bob, kind=2, erase=(seq, name), after_seq=MAX_INT)
    return await chat.log.append(draft, seal, NOW)


async def mark(
    chat: Chat, dice: random.Random, rows: list[Row], _salts: dict[bytes, bytes]
) -> object:
    """Beyond the log, and counts that nobody sent."""
    got, read = (dice.choice([1, len(rows), len(rows) + 1, MAX_INT]) for _ in range(2))
    return await chat.log.mark(
        chat.conv, chat.bob, chat.alice, NOW, got=got, read=(read, dice.choice([0, 1, MAX_INT])),
        own_only=dice.random() < 0.5,
    )  # fmt: skip


DEEDS: tuple[Deed, ...] = (send, send, delete, mark)


async def a_partner_takes_nothing(chat: Chat, deeds: int = 40) -> None:
    dice = random.Random(7)
    mine = [await chat.send(chat.alice, ttl=ttl) for ttl in (0, HOUR, 0, HOUR)]
    names = [row.client_id for row in mine]
    salts = await chat.log.salts(chat.conv, names, NOW)
    assert len(salts) == 2
    refused = 0
    for _ in range(deeds):
        rows = await everything(chat)
        try:
            await dice.choice(DEEDS)(chat, dice, rows, salts)
        except Refusal:
            refused += 1
    rows = await everything(chat)
    assert [row.seq for row in rows] == list(range(1, len(rows) + 1))
    assert [row for row in rows if row.sender == chat.alice] == mine
    assert await chat.log.salts(chat.conv, names, NOW + 120_000) == salts
    assert 0 < refused < deeds, "some of it is allowed, and some is not"
    assert len(rows) > 2 * len(mine)
    assert (await chat.send(chat.alice)).ord == len(mine) + 1


async def everything(chat: Chat) -> list[Row]:
    rows: list[Row] = []
    while page := await chat.log.page(chat.conv, 50, NOW, after=len(rows)):
        rows += page
    return rows
