"""What the adapter takes for granted of Cassandra's files: a value is what it was before it was
written to the disk and the files were put together, and what is gone is gone from them."""

import asyncio
import secrets

import pytest
from cassandra.query import BatchStatement, BatchType

from messaging.backends.cassandra import batch, marks, rows
from messaging.backends.cassandra.heads import HEAD
from messaging.backends.cassandra.store import Statement, Store
from messaging.domain import MAX_INT, Gone
from tests.contracts.adapters import NOW, Chat, new_id
from tests.messaging.backends.cassandra.disk import Disk

MANY = 320  # rows: enough to see whether all are read where one is needed
SECONDS = 60
LIFE = Statement("""
SELECT text, TTL(text), TTL(salt), flags FROM conversation
WHERE conversation_id = :conv AND bucket = 0 AND row_type = 0 AND seq = :seq
""")
MARK = """UPDATE read USING TIMESTAMP :seq SET read_seq = :seq, read_ord = :ord
WHERE owner = :sender AND from_user = :sender AND to_user = :reader"""
WAYS = {
    "alone": MARK,
    "unlogged": f"BEGIN UNLOGGED BATCH {MARK}; APPLY BATCH",
    "logged": f"BEGIN BATCH {MARK}; APPLY BATCH",
}


@pytest.fixture
def disk(tables: Store) -> Disk:
    return Disk(tables)


class TestReads:
    async def test_the_head_costs_the_same_however_long_the_log(self, disk, chat: Chat) -> None:
        await asyncio.gather(*(chat.send(chat.alice) for _ in range(MANY)))
        key = {"conv": chat.conv, "bucket": 0}
        in_memory = await disk.read_by(HEAD, key)
        disk.flush("conversation")
        for read, tombstones in (in_memory, await disk.read_by(HEAD, key)):
            assert read <= 2  # the one it wants, and one that shows where it ends
            assert tombstones == 0

    async def test_a_page_costs_its_rows_and_no_tombstone(self, disk, chat: Chat) -> None:
        """From either end, also where rows were erased, withheld, or have no url."""
        for n in range(60):
            row = await chat.send(chat.alice, withheld=n % 7 == 0, ttl=60 * (n % 5 == 0))
            if n % 10 == 0:
                await chat.erase(row)
        disk.flush("conversation")
        key = {"conv": chat.conv, "bucket": 0, "n": 50}
        for statement, seq in ((rows.BELOW, MAX_INT), (rows.ABOVE, 0)):
            read, tombstones = await disk.read_by(statement, key | {"seq": seq})
            assert tombstones == 0
            assert read <= 51  # with the one that begins the next page


class TestRegisters:
    async def test_keep_the_highest_in_files(self, disk, tables) -> None:
        """Alone, and in either kind of batch."""
        marked = {way: {"sender": new_id(), "reader": new_id()} for way in WAYS}

        async def put(seq: int, count: int) -> None:
            for way, people in marked.items():
                await tables.run(Statement(WAYS[way]), people | {"seq": seq, "ord": count})

        async def stand(seq: int, count: int) -> None:
            for people in marked.values():
                [found] = await tables.shared(marks.marks, people)
                assert found[3:5] == (seq, count)

        await put(10, 5)
        disk.flush("read")
        await put(7, 9)
        await stand(10, 5)
        disk.flush("read")
        disk.compact("read")
        await stand(10, 5)
        await put(7, 9)
        await stand(10, 5)
        await put(11, 6)
        await stand(11, 6)

    async def test_keep_the_highest_in_a_batch_of_the_driver(self, tables) -> None:
        """Whose own timestamp is that of a clock."""
        people = {"sender": new_id(), "reader": new_id()}
        await tables.run(Statement(MARK), people | {"seq": 10, "ord": 5})
        bound = tables._prepared[MARK]
        for kind in (BatchType.UNLOGGED, BatchType.LOGGED):
            several = BatchStatement(kind)
            several.add(bound.bind(people | {"seq": 7, "ord": 9}))
            tables._session.execute(several)
        found = await tables.shared(marks.marks, people)
        assert [row[3] for row in found] == [10]


class TestWhatIsGone:
    async def test_an_erased_text_comes_back_by_no_compaction(self, disk, tables, log, chat):
        text = secrets.token_bytes(64)
        row = await chat.send(chat.alice, text=text)
        disk.flush("conversation")
        assert disk.has(text, "conversation")
        await chat.erase(row)
        disk.flush("conversation")
        disk.compact("conversation")
        assert not disk.has(text, "conversation")
        [life] = await tables.rows(LIFE, {"conv": chat.conv, "seq": 1})
        assert life == (b"", None, None, 1)
        await chat.erase(row)
        [gone, *_] = await log.page(chat.conv, 9, NOW, after=0)
        assert gone.gone is Gone.ERASED

    async def test_what_lapsed_leaves_the_files(self, disk, tables, log, chat, monkeypatch):
        """And its salt, which was never in a compare-and-set: those are kept elsewhere, too."""
        monkeypatch.setattr(batch, "LAPSE_SECONDS", 0)
        text, salt = secrets.token_bytes(64), secrets.token_bytes(32)
        sent = await chat.send(chat.alice, text=text, salt=salt, ttl=3)
        for table, keyspace in (("conversation", ""), ("message_salt", ""), ("paxos", "system")):
            disk.flush(table, keyspace)
        assert disk.has(text, "paxos", "system")
        assert not disk.has(salt, "paxos", "system")

        async def is_there() -> bool:
            await asyncio.sleep(0.1)
            [life] = await tables.rows(LIFE, {"conv": chat.conv, "seq": 1})
            key = {"conv": chat.conv, "client_ids": [sent.client_id]}
            return life[0] is not None or bool(await tables.rows(rows.SALTS, key))

        async with asyncio.timeout(SECONDS):
            while await is_there():
                continue
        for table in ("conversation", "message_salt"):
            disk.compact(table)
        assert not disk.has(text, "conversation")
        assert not disk.has(salt, "message_salt")
        [row] = await log.page(chat.conv, 1, NOW)
        await chat.erase(row)
        disk.flush("conversation")
        [erased, _] = await log.page(chat.conv, 2, NOW, after=0)
        assert erased.gone is Gone.ERASED

    async def test_a_deleted_salt_stays_deleted(self, disk, log, chat) -> None:
        row = await chat.send(chat.alice, ttl=60)
        disk.flush("message_salt")
        await chat.erase(row)
        disk.flush("message_salt")
        disk.compact("message_salt")
        assert await log.salts(chat.conv, [row.client_id], NOW) == {}
