"""What a site had before a migration, and what its people see after it, on both databases."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connections

from messaging.backends.sql.database import database
from messaging.backends.sql.log import SqlMessageLog
from messaging.domain import Gone
from messaging.gaps import Gap, GapKind, Marked
from tests.contracts.adapters import (
    NOW,
    Chat,
    new_id,
    postgres_settings,
    register,
    sqlite_settings,
    vector_of,
)  # fmt: skip
from tests.services import own_postgres

WITHHELD, PRIVATE = GapKind
ERASED_FLAG, WITHHELD_FLAG = 1, 2


@pytest.fixture(params=["sqlite", "postgres"])
def alias(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty database."""
    if request.param == "sqlite":
        yield from known(sqlite_settings(tmp_path / "old.sqlite3"))
    else:
        with own_postgres() as url:
            yield from known(postgres_settings(url))


def known(settings: dict[str, Any]) -> Iterator[str]:
    alias = register(settings)
    yield alias
    database(alias).close()
    connections[alias].close()


def migrate(alias: str, *upto: str) -> None:
    call_command("migrate", "messaging_sql", *upto, database=alias, verbosity=0)
    connections[alias].close()


def insert(alias: str, table: str, **values: Any) -> None:
    names, marks = ", ".join(values), ", ".join(["%s"] * len(values))
    with connections[alias].cursor() as cursor:
        cursor.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", list(values.values()))


class Before:
    """Two connected people as the schema 0002 had them. A withheld message counted as any other,
    and moved the blocker's own read mark."""

    def __init__(self, alias: str) -> None:
        self.alias = alias
        self.alice, self.bob = sorted([new_id(), new_id()])
        self.conv = new_id()
        self.seq = 0
        self.ord = {self.alice: 0, self.bob: 0}
        insert(
            alias, "connection", user1=self.alice, user2=self.bob, connection_id=self.conv,
            created=NOW, state=2, asked_by=3, blocked=0, version=2,
        )  # fmt: skip
        for owner, peer in ((self.alice, self.bob), (self.bob, self.alice)):
            insert(
                alias, "contact", owner=owner, peer=peer, conversation_id=self.conv, state=3,
                since=NOW, version=2, withheld=False, cleared_seq=0,
            )  # fmt: skip

    def sent(self, sender: bytes, flags: int = 0) -> None:
        self.seq += 1
        self.ord[sender] += 1
        text = None if flags & ERASED_FLAG else b"text %d" % self.seq
        insert(
            self.alias, "conversation", conversation_id=self.conv, seq=self.seq, client_id=new_id(),
            time=NOW + self.seq, sender=sender, device=new_id(), ctr=self.seq, kind=1, epoch=0,
            ord=self.ord[sender], flags=flags, text=text, salt=text and b"s" * 32, url="",
            tag=text and b"R" * 32, tag_kid=text and "kid1",
        )  # fmt: skip

    def ends(self) -> None:
        """Of the log."""
        insert(
            self.alias, "conversation_head", conversation_id=self.conv, last_seq=self.seq,
            last_time=NOW + self.seq, ord1=self.ord[self.alice], ord2=self.ord[self.bob],
            min_epoch=0, epoch_head=None,
        )  # fmt: skip

    def watermarks(self, sender: bytes, last: int, shown: tuple[int, int], **marks: int) -> None:
        """`shown`: seq and ord of what the other may see; `marks`: of the other, on it."""
        way = {"from_user": sender, "to_user": self.bob if sender == self.alice else self.alice}
        insert(
            self.alias, "unread", **way, conversation_id=self.conv, last_seq=last,
            last_ord=self.ord[sender], time=NOW + last, shown_seq=shown[0], shown_ord=shown[1],
            shown_time=NOW + shown[0],
        )  # fmt: skip
        insert(self.alias, "read", **way, **marks)

    def now(self) -> Chat:
        return Chat(SqlMessageLog(self.alias), self.alice, self.bob, self.conv)


async def migrated(alias: str, fill: Callable[[Before], None]) -> Chat:
    """The two, after a migration of what they had."""

    def work() -> Chat:
        migrate(alias, "0002")
        before = Before(alias)
        fill(before)
        migrate(alias)
        return before.now()

    return await asyncio.to_thread(work)


async def gaps_of(chat: Chat) -> tuple[Gap, ...]:
    """As alice sees them."""
    [row] = await vector_of(chat.log, chat.alice)
    return row.gaps


async def test_0003_finds_the_gaps_of_earlier_blocks_and_silences(alias: str) -> None:
    def fill(before: Before) -> None:
        for sender, flags in [
            (before.alice, 0),
            (before.alice, WITHHELD_FLAG),
            (before.alice, WITHHELD_FLAG | ERASED_FLAG),
            (before.bob, 0),
            (before.alice, WITHHELD_FLAG),
            (before.bob, WITHHELD_FLAG),
            (before.alice, 0),
            (before.alice, 0),
        ]:
            before.sent(sender, flags)
        before.ends()
        # Bob told that they had read the first; then came the block, and they read on in private.
        before.watermarks(
            before.alice, last=8, shown=(8, 6), read_seq=7, read_ord=5, time=NOW + 7, got_seq=8,
            got_time=NOW + 9, shown_seq=1, shown_time=NOW + 1,
        )  # fmt: skip
        before.watermarks(
            before.bob, last=6, shown=(4, 1), read_seq=6, read_ord=2, time=NOW + 6, got_seq=4,
            got_time=NOW + 5, shown_seq=4, shown_time=NOW + 5,
        )  # fmt: skip

    chat = await migrated(alias, fill)
    [hers] = await vector_of(chat.log, chat.alice)
    assert (hers.peer_got, hers.got_time, hers.peer_read) == (8, NOW + 9, 1)
    assert hers.gaps == (Gap(WITHHELD, 2, 3), Gap(WITHHELD, 5, 5))
    [his] = await vector_of(chat.log, chat.bob)
    assert (his.peer_ord - his.my_read_ord, his.my_read, his.peer_got) == (1, 7, 4)
    assert his.gaps == ()  # of row 6, which is above what they had
    rows = await chat.log.page(chat.conv, 50, NOW, after=0)
    assert [(row.seq, row.gone) for row in rows if row.gone] == [(3, Gone.ERASED)]
    assert [row.seq for row in rows if row.withheld] == [2, 3, 5, 6]

    # Read aloud now: what was read in private, or not at all, stays as it was.
    moved = await chat.log.mark(chat.conv, chat.bob, chat.alice, NOW, got=8, read=(8, 6))
    assert moved == Marked(read=8, gaps=(Gap(PRIVATE, 2, 7),))
    moved = await chat.log.mark(chat.conv, chat.alice, chat.bob, NOW, got=8, read=(8, 2))
    assert moved == Marked(8, 8, (Gap(PRIVATE, 5, 6), Gap(WITHHELD, 6, 6)))


async def test_0003_and_the_two_go_on(alias: str) -> None:
    """With a block that stands, and texts that are withheld before and after."""

    def fill(before: Before) -> None:
        before.sent(before.alice)
        before.sent(before.alice, WITHHELD_FLAG)
        before.ends()
        before.watermarks(
            before.alice, last=2, shown=(1, 1), read_seq=2, read_ord=2, time=NOW + 2, got_seq=1,
            got_time=NOW + 1, shown_seq=1, shown_time=NOW + 1,
        )  # fmt: skip

    chat = await migrated(alias, fill)
    await chat.send(chat.alice, withheld=True)
    row = await chat.send(chat.alice)
    assert (row.seq, row.ord, row.hid) == (4, 4, 1)
    [his] = await vector_of(chat.log, chat.bob)
    assert (his.last_seq, his.peer_ord - his.my_read_ord) == (4, 1)
    await chat.log.mark(chat.conv, chat.bob, chat.alice, NOW, got=4, read=(4, his.peer_ord))
    withheld = {gap.first: gap.last for gap in await gaps_of(chat) if gap.kind is WITHHELD}
    assert {seq for first, last in withheld.items() for seq in range(first, last + 1)} == {2, 3}


async def test_0003_leaves_others_without_a_gap(alias: str) -> None:
    def fill(before: Before) -> None:
        before.sent(before.alice)
        before.sent(before.bob)
        before.ends()
        before.watermarks(
            before.alice, last=1, shown=(1, 1), read_seq=1, read_ord=1, time=NOW, got_seq=1,
            got_time=NOW, shown_seq=1, shown_time=NOW,
        )  # fmt: skip

    chat = await migrated(alias, fill)
    [hers], [his] = await vector_of(chat.log, chat.alice), await vector_of(chat.log, chat.bob)
    assert (hers.peer_got, hers.peer_read, hers.gaps) == (1, 1, ())
    assert (his.my_got, his.my_read, his.gaps) == (1, 1, ())
    assert await chat.log.mark(chat.conv, chat.bob, chat.alice, NOW, got=1, read=(1, 1)) == Marked()
