"""MessageLog in Cassandra. The place in the log is a compare-and-set, everything else a register.

The append is in append.py, the end of a log in heads.py, its floor in floors.py, what goes in
erasing.py, reading rows in rows.py, the marks in marks.py, what a user has in vector.py.
"""

from collections.abc import Sequence

from messaging.backends.base import MessageLog
from messaging.backends.cassandra import rows
from messaging.backends.cassandra.append import append
from messaging.backends.cassandra.buckets import BUCKET_ROWS
from messaging.backends.cassandra.erasing import erase_own
from messaging.backends.cassandra.floors import raise_floor
from messaging.backends.cassandra.heads import Heads
from messaging.backends.cassandra.marks import mark
from messaging.backends.cassandra.store import Store, store
from messaging.backends.cassandra.vector import vector
from messaging.backends.moves import Move
from messaging.domain import Conv, Draft, Row, Seal, Uid, VectorPage
from messaging.gaps import Marked


class CassandraMessageLog(MessageLog):
    def __init__(self, over: Store | None = None, bucket_rows: int = BUCKET_ROWS) -> None:
        self._store = over or store()
        self._heads = Heads(self._store, bucket_rows)

    async def append(self, draft: Draft, seal: Seal, now: int) -> Row:
        return await append(self._heads, draft, seal, now)

    async def find(self, conv: Conv, client_id: bytes, after_seq: int) -> int | None:
        return await rows.find(self._heads, conv, client_id, after_seq)

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
        return await mark(self._heads, moved)

    async def vector(self, user: Uid, n: int, after: bytes | None = None) -> VectorPage:
        return await vector(self._store, user, n, after)

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
        span = (before, after)
        if size is not None:
            return await rows.sized(self._heads, conv, n, now, span, size)
        return await rows.page(self._heads, conv, n, now, span)

    async def last(self, owner: Uid, convs: Sequence[Conv], now: int) -> dict[Conv, Row]:
        return await rows.last(self._heads, owner, convs, now)

    async def salts(self, conv: Conv, client_ids: Sequence[bytes], now: int) -> dict[bytes, bytes]:
        return await rows.salts(self._store, conv, client_ids, now)

    async def raise_floor(self, conv: Conv, epoch: int) -> None:
        await raise_floor(self._heads, conv, epoch)

    async def erase(self, conv: Conv, sender: Uid, seq: int, client_id: bytes) -> None:
        await erase_own(self._heads, conv, sender, (seq, client_id))

    async def expire(self, now: int, limit: int) -> int:
        """The store forgets content by itself, LAPSE_SECONDS after its time; readers go by the
        time."""
        return 0
