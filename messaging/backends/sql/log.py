"""MessageLog in plain SQL. Each write is one transaction; the head row is locked first.

The append is in append.py, reading rows in rows.py; here are the marks and the rest.
"""

from collections.abc import Sequence
from functools import partial

from messaging.backends.base import BadSeq, MessageLog, Unknown
from messaging.backends.sql import rows
from messaging.backends.sql.append import append
from messaging.backends.sql.database import Database, Session, database
from messaging.backends.sql.router import ALIAS
from messaging.domain import Appended, Conv, Draft, Row, Seal, Uid, VectorRow

HEAD = "SELECT last_seq, ord1, ord2 FROM conversation_head WHERE conversation_id = %s"

GOT = """
INSERT INTO read (from_user, to_user, read_seq, read_ord, time, got_seq, got_time, shown_seq,
 shown_time) VALUES (%s, %s, 0, 0, 0, %s, %s, 0, 0)
ON CONFLICT (from_user, to_user) DO UPDATE SET got_seq = excluded.got_seq,
 got_time = excluded.got_time WHERE excluded.got_seq > read.got_seq
"""
READ = """
INSERT INTO read (from_user, to_user, read_seq, read_ord, time, got_seq, got_time, shown_seq,
 shown_time) VALUES (%s, %s, %s, %s, %s, 0, 0, 0, 0)
ON CONFLICT (from_user, to_user) DO UPDATE SET read_seq = excluded.read_seq,
 read_ord = excluded.read_ord, time = excluded.time WHERE excluded.read_seq > read.read_seq
"""
SHOWN = """
UPDATE read SET shown_seq = %s, shown_time = %s
WHERE from_user = %s AND to_user = %s AND shown_seq < %s
"""
REDACT = """
UPDATE conversation SET text = NULL, salt = NULL, url = '', tag = NULL, tag_kid = NULL, flags = %s
WHERE conversation_id = %s AND seq = %s
"""
FLAGS = """
SELECT flags FROM conversation WHERE conversation_id = %s AND seq = %s AND client_id = %s FOR UPDATE
"""
SHRED = "DELETE FROM message_salt WHERE conversation_id = %s AND client_id = %s"
FLOOR = """
UPDATE conversation_head SET min_epoch = %s WHERE conversation_id = %s AND min_epoch < %s
"""
EXPIRED = """
SELECT conversation_id, seq, client_id, flags FROM conversation
WHERE expires <= %s AND expires IS NOT NULL AND text IS NOT NULL LIMIT %s
"""
LATE_SALTS = "DELETE FROM message_salt WHERE expires <= %s"


class SqlMessageLog(MessageLog):
    def __init__(self, alias: str = ALIAS) -> None:
        self._alias = alias

    @property
    def _db(self) -> Database:
        return database(self._alias)

    async def append(self, draft: Draft, seal: Seal, now: int) -> Appended:
        return await self._db.write(partial(append, draft=draft, seal=seal, now=now))

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
    ) -> None:
        def work(session: Session) -> None:
            _check_mark(session, conv, peer < reader, got or 0, read or (0, 0))
            if got is not None:
                session.execute(GOT, (peer, reader, got, time))
            if read is not None:
                session.execute(READ, (peer, reader, *read, time))
                if not own_only:
                    session.execute(SHOWN, (read[0], time, peer, reader, read[0]))

        await self._db.write(work)

    async def vector(self, user: Uid) -> list[VectorRow]:
        return await self._db.read(partial(rows.vector, user=user))

    async def page(
        self, conv: Conv, n: int, now: int, *, before: int | None = None, after: int | None = None
    ) -> list[Row]:
        if after is not None:
            return await self._db.read(partial(rows.above, key=(conv, after, n), now=now))
        return await self._db.read(partial(rows.below, key=(conv, before, n), now=now))

    async def last(self, convs: Sequence[Conv], now: int) -> dict[Conv, Row]:
        return await self._db.read(partial(rows.last, convs=convs, now=now))

    async def salts(self, conv: Conv, client_ids: Sequence[bytes], now: int) -> dict[bytes, bytes]:
        return await self._db.read(partial(rows.salts, conv=conv, client_ids=client_ids, now=now))

    async def redact(self, conv: Conv, seq: int, client_id: bytes) -> None:
        def work(session: Session) -> None:
            row = session.one(FLAGS, (conv, seq, client_id))
            if row is None:
                raise Unknown
            session.execute(REDACT, (row[0] | rows.ERASED, conv, seq))
            session.execute(SHRED, (conv, client_id))

        await self._db.write(work)

    async def raise_floor(self, conv: Conv, epoch: int) -> None:
        def work(session: Session) -> None:
            if session.one(HEAD, (conv,)) is None:
                raise Unknown
            session.execute(FLOOR, (epoch, conv, epoch))

        await self._db.write(work)

    async def expire(self, now: int, limit: int) -> int:
        count = await self._db.write(partial(_expire, now=now, limit=limit))
        # The journal still has what was overwritten: fold it in and empty it, each time, since
        # a redaction waits for this as well.
        if self._db.sqlite:
            await self._db.read(lambda session: session.all("PRAGMA wal_checkpoint(TRUNCATE)"))
        return count


def _check_mark(
    session: Session, conv: Conv, peer_first: bool, got: int, read: tuple[int, int]
) -> None:
    """One lie above the head would pin a register for ever."""
    head = session.one(HEAD, (conv,))
    last_seq, ord1, ord2 = head or (0, 0, 0)
    if max(got, read[0]) > last_seq or read[1] > (ord1 if peer_first else ord2):
        raise BadSeq


def _expire(session: Session, now: int, limit: int) -> int:
    expired = session.all(EXPIRED, (now, limit))
    for conv, seq, client_id, flags in expired:
        session.execute(REDACT, (flags, conv, seq))
        session.execute(SHRED, (conv, client_id))
    session.execute(LATE_SALTS, (now,))
    return len(expired)
