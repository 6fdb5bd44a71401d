"""What the log takes for granted of Cassandra: each of it was measured before it was built on."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from cassandra import InvalidRequest

from messaging.backends.cassandra import batch, erasing, marks, rows
from messaging.backends.cassandra.append import SALT
from messaging.backends.cassandra.heads import HEAD, STATICS, Head
from messaging.backends.cassandra.placing import moved_by
from messaging.backends.cassandra.store import Store
from messaging.domain import Draft, Gone
from tests.contracts.adapters import NOW, Chat, new_id, seal

LONGEST = 33_043  # bytes of an envelope
SECONDS = 30
APPEND = batch.append(1)


def values(draft: Draft, head: Head, **changes):
    moved, row = moved_by(head, 0, draft, seal, NOW)
    return batch.values(head, moved, [row]) | changes


class TestTheBatch:
    async def test_applies_where_there_is_nothing(self, tables: Store, chat: Chat) -> None:
        """Conditions of null on a partition that is not there."""
        draft = chat.draft(chat.alice, text=b"x" * LONGEST)
        assert (await tables.cas(APPEND, values(draft, Head(chat.conv, 0)))).applied

    @pytest.mark.parametrize("named", [False, True])
    async def test_refused_it_shows_the_head_and_the_row_of_the_client_id(
        self, tables, chat, named
    ) -> None:
        draft = chat.draft(chat.alice)
        first = values(draft, Head(chat.conv, 0))
        await tables.cas(APPEND, first)
        again = first if named else values(chat.draft(chat.alice), Head(chat.conv, 0))
        reply = await tables.cas(APPEND, again)
        assert not reply.applied
        assert [reply.row[name] for name in STATICS] == [1, NOW, 1, 0, 0, 0, 0, 0]
        assert (reply.row["row_type"] == 1) == named
        assert reply.row["client_id"] == (draft.client_id if named else None)
        assert reply.row["ref"] == (1 if named else None)

    async def test_a_client_id_is_refused_wherever_the_head_is(self, tables, chat) -> None:
        draft = chat.draft(chat.alice)
        await tables.cas(APPEND, values(draft, Head(chat.conv, 0)))
        head = Head(chat.conv, 0).seen_as([1, NOW, 1, 0, 0, 0, 0, 0])
        reply = await tables.cas(APPEND, values(draft, head))
        assert (reply.applied, reply.row["ref"]) == (False, 1)

    async def test_a_condition_that_is_left_out_is_a_bug(self, tables, chat) -> None:
        bound = values(chat.draft(chat.alice), Head(chat.conv, 0))
        del bound["stored_seq"]
        with pytest.raises(InvalidRequest):
            await tables.cas(APPEND, bound)


async def has_text(tables: Store, key: dict[str, Any]) -> bool:
    [found] = await tables.rows(rows.AT, key)
    await asyncio.sleep(0.05)
    return found[11] is not None


class TestWhatLapses:
    async def test_leaves_the_row_and_takes_the_content(self, tables, log, chat, monkeypatch):
        """In the time of the store."""
        monkeypatch.setattr(batch, "LAPSE_SECONDS", 0)
        draft = chat.draft(chat.alice, ttl=1)
        row = await log.append(draft, seal, NOW)
        key = {"conv": chat.conv, "bucket": 0, "seq": 1}
        async with asyncio.timeout(SECONDS):
            while await has_text(tables, key):
                continue
        [gone] = await log.page(chat.conv, 1, NOW)
        assert gone == replace(row, gone=Gone.EXPIRED, text=None, salt=None, tag=None, kid=None)
        assert await log.salts(chat.conv, [draft.client_id], NOW) == {}
        await chat.erase(gone)
        [erased, _] = await log.page(chat.conv, 2, NOW, after=0)
        assert erased == replace(gone, gone=Gone.ERASED)
        again = await log.append(draft, seal, NOW)
        assert (again.seq, again.gone) == (1, Gone.ERASED)

    async def test_frees_a_client_id(self, tables, chat) -> None:
        """What the statement says of seven days, in one second."""
        said = f"TTL {batch.DEDUPE_SECONDS}"
        assert said in APPEND.cql
        brief = replace(APPEND, cql=APPEND.cql.replace(said, "TTL 1"))
        draft = chat.draft(chat.alice)
        assert (await tables.cas(brief, values(draft, Head(chat.conv, 0)))).applied
        head = Head(chat.conv, 0).seen_as([1, NOW, 1, 0, 0, 0, 0, 0])

        async def is_free() -> bool:
            await asyncio.sleep(0.05)
            return (await tables.cas(APPEND, values(draft, head))).applied

        async with asyncio.timeout(SECONDS):
            while not await is_free():
                continue


class TestTheHead:
    async def test_of_nothing_is_no_row(self, tables: Store) -> None:
        key = {"conv": new_id(), "bucket": 0}
        assert await tables.rows(HEAD, key) == []
        assert await tables.rows(HEAD.settled, key) == []

    async def test_with_a_floor_alone_has_no_last_seq(self, tables, log, chat) -> None:
        await log.raise_floor(chat.conv, 3)
        [(_, _, last_seq, *_, floor)] = await tables.rows(HEAD, {"conv": chat.conv, "bucket": 0})
        assert (last_seq, floor) == (None, 3)


class TestRegisters:
    async def test_keep_the_highest_whatever_comes_last(self, tables: Store) -> None:
        sender, reader = new_id(), new_id()
        way = {"sender": sender, "reader": reader, "time": NOW}
        for read, count in ((10, 5), (7, 9), (10, 4), (10, 6), (9, 7)):
            both = {"read": read, "ord": count, "got": read}
            await tables.shared(marks.MOVED[marks.OWN, True, True], way | both)
        [found] = await tables.shared(marks.marks, {"sender": sender, "reader": reader})
        assert found == (reader, sender, reader, 10, 6, 10, None)


class TestErasing:
    async def test_twice_is_refused_with_the_flags(self, tables, chat) -> None:
        row = await chat.send(chat.alice)
        key = {"conv": chat.conv, "bucket": 0, "seq": 1, "client_id": row.client_id}
        flags = {"flags": 0, "erased": 1}
        assert (await tables.cas(erasing.ERASE, key | flags)).applied
        reply = await tables.cas(erasing.ERASE, key | flags)
        assert (reply.applied, reply.row) == (False, {"flags": 1})

    async def test_a_salt_that_is_written_late_comes_back_for_its_time_alone(
        self, tables, log, chat
    ) -> None:
        row = await chat.send(chat.alice, ttl=60)
        await chat.erase(row)
        assert await log.salts(chat.conv, [row.client_id], NOW) == {}
        late = {"conv": chat.conv, "client_id": row.client_id, "salt": b"s", "ttl": 60}
        await tables.run(SALT, late | {"expires": row.expires})
        assert await log.salts(chat.conv, [row.client_id], row.expires) == {}

    async def test_many_salts_at_once(self, log, chat) -> None:
        sent = [await chat.send(chat.alice, ttl=60) for _ in range(50)]
        found = await log.salts(chat.conv, [row.client_id for row in sent], NOW)
        assert len(found) == 50


class TestWeakReads:
    """An old page from a replica that lags."""

    @pytest.mark.parametrize("missing", [0, 1, 2, 4])
    async def test_a_row_that_is_missing_is_found(self, tables, log, chat, monkeypatch, missing):
        for _ in range(5):
            await chat.send(chat.alice)
        read = Store.rows

        async def lagging(store, statement, key):
            found = await read(store, statement, key)
            if statement is rows.BELOW_NEAR:
                del found[missing]
            return found

        monkeypatch.setattr(Store, "rows", lagging)
        page = await log.page(chat.conv, 5, NOW, before=6)
        assert [row.seq for row in page] == [5, 4, 3, 2, 1]

    async def test_so_is_content(self, log, chat, monkeypatch) -> None:
        for _ in range(3):
            await chat.send(chat.alice)
        read = Store.rows

        async def lagging(store, statement, key):
            found = await read(store, statement, key)
            if statement is rows.BELOW_NEAR:
                found[1] = (*found[1][:11], None, *found[1][12:])
            return found

        monkeypatch.setattr(Store, "rows", lagging)
        page = await log.page(chat.conv, 3, NOW, before=4)
        assert [row.gone for row in page] == [None] * 3

    async def test_what_a_quorum_lacks_is_said_aloud(self, log, chat, monkeypatch) -> None:
        for _ in range(3):
            await chat.send(chat.alice)
        read = Store.rows

        async def damaged(store, statement, key):
            found = await read(store, statement, key)
            return [row for row in found if row[0] != 2]

        monkeypatch.setattr(Store, "rows", damaged)
        for where in ({}, {"before": 4}, {"after": 0}):
            with pytest.raises(rows.Hole):
                await log.page(chat.conv, 50, NOW, **where)
