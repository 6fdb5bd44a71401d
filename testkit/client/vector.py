"""The state vector as a client keeps it, and its hash (docs/protocol.md)."""

import struct
from dataclasses import dataclass, field
from typing import Any

from chatsite.edge.wire import Id
from e2ee.encoding import cat, h
from messaging.gaps import Gap, GapKind
from messaging.protocol import Msg, Receipt, VectorRow

_ROW = struct.Struct(">16sB10Q")
RISING = (
    "last_seq", "my_ord", "peer_ord", "my_read", "my_read_ord", "my_got", "peer_read", "peer_got",
    "cleared",
)  # fmt: skip


@dataclass
class Row:
    conv: bytes
    peer: bytes
    state: int
    since: int
    last_seq: int = 0
    my_ord: int = 0
    peer_ord: int = 0
    my_read: int = 0
    my_read_ord: int = 0
    my_got: int = 0
    peer_read: int = 0
    peer_got: int = 0
    cleared: int = 0
    gaps: list[Gap] = field(default_factory=list)  # not hashed; none is ever forgotten

    @classmethod
    def of(cls, row: VectorRow) -> "Row":
        return cls(
            bytes(row.conv), bytes(row.peer), row.state, row.since, row.last_seq, row.my_ord,
            row.peer_ord, row.my_read, row.my_read_ord, row.my_got, row.peer_read, row.peer_got,
            row.cleared, [Gap(GapKind(gap[0]), *gap[1:]) for gap in row.gaps or ()],
        )  # fmt: skip

    def tick(self, seq: int) -> str:
        """Of a message of mine: sent, delivered or read (docs/protocol.md)."""
        passed_over = {kind for kind, first, last in self.gaps if first <= seq <= last}
        if seq <= self.peer_read and not passed_over:
            return "read"
        if seq <= max(self.peer_got, self.peer_read) and GapKind.WITHHELD not in passed_over:
            return "delivered"
        return "sent"

    @property
    def unread(self) -> int:
        return max(0, self.peer_ord - self.my_read_ord)

    def packed(self) -> bytes:
        return _ROW.pack(
            self.conv, self.state, self.since, self.last_seq, self.my_ord, self.peer_ord,
            self.my_read, self.my_read_ord, self.my_got, self.peer_read, self.peer_got,
            self.cleared,
        )  # fmt: skip

    def after_message(self, seq: int, ord_: int, *, mine: bool) -> None:
        """The same message twice changes nothing twice."""
        if seq > self.last_seq:
            self.last_seq = seq
            if mine:
                self.my_ord = max(self.my_ord, ord_)
            else:
                self.peer_ord = max(self.peer_ord, ord_)

    def after_receipt(self, receipt: Receipt, *, mine: bool) -> None:
        """Watermarks only rise; read implies got."""
        read, got = receipt.read or 0, max(receipt.got or 0, receipt.read or 0)
        if mine:
            self.my_got, self.my_read = max(self.my_got, got), max(self.my_read, read)
            self.my_read_ord = max(self.my_read_ord, receipt.read_ord or 0)
        else:
            self.peer_got, self.peer_read = max(self.peer_got, got), max(self.peer_read, read)
            self.gaps += [Gap(GapKind(gap[0]), *gap[1:]) for gap in receipt.gaps or ()]


class Vector:
    def __init__(self) -> None:
        self.rows: dict[bytes, Row] = {}

    def hash(self) -> bytes:
        packed = (self.rows[conv].packed() for conv in sorted(self.rows))
        return h(cat("m1:vec", b"".join(packed)))

    def replace(self, rows: list[VectorRow], *, rising: bool = False) -> None:
        """`rising`: what is known stays where it is higher. A state that does not open a connection
        may have been read before what came ahead of it."""
        known = self.rows
        self.rows = {bytes(row.conv): Row.of(row) for row in rows}
        for conv, row in self.rows.items():
            if conv not in known:
                continue
            row.gaps += known[conv].gaps
            for name in RISING if rising else ():
                setattr(row, name, max(getattr(row, name), getattr(known[conv], name)))

    def tell(self, conv: bytes, me: bytes, **marks: Any) -> None:
        """Of this device, about to be told. What gets lost the next `state` says, which may come
        while the frame is on its way out."""
        if (row := self.rows.get(conv)) is not None:
            row.after_receipt(Receipt(conv=Id(conv), by=Id(me), **marks), mine=True)

    def after_message(self, msg: Msg, *, mine: bool) -> None:
        row = self.rows.get(bytes(msg.conv))
        if row is not None and msg.gone != "withheld":  # it moves nothing of who may not see it
            row.after_message(msg.seq, msg.ord or 0, mine=mine)
