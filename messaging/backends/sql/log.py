"""MessageLog in plain SQL. Each write is one transaction; the head row is locked first.

The append is in append.py, the marks in marks.py, what goes in erasing.py, reading rows in rows.py.
"""

from collections.abc import Sequence
from functools import partial

from chatsite.edge.refusals import Unknown
from messaging.backends.base import MessageLog
from messaging.backends.moves import Move
from messaging.backends.sql import rows
from messaging.backends.sql.append import append, at_once, common
from messaging.backends.sql.database import Database, Session, Work, database
from messaging.backends.sql.erasing import erase_own, expire
from messaging.backends.sql.marks import mark
from messaging.backends.sql.router import ALIAS
from messaging.domain import Conv, Draft, Row, Seal, Uid, VectorPage
from messaging.gaps import Marked

HEAD = "SELECT 1 FROM conversation_head WHERE conversation_id = %s"
FLOOR = """
UPDATE conversation_head SET min_epoch = %s WHERE conversation_id = %s AND min_epoch < %s
"""


class SqlMessageLog(MessageLog):
    def __init__(self, alias: str = ALIAS) -> None:
        self._alias = alias

    @property
    def _db(self) -> Database:
        return database(self._alias)

    async def append(self, draft: Draft, seal: Seal, now: int) -> Row:
        if not self._db.sqlite and common(draft):
            straight: Work[Row | None] = partial(at_once, draft=draft, seal=seal, now=now)
            if row := await self._db.write(straight, locks=draft.conv):
                return row
        work = partial(append, draft=draft, seal=seal, now=now)
        return await self._db.write(work, locks=draft.conv)

    async def find(self, conv: Conv, client_id: bytes, after_seq: int) -> int | None:
        return await self._db.read(partial(rows.find, key=(conv, client_id, after_seq)))

    async def mark(
        self,
        conv: Conv,
        reader: Uid,
        peer: Uid,
        time: int,
        *,
        got: int | None = None,
        read: tuple[int, int] | None = None,
        own_only: bool = False,
    ) -> Marked:
        moved = Move(conv, reader, peer, time, got or 0, read or (0, 0), own_only)
        return await self._db.write(partial(mark, move=moved), patient=True, locks=conv)

    async def vector(self, user: Uid, n: int, after: bytes | None = None) -> VectorPage:
        return await self._db.read(partial(rows.vector, key=(user, after or b"", n)))

    async def page(
        self,
        conv: Conv,
        n: int,
        now: int,
        *,
        before: int | None = None,
        after: int | None = None,
        size: int | None = None,
    ) -> list[Row]:
        if after is not None:
            above = partial(rows.above, key=(conv, after, n), now=now, size=size)
            return await self._db.read(above)
        below = partial(rows.below, key=(conv, before, n), now=now, size=size)
        return await self._db.read(below)

    async def last(self, owner: Uid, convs: Sequence[Conv], now: int) -> dict[Conv, Row]:
        return await self._db.read(partial(rows.last, owner=owner, convs=convs, now=now))

    async def salts(self, conv: Conv, client_ids: Sequence[bytes], now: int) -> dict[bytes, bytes]:
        return await self._db.read(partial(rows.salts, conv=conv, client_ids=client_ids, now=now))

    async def raise_floor(self, conv: Conv, epoch: int) -> None:
        def work(session: Session) -> None:
            if session.one(HEAD, (conv,)) is None:
                raise Unknown
            session.execute(FLOOR, (epoch, conv, epoch))

        await self._db.write(work)

    async def erase(self, conv: Conv, sender: Uid, seq: int, client_id: bytes) -> None:
        work = partial(erase_own, conv=conv, sender=sender, row=(seq, client_id))
        await self._db.write(work, patient=True, locks=conv)

    async def expire(self, now: int, limit: int) -> int:
        count = await self._db.write(partial(expire, now=now, limit=limit))
        # The journal still has what was overwritten: fold it in and empty it, each time, since
        # an erasure waits for this as well.
        if self._db.sqlite:
            await self._db.read(lambda session: session.all("PRAGMA wal_checkpoint(TRUNCATE)"))
        return count
