"""The state vector as frames, and the hash by which both ends compare it (docs/protocol.md)."""

import asyncio
import struct
from collections.abc import Callable, Iterator, Sequence

from chatsite.edge.wire import B32, Id
from e2ee.encoding import cat, h
from messaging import protocol
from messaging.backends import log
from messaging.domain import VECTOR_MAX, Uid, VectorRow

READS_AT_A_TIME = 50  # of whole vectors, in a process

_ROW = struct.Struct(">16sB10Q")


class Vectors:
    """State vectors for the sessions of one node."""

    def __init__(self, clock: Callable[[], int]) -> None:
        self._clock = clock
        self._turns = asyncio.Semaphore(READS_AT_A_TIME)

    async def answer(self, user: Uid, theirs: bytes) -> tuple[Sequence[protocol.Frame], int]:
        """`same` to a client that knows the state by its hash; to others the state, in parts. And
        how many rows were read for it."""
        rows = await self._read(user)
        now = self._clock()
        same = vec_hash(rows) == theirs
        return [protocol.Same(now=now)] if same else [*state_frames(rows, now)], len(rows)

    async def same(self, user: Uid) -> protocol.Same:
        """The hash of the store's state, for a client to compare."""
        rows = await self._read(user)
        return protocol.Same(now=self._clock(), vec_hash=B32(vec_hash(rows)))

    async def _read(self, user: Uid) -> list[VectorRow]:
        async with self._turns:
            return await read(user)


async def read(user: Uid) -> list[VectorRow]:
    """Every pair of the user, page after page. All of them are needed before the first frame goes:
    their hash decides which it is."""
    page = await log().vector(user, VECTOR_MAX)
    rows = page.rows
    while page.after is not None:
        page = await log().vector(user, VECTOR_MAX, page.after)
        rows += page.rows
    return rows


def vec_hash(rows: Sequence[VectorRow]) -> bytes:
    return h(cat("m1:vec", b"".join(_packed(row) for row in sorted(rows, key=_conv))))


def state_frames(rows: Sequence[VectorRow], now: int) -> Iterator[protocol.State]:
    """One at least; STATE_ROWS and STATE_GAPS a frame at most."""
    chunks: list[list[VectorRow]] = [[]]
    gaps = 0
    for row in rows:
        gaps += len(row.gaps)
        if len(chunks[-1]) == protocol.STATE_ROWS or gaps > protocol.STATE_GAPS:
            chunks.append([])
            gaps = len(row.gaps)
        chunks[-1].append(row)
    for part, chunk in enumerate(chunks):
        frames = [_frame(row) for row in chunk]
        yield protocol.State(rows=frames, part=part, of=len(chunks), now=now)


def _conv(row: VectorRow) -> bytes:
    return row.conv


def _packed(row: VectorRow) -> bytes:
    return _ROW.pack(
        row.conv, row.state, row.since, row.last_seq, row.my_ord, row.peer_ord, row.my_read,
        row.my_read_ord, row.my_got, row.peer_read, row.peer_got, row.cleared,
    )  # fmt: skip


def _frame(row: VectorRow) -> protocol.VectorRow:
    times = protocol.Times(
        last=row.last_time or None, read=row.read_time or None, got=row.got_time or None
    )
    return protocol.VectorRow(
        conv=Id(row.conv),
        peer=Id(row.peer),
        state=int(row.state),
        since=row.since,
        last_seq=row.last_seq,
        my_ord=row.my_ord,
        peer_ord=row.peer_ord,
        my_read=row.my_read,
        my_read_ord=row.my_read_ord,
        my_got=row.my_got,
        peer_read=row.peer_read,
        peer_got=row.peer_got,
        cleared=row.cleared,
        times=times,
        gaps=list(row.gaps) or None,
    )
