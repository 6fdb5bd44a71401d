"""The state vector as frames, and the hash by which both ends compare it (storage.md 2.2)."""

import struct
from collections.abc import Iterator, Sequence

from accounts.wire import Id
from e2ee.encoding import cat, h
from messaging import protocol
from messaging.domain import VectorRow

_ROW = struct.Struct(">16sB10Q")


def vec_hash(rows: Sequence[VectorRow]) -> bytes:
    return h(cat("m1:vec", b"".join(_packed(row) for row in sorted(rows, key=_conv))))


def state_frames(rows: Sequence[VectorRow], now: int) -> Iterator[protocol.State]:
    """One at least; STATE_ROWS a frame."""
    size = protocol.STATE_ROWS
    of = max(1, -(-len(rows) // size))
    for part in range(of):
        chunk = rows[part * size : (part + 1) * size]
        yield protocol.State(rows=[_frame(row) for row in chunk], part=part, of=of, now=now)


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
    )
