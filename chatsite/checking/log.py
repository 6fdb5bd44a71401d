"""The rows of one conversation, one after the other, and what follows from them."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from chatsite.running.names import Names
from messaging.backends.tables import Sent
from messaging.domain import KIND_NOTIFY, Gone, Pair, Row, Uid


@dataclass
class Log:
    """`add` each row in its order; a message counts from the first row that has its client_id."""

    pair: Pair
    last: int = 0
    time: int = 0
    run: int = 0  # first of the withheld rows that end the log; 0 = none do
    epoch: int = -1  # the newest that a row names
    ords: dict[Uid, int] = field(default_factory=lambda: defaultdict(int))
    hids: dict[Uid, int] = field(default_factory=lambda: defaultdict(int))
    # By owner and sender, the newest last: a watermark may be one row behind (backends/base.py).
    sent: dict[tuple[Uid, Uid], list[Sent]] = field(default_factory=lambda: defaultdict(list))
    salts: set[bytes] = field(default_factory=set)  # client ids of those that there are
    named: Names = field(default_factory=Names)  # client ids
    unsalted: int = 0  # messages that have no salt, and must have one
    emptied: int = 0  # newest row whose content is gone, and neither its author nor a ttl took it
    faults: list[str] = field(default_factory=list)

    def add(self, row: Row, now: int) -> None:
        """`now`: ms; what has expired needs no salt."""
        self.faults += self._of(row)
        if row.expires is not None and row.gone is None and row.expires > now:
            self.unsalted += row.client_id not in self.salts
        if row.gone is Gone.EXPIRED and row.expires is None:
            self.emptied = row.seq
        self.named.add(row.client_id)
        self.last, self.time, self.epoch = row.seq, row.time, max(self.epoch, row.epoch)
        self.run = (self.run or row.seq) if row.withheld else 0
        self.ords[row.sender], self.hids[row.sender] = row.ord, row.hid
        if row.sender in (self.pair.user1, self.pair.user2):
            self._watermarks(row)

    def _of(self, row: Row) -> Iterator[str]:
        if row.seq != self.last + 1:
            yield f"messages {self.last + 1} to {row.seq - 1} are missing"
        if row.time <= self.time:
            yield f"message {row.seq} is not later than the one before it"
        if row.client_id in self.named:
            yield f"message {row.seq} is there twice"
        if row.sender not in (self.pair.user1, self.pair.user2):
            yield f"message {row.seq} is of somebody else"
        counts = row.kind == KIND_NOTIFY
        if row.ord != self.ords[row.sender] + counts:
            yield f"message {row.seq} is counted as number {row.ord}"
        if row.hid != self.hids[row.sender] + (counts and row.withheld):
            yield f"message {row.seq} counts {row.hid} withheld ones"

    def _watermarks(self, row: Row) -> None:
        reader = self.pair.peer_of(row.sender)
        for owner in (row.sender,) if row.withheld else (row.sender, reader):
            way = (owner, row.sender, reader, row.conv)
            newest = self.sent[owner, row.sender]
            newest.append(Sent(*way, row.seq, row.ord_for(owner), row.time))
            del newest[:-2]
