"""What `manage.py check_store` finds: nothing in a healthy store, on any engine, and whatever is
done to its tables past the store's own code."""

import asyncio
import io
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from django.db import connections

from chatsite.checking import ORPHANS, SIDES, WATERMARKS, orphans
from chatsite.checking.repairing import OF, repair
from chatsite.checking.store import Checked, check
from chatsite.running.progress import Progress
from messaging.backends.tables import REMOVABLE, Sent, Table
from messaging.domain import AskedBy, NewEpoch, Pair, block_bit
from tests.contracts.adapters import (
    NOW,
    Adapters,
    Chat,
    adapters,
    adapters_on,
    connected,
    database_access,
    new_id,
    vector_of,
)

__all__ = ["adapters", "database_access"]
HOUR = 3_600  # seconds
LATER = 4_000_000_000_000  # ms, when nothing here has expired by anybody's clock


class Silent(io.StringIO):
    def isatty(self) -> bool:
        return False

    def write(self, text: str, **_: Any) -> int:
        return len(text)


async def checked(site: Adapters) -> Checked:
    return await check(site.tables, Progress(Silent()))


async def repaired(site: Adapters, name: str, chat: Chat) -> int:
    """How many faults of this conversation, or of these two people, the repair was for."""
    mine = {chat.conv.hex(), f"{chat.alice.hex()} to {chat.bob.hex()}"}
    faults = [one for one in (await checked(site)).faults if one.repair == name]
    fits = [one for one in faults if one.where in mine]
    await repair(site.tables, fits, Progress(Silent()), NOW)
    return len(fits)


def said(found: Checked, chat: Chat) -> list[str]:
    """Of this conversation: others are in the same store. Nobody here has an account."""
    mine = [fault for fault in found.faults if chat.conv.hex() in fault.where]
    return [fault.text for fault in mine if "no account" not in fault.text]


async def lived(site: Adapters) -> Chat:
    """Everything that a conversation can have gone through."""
    chat = await connected(site)
    first = await chat.send(chat.alice)
    await chat.send(chat.bob)
    await chat.send(chat.alice, kind=2)
    await chat.send(chat.alice, LATER, ttl=HOUR)
    await chat.erase(first)
    await site.log.mark(chat.conv, chat.bob, chat.alice, NOW, got=4, read=(4, 2))
    await block(site, chat, chat.bob)
    await chat.send(chat.alice, withheld=True)
    await chat.send(chat.alice, withheld=True)
    await site.store.clear(chat.bob, chat.alice, 3)
    await site.store.advance(chat.conv, NewEpoch(1, b"E1", True, NOW + 1, 1, 1))
    await site.store.put_box(chat.bob, chat.conv, 1, 1, b"box")
    return chat


async def block(site: Adapters, chat: Chat, who: bytes) -> None:
    pair = await site.store.pair(chat.alice, chat.bob)
    assert pair is not None
    peer = chat.bob if who == chat.alice else chat.alice
    await site.store.change(pair, pair.state, pair.blocked | block_bit(who, peer), NOW)


async def test_a_healthy_store_has_no_faults(adapters: Adapters) -> None:
    chats = [await lived(adapters), await connected(adapters, epoch=False)]
    found = await checked(adapters)
    for chat in chats:
        assert said(found, chat) == []
    assert found.pairs >= 2
    assert found.messages >= 7
    assert not [fault for fault in found.faults if fault.kind == "orphan"]


async def test_what_the_site_keeps_no_longer_is_no_fault(adapters: Adapters) -> None:
    chat = await lived(adapters)
    for owner, peer in ((chat.alice, chat.bob), (chat.bob, chat.alice)):
        await adapters.store.clear(owner, peer, 4)
    await adapters.tables.purge((await adapters.tables.rows(chat.conv, 0, 9))[:4])
    assert said(await checked(adapters), chat) == []


@pytest.fixture(scope="module")
def sqlite(tmp_path_factory: pytest.TempPathFactory, django_db_blocker: Any) -> Iterator[Adapters]:
    with django_db_blocker.unblock():
        yield from adapters_on("sqlite", tmp_path_factory)


CONV = "conversation_id = %(conv)s"
DAMAGES = {
    "messages 2 to 2 are missing": f"DELETE FROM conversation WHERE {CONV} AND seq = 2",
    "the log ends with message 6": f"DELETE FROM conversation WHERE {CONV} AND seq = 7",
    "message 3 is of somebody else":
        f"UPDATE conversation SET sender = x'07' WHERE {CONV} AND seq = 3",
    "message 3 is not later": f"UPDATE conversation SET time = 1 WHERE {CONV} AND seq = 3",
    "is counted as number 9": f"UPDATE conversation SET ord = 9 WHERE {CONV} AND seq = 2",
    "withheld ones": f"UPDATE conversation SET hid = 9 WHERE {CONV} AND seq = 7",
    "names epoch 7": f"UPDATE conversation SET epoch = 7 WHERE {CONV} AND seq = 2",
    "counts otherwise": f"UPDATE conversation_head SET ord1 = ord1 + 1 WHERE {CONV}",
    "another time": f"UPDATE conversation_head SET last_time = 1 WHERE {CONV}",
    "oldest epoch in use": f"UPDATE conversation_head SET min_epoch = 5 WHERE {CONV}",
    "no head": f"DELETE FROM conversation_head WHERE {CONV}",
    "not both of its sides": "DELETE FROM contact WHERE owner = %(alice)s",
    "another state": "UPDATE contact SET state = 1 WHERE owner = %(alice)s",
    "stands otherwise": "UPDATE contact SET withheld = NOT withheld WHERE owner = %(alice)s",
    "cleared more": "UPDATE contact SET cleared_seq = 99 WHERE owner = %(bob)s",
    "wrong watermark": "UPDATE unread SET last_seq = 2 WHERE from_user = %(alice)s",
    "is above the log": "UPDATE read SET got_seq = 99 WHERE to_user = %(bob)s",
    "counts more than was sent": "UPDATE read SET read_ord = 99 WHERE to_user = %(bob)s",
    "outside the log": "UPDATE mark_gap SET last = 99 WHERE from_user = %(alice)s",
    "names epoch 0, and the newest is -1":
        "DELETE FROM connection_key WHERE connection_id = %(conv)s",
    "an epoch is missing":
        "UPDATE connection_key SET epoch = 5 WHERE connection_id = %(conv)s AND epoch = 1",
    "a box is of": f"UPDATE es_box SET epoch = 9 WHERE {CONV}",
    "lost their salt": f"DELETE FROM message_salt WHERE {CONV}",
    "message 2 has lost what it says":
        f"UPDATE conversation SET text = NULL WHERE {CONV} AND seq = 2",
    "salts are of no message": f"UPDATE message_salt SET client_id = x'09' WHERE {CONV}",
}  # fmt: skip


@pytest.mark.parametrize("fault", DAMAGES)
async def test_what_is_damaged_is_named(sqlite: Adapters, fault: str) -> None:
    whole, chat = await lived(sqlite), await lived(sqlite)
    await asyncio.to_thread(damage, sqlite, chat, DAMAGES[fault])
    found = await checked(sqlite)
    assert any(fault in text for text in said(found, chat)), said(found, chat)
    assert said(found, whole) == []


def damage(site: Adapters, chat: Chat, statement: str) -> None:
    values = {"conv": chat.conv, "alice": chat.alice, "bob": chat.bob}
    with connections[site.alias].cursor() as cursor:
        cursor.execute(statement, values)
        assert cursor.rowcount > 0
    connections[site.alias].close()


async def test_records_of_no_pair_are_told(sqlite: Adapters) -> None:
    chat = await lived(sqlite)
    await asyncio.to_thread(
        damage, sqlite, chat, "DELETE FROM connection WHERE connection_id = %(conv)s"
    )
    found = await checked(sqlite)
    told = {fault.text for fault in found.faults if fault.kind == "orphan"}
    for table in ("contact", "conversation", "conversation_head", "unread", "read", "mark_gap"):
        assert f"a record of {table} belongs to no pair" in told


async def test_a_record_of_a_pair_of_others_is_an_orphan(sqlite: Adapters) -> None:
    chat = await connected(sqlite)
    pair = await sqlite.store.pair(chat.alice, chat.bob)
    assert pair is not None
    [side, *_] = await sqlite.store.contacts(chat.alice)
    pairs, ways = {pair.conv: pair}, {(pair.user1, pair.user2)}
    assert not orphans.is_orphan(side, pairs, ways)
    assert orphans.is_orphan(replace(side, peer=new_id()), pairs, ways)
    assert orphans.is_orphan(replace(side, conv=new_id()), pairs, ways)


async def behind(site: Adapters) -> Chat:
    """Six messages of two people, and watermarks that stand at the first two."""
    source, chat = await connected(site), await connected(site)
    whom = {source.alice: chat.alice, source.bob: chat.bob}
    rows = [await source.send(sender) for sender in (source.alice, source.bob) * 3]
    here = [replace(row, conv=chat.conv, sender=whom[row.sender]) for row in rows]
    head = (await site.tables.held(await pair_of(site, source))).head
    held = await site.tables.held(await pair_of(site, chat))
    both = (chat.alice, chat.bob)
    sent = [
        Sent(owner, sender, held.pair.peer_of(sender), chat.conv, seq, 1, rows[seq - 1].time)
        for owner in both
        for seq, sender in enumerate(both, 1)
    ]
    await site.tables.keep_rows(held.pair, here, NOW)
    await site.tables.keep(replace(held, head=replace(head, conv=chat.conv), sent=sent), NOW)
    return chat


async def pair_of(site: Adapters, chat: Chat) -> Pair:
    pair = await site.store.pair(chat.alice, chat.bob)
    assert pair is not None
    return pair


async def test_watermarks_that_are_behind_are_raised(adapters: Adapters) -> None:
    chat = await behind(adapters)
    assert len([one for one in said(await checked(adapters), chat) if "watermark" in one]) == 4
    assert [row.peer_ord for row in await vector_of(adapters.log, chat.bob)] == [1]
    assert await repaired(adapters, WATERMARKS, chat) == 4
    assert [row.peer_ord for row in await vector_of(adapters.log, chat.bob)] == [3]
    assert said(await checked(adapters), chat) == []
    await chat.send(chat.alice)
    assert said(await checked(adapters), chat) == []


async def test_a_higher_watermark_stays(adapters: Adapters) -> None:
    chat = await connected(adapters)
    await chat.send(chat.alice)
    old = (await adapters.tables.held(await pair_of(adapters, chat))).sent
    await chat.send(chat.alice)
    await adapters.tables.raise_sent(old)
    assert said(await checked(adapters), chat) == []


async def test_records_of_no_pair_are_deleted_and_others_stay(adapters: Adapters) -> None:
    beside = await lived(adapters)
    nobody = replace(beside, alice=new_id(), bob=new_id(), conv=new_id())
    sent = (nobody.alice, nobody.bob, nobody.conv, 3, 3, NOW)
    await adapters.tables.raise_sent([Sent(nobody.alice, *sent), Sent(nobody.bob, *sent)])
    assert await repaired(adapters, ORPHANS, nobody) == 2
    assert await repaired(adapters, ORPHANS, nobody) == 0
    assert said(await checked(adapters), nobody) == []
    assert said(await checked(adapters), beside) == []


async def test_each_kind_of_record_can_be_taken_away(adapters: Adapters) -> None:
    chat, other = await lived(adapters), await lived(adapters)

    async def of(whose: Chat) -> dict[Table, list[Any]]:
        held = await adapters.tables.held(await pair_of(adapters, whose))
        every = [*held.boxes, *held.sent, *held.marks, *held.gaps]
        return {table: [one for one in every if OF[type(one)] is table] for table in REMOVABLE} | {
            Table.CONTACT: await adapters.store.contacts(whose.alice)
        }

    mine, before = await of(chat), await of(other)
    assert all(mine.values())
    for table in sorted(mine, key=lambda table: table is Table.CONTACT):
        await adapters.tables.remove(table, mine[table])
        if table is not Table.CONTACT:  # without its sides SQL holds no pair
            assert (await of(chat))[table] == []
    assert await adapters.store.contacts(chat.alice) == []
    assert await of(other) == before


async def test_sides_follow_the_pair_again(sqlite: Adapters) -> None:
    for what in (
        "UPDATE contact SET state = 1 WHERE owner = %(alice)s",
        "UPDATE contact SET withheld = NOT withheld WHERE owner = %(alice)s",
        "DELETE FROM contact WHERE owner = %(alice)s",
    ):
        chat = await lived(sqlite)
        await asyncio.to_thread(damage, sqlite, chat, what)
        assert await repaired(sqlite, SIDES, chat) == 1
        assert said(await checked(sqlite), chat) == []


async def test_sides_that_were_not_told_are(adapters: Adapters) -> None:
    """A process that ended between the pair and its sides, on a store in partitions."""
    if adapters.alias:
        pytest.skip("there they are one transaction")
    from messaging.backends.cassandra import pairs

    chat = await lived(adapters)
    store = adapters.tables._store  # type: ignore[attr-defined]
    user1, user2 = sorted((chat.alice, chat.bob))
    was = await pairs.read(store, (user1, user2), settled=True)
    assert was
    now = replace(was.pair, blocked=was.pair.blocked ^ 1, version=was.pair.version + 1)
    assert await pairs.put(store, was, replace(was, pair=now))
    assert any("the block by the other" in text for text in said(await checked(adapters), chat))
    assert await repaired(adapters, SIDES, chat)
    assert said(await checked(adapters), chat) == []


async def test_a_side_that_was_never_written_is(adapters: Adapters) -> None:
    """A process that ended between the pair and its sides, on a store in partitions."""
    if adapters.alias:
        pytest.skip("there they are one transaction")
    from messaging.backends.cassandra import pairs

    store = adapters.tables._store  # type: ignore[attr-defined]
    alice, bob = sorted((new_id(), new_id()))
    chat = Chat(adapters.log, alice, bob, new_id())
    asked = pairs.requested((chat.alice, chat.bob), AskedBy.USER1, chat.conv, NOW)
    assert await pairs.put(store, None, asked)
    assert said(await checked(adapters), chat) == ["it has not both of its sides"]
    assert await repaired(adapters, SIDES, chat) == 1
    assert said(await checked(adapters), chat) == []


async def test_a_row_that_was_lost_is_named(adapters: Adapters) -> None:
    if adapters.alias:
        pytest.skip("one of DAMAGES there")
    from messaging.backends.cassandra.heads import Heads
    from messaging.backends.cassandra.store import Statement

    store = adapters.tables._store  # type: ignore[attr-defined]
    chat = await lived(adapters)
    place = "conversation_id = :conv AND bucket = :bucket AND row_type = 0 AND seq = 2"
    key = {"conv": chat.conv, "bucket": Heads(store).bucket(2)}
    await store.run(Statement(f"DELETE FROM conversation WHERE {place}"), key)
    assert any(
        "messages 2 to 2 are missing" in text for text in said(await checked(adapters), chat)
    )


async def test_messages_without_their_pair_are_left_to_a_backup(sqlite: Adapters) -> None:
    chat = await lived(sqlite)
    await asyncio.to_thread(
        damage, sqlite, chat, "DELETE FROM connection WHERE connection_id = %(conv)s"
    )
    found = [one for one in (await checked(sqlite)).faults if one.kind == "orphan"]
    assert found
    assert {one.repair for one in found} == {""}
