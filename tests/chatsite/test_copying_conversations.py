"""The message store of a site that moves, or is backed up, whatever somebody does to that."""

import io
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from chatsite.checking.store import check
from chatsite.copying import conversations
from chatsite.running.progress import Progress
from messaging.backends.sql.tables import SqlTables
from messaging.domain import Conv, Pair, Row
from tests.contracts.adapters import (
    Adapters,
    Chat,
    adapters_on,
    connected,
    database_access,
)

__all__ = ["database_access"]


@pytest.fixture
def sites(tmp_path_factory: pytest.TempPathFactory, django_db_blocker: Any) -> Iterator[Any]:
    """From where, and to where."""
    with django_db_blocker.unblock():
        each = [adapters_on("sqlite", tmp_path_factory) for _ in range(2)]
        yield [next(one) for one in each]
        for one in each:
            next(one, None)


async def pair_of(site: Adapters, chat: Chat) -> Pair:
    pair = await site.store.pair(chat.alice, chat.bob)
    assert pair is not None
    return pair


async def test_a_name_that_was_made_to_be_met_ends_no_copy(sites: list[Adapters]) -> None:
    """What a name that is there twice becomes can be computed, and sent before."""
    chat = await connected(sites[0])
    first, second = [await chat.send(chat.alice) for _ in range(2)]
    third = replace(first, seq=3)
    names = [first.client_id, conversations._name_of(third), first.client_id]
    log = conversations._Log(await sites[0].tables.held(await pair_of(sites[0], chat)))
    rows = [
        replace(row, client_id=name)
        for row, name in zip((first, second, third), names, strict=True)
    ]
    assert len({log.add(row).client_id for row in rows}) == 3


class Purging(SqlTables):
    """A round of old messages comes by while they are copied, up to this one."""

    site: Adapters
    chat: Chat
    upto = 0

    async def rows(self, conv: Conv, after: int, n: int) -> list[Row]:
        for owner, peer in ((self.chat.alice, self.chat.bob), (self.chat.bob, self.chat.alice)):
            await self.site.store.clear(owner, peer, self.upto)
        await self.purge(await super().rows(conv, 0, self.upto))
        return await super().rows(conv, after, n)


async def test_old_messages_that_go_meanwhile_are_no_fault_of_a_backup(
    sites: list[Adapters],
) -> None:
    site, there = sites
    chat = await connected(site)
    for _ in range(3):
        await chat.send(chat.alice)
    source = Purging(site.alias)
    source.site, source.chat, source.upto = site, chat, 2
    await conversations.move(source, there.tables, await pair_of(site, chat), live=True)
    found = await check(there.tables, Progress(io.StringIO()))
    assert [one.text for one in found.faults if "no account" not in one.text] == []
    contact = await there.store.contact(chat.bob, chat.conv)
    assert contact is not None
    assert contact.cleared == 2
