"""The end of a log: what the next row must find there, and where.

A conversation lies in buckets of BUCKET_ROWS rows, a partition each, by number: a bucket is full
or the last. Its statics are the head of the log as its newest row left it. The next bucket goes on
from there; it is opened by an append that knows the one before it to be full, and it may have a
floor before it has a row.
"""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from weakref import WeakValueDictionary

from messaging.backends.cassandra.buckets import BUCKET_ROWS
from messaging.backends.cassandra.line import Line
from messaging.backends.cassandra.members import members
from messaging.backends.cassandra.store import Statement, Store
from messaging.domain import Conv

KNOWN_MAX = 100_000  # heads kept by a process

STATICS = ("last_seq", "last_time", "ord1", "ord2", "hid1", "hid2", "run", "min_epoch")
HEAD = Statement(f"""
SELECT DISTINCT conversation_id, bucket, {", ".join(STATICS)} FROM conversation
WHERE conversation_id = :conv AND bucket = :bucket
""")


@dataclass(frozen=True, slots=True)
class Head:
    """The head of a log as one bucket has it, or as it goes over into a new one.

    Pairs are of user1 and user2. `stored`: last_seq and min_epoch as they stand in this bucket,
    None where nothing does: the next change is made on that condition.
    """

    conv: Conv
    bucket: int
    seq: int = 0
    time: int = 0
    ords: tuple[int, int] = (0, 0)
    hids: tuple[int, int] = (0, 0)
    run: int = 0  # first of the withheld rows that end the log, 0 = none do
    floor: int = 0
    stored: tuple[int | None, int | None] = (None, None)

    def seen_as(self, statics: Sequence[int | None]) -> "Head":
        """What this bucket is by its statics; without a row it goes on from the one before."""
        last_seq, floor = statics[0], statics[7]
        if last_seq is None:
            floor_now = max(self.floor, floor or 0)
            return replace(self, floor=floor_now, stored=(None, floor))
        time, ord1, ord2, hid1, hid2, run = (value or 0 for value in statics[1:7])
        return Head(
            *(self.conv, self.bucket, last_seq, time, (ord1, ord2), (hid1, hid2), run),
            *(floor or 0, (last_seq, floor)),
        )

    def in_next_bucket(self) -> "Head":
        """As long as nobody has been there. Who has is told by the refusal."""
        return replace(self, bucket=self.bucket + 1, stored=(None, None))


class Heads:
    """What this process knows of the ends of logs.

    It may lag behind, and is never ahead: a floor that is known is in force, a place that is
    known is there.
    """

    def __init__(self, store: Store, size: int = BUCKET_ROWS) -> None:
        self.store = store
        self.size = size
        self._known: OrderedDict[Conv, Head] = OrderedDict()
        self._lines = WeakValueDictionary[Conv, Line]()

    def line(self, conv: Conv) -> Line:
        return self._lines.setdefault(conv, Line())

    def bucket(self, seq: int) -> int:
        return (seq - 1) // self.size

    def ends_bucket(self, seq: int) -> bool:
        return seq > 0 and seq % self.size == 0

    def opens_bucket(self, seq: int) -> bool:
        """And there is one before it."""
        return seq > 1 and (seq - 1) % self.size == 0

    def known(self, conv: Conv) -> Head | None:
        if conv in self._known:
            self._known.move_to_end(conv)
        return self._known.get(conv)

    def remember(self, head: Head) -> None:
        known = self._known.get(head.conv)
        if known and (known.bucket, known.seq, known.floor) > (head.bucket, head.seq, head.floor):
            return
        self._known[head.conv] = head
        self._known.move_to_end(head.conv)
        if len(self._known) > KNOWN_MAX:
            self._known.popitem(last=False)

    async def open(self, conv: Conv) -> Head | None:
        """Where the next row goes, as far as it is known here; None = no such conversation."""
        head = self.known(conv) or await self.newest(conv)
        return head and self.opened(head)

    def opened(self, head: Head) -> Head:
        full = head.stored[0] is not None and self.ends_bucket(head.seq)
        return head.in_next_bucket() if full else head

    async def newest(self, conv: Conv, *, settled: bool = False) -> Head | None:
        """The head as the store has it. `settled`: with what is still being decided."""
        bucket = await self.newest_bucket(conv)
        if bucket is None:
            return None
        head = await self.read(Head(conv, bucket), settled=settled)
        if bucket and head.stored[0] is None:  # nothing to go on from: begin one below
            head = await self.read(Head(conv, bucket - 1), settled=settled)
        while (following := self.opened(head)) is not head:
            head = await self.read(following, settled=settled)
        self.remember(head)
        return head

    async def newest_bucket(self, conv: Conv) -> int | None:
        """It may lag behind by one; None = no such conversation."""
        known = self.known(conv)
        if known:
            return known.bucket - (known.bucket > 0 and known.stored[0] is None)
        found = await members(self.store, conv)
        return found.bucket if found else None

    async def read(self, head: Head, *, settled: bool = False) -> Head:
        """The bucket of this head as it stands."""
        statement = HEAD.settled if settled else HEAD
        found = await self.store.rows(statement, {"conv": head.conv, "bucket": head.bucket})
        return head.seen_as(found[0][2:] if found else (None,) * len(STATICS))
