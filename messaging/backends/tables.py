"""The port for who looks at the store as a whole: copies, proofs, operators. No request comes here.

Tables and columns are the same in every store, whatever its own look like. Each record is as it
stands, and nothing is hidden or told to somebody: those who ask must be allowed to see it all.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple

from messaging.backends.base import StoreMeta
from messaging.domain import Contact, Conv, Pair, Row, Uid
from messaging.gaps import GapKind

BROWSE_MAX = 200  # records of one look


class Table(StrEnum):
    """The tables of the data model, as they are called there, and what each is made of."""

    CONNECTION = "connection"  # Pair
    CONTACT = "contact"  # Contact
    CONNECTION_KEY = "connection_key"  # Key
    ES_BOX = "es_box"  # Box
    HEAD = "conversation_head"  # Head
    CONVERSATION = "conversation"  # Row, whose content is gone only where it was taken away
    MESSAGE_SALT = "message_salt"  # Salt
    UNREAD = "unread"  # Sent
    READ = "read"  # Mark
    MARK_GAP = "mark_gap"  # Passed


# Where nothing lies that somebody wrote, and that cannot be made again.
REMOVABLE = (Table.CONTACT, Table.ES_BOX, Table.UNREAD, Table.READ, Table.MARK_GAP)


@dataclass(frozen=True, slots=True)
class Key:
    """A published epoch of a conversation."""

    conv: Conv
    epoch: int
    record: bytes = field(repr=False)
    forced: bool
    time: int
    k1: int
    k2: int


@dataclass(frozen=True, slots=True)
class Box:
    owner: Uid
    conv: Conv
    epoch: int
    g: int
    box: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Head:
    """The end of a log; ord1 and hid1 are of the pair's user1."""

    conv: Conv
    last_seq: int
    last_time: int
    ord1: int
    ord2: int
    hid1: int
    hid2: int
    run: int  # first of the withheld rows that end the log; 0 = none do
    floor: int


@dataclass(frozen=True, slots=True)
class Salt:
    conv: Conv
    client_id: bytes
    salt: bytes = field(repr=False)
    expires: int


@dataclass(frozen=True, slots=True)
class Sent:
    """The newest thing that `sender` sent `reader`, as `owner` sees it, who is one of the two."""

    owner: Uid
    sender: Uid
    reader: Uid
    conv: Conv
    last_seq: int
    last_ord: int
    time: int


@dataclass(frozen=True, slots=True)
class Mark:
    """How far `reader` has come in what `sender` sent, as `owner` sees it.

    `read_ord` is the reader's own alone, `got_time` what the sender sees alone; 0 otherwise.
    """

    owner: Uid
    sender: Uid
    reader: Uid
    read_seq: int
    read_ord: int
    time: int
    got_seq: int
    got_time: int


@dataclass(frozen=True, slots=True)
class Passed:
    """A gap in the reader's marks on what the sender sent."""

    sender: Uid
    reader: Uid
    kind: GapKind
    first: int
    last: int


Record = Pair | Contact | Key | Box | Head | Row | Salt | Sent | Mark | Passed


@dataclass(frozen=True, slots=True)
class Held:
    """All that a store has of a pair, but the rows of its log. `sides`: of user1, of user2, as they
    follow from the pair where the store keeps both. `shown`: as they stand, and may lag behind."""

    pair: Pair
    sides: tuple[Contact, Contact]
    head: Head
    keys: Sequence[Key]
    boxes: Sequence[Box]
    salts: Sequence[Salt]
    sent: Sequence[Sent]
    marks: Sequence[Mark]
    gaps: Sequence[Passed]
    shown: Sequence[Contact]


class Browsed(NamedTuple):
    """Some records of a table. `cursor` asks for more; None = that was all."""

    records: list[Record]
    cursor: bytes | None


class BadCursor(ValueError):
    """Nothing that `browse` of this table answered."""


class Tables(ABC):
    """Every table of the store, record by record.

    `keep_rows` and `keep` are for a store that nobody serves yet: they ask for no order and refuse
    nothing. The repairs below them may meet people who write. Repeating any of it is safe.
    """

    meta: StoreMeta

    @classmethod
    @abstractmethod
    def elsewhere(cls, engine: Mapping[str, Any]) -> "Tables":
        """Those of another site, by the settings of its engine (chatsite/engines.py)."""

    @abstractmethod
    async def browse(
        self, table: Table, cursor: bytes | None, n: int, *, sure: bool = False
    ) -> Browsed:
        """About n records, and BROWSE_MAX at most, from where `cursor` says; None = the beginning.

        In the store's own order. A page may be short or empty: what counts is its cursor. A record
        that stands all the while is on exactly one page; one that changes meanwhile is shown as it
        was or as it is. `sure`: from as many replicas as it takes to have all that was confirmed.
        Otherwise one is enough, and a record may be missing that another replica has.

        Raises BadCursor, and Busy.
        """

    @abstractmethod
    async def held(self, pair: Pair) -> Held:
        """All of a pair, as most replicas have it, after what is still being decided."""

    @abstractmethod
    async def rows(self, conv: Conv, after: int, n: int) -> list[Row]:
        """At most n rows above `after`, oldest first. What the store has lost is not among them."""

    @abstractmethod
    async def keep_rows(self, pair: Pair, rows: Sequence[Row], now: int) -> None:
        """Put these rows, which follow each other, into the log, in place of what is there."""

    @abstractmethod
    async def keep(self, held: Held, now: int) -> None:
        """Put all of a pair, whose rows are there already, in place of what is there.

        The sides follow from the pair, but for `since` and `cleared`. A salt is kept for the rest
        of its time.
        """

    @abstractmethod
    async def raise_sent(self, sent: Sequence[Sent]) -> None:
        """Put these watermarks where lower ones are, or none. A higher one stays."""

    @abstractmethod
    async def tell_sides(self, pair: Pair, now: int) -> None:
        """Write both contact rows again, as the pair stands by now. One that was lost is there
        again, since `now` and with nothing cleared."""

    @abstractmethod
    async def remove(self, table: Table, records: Sequence[Record]) -> None:
        """Take records of no pair out of one of the tables in REMOVABLE."""

    @abstractmethod
    async def purge(self, rows: Sequence[Row]) -> None:
        """These rows of one conversation, as they stand one after the other from `purged` on, lose
        content, tag and salt, no matter who wrote them; they stay, as expired. Last, `purged` rises
        to the end of them."""

    @abstractmethod
    async def purged(self, conv: Conv) -> int:
        """Up to which seq `purge` has come; 0 = never, or not since the log was copied here."""

    @abstractmethod
    def close(self) -> None:
        """End what is open. Adapters over the same place are of no use afterwards."""
