"""The port for who looks at the store as a whole: copies, proofs, operators. No request comes here.

Tables and columns are the same in every store, whatever its own look like. Each record is as it
stands, and nothing is hidden or told to somebody: those who ask must be allowed to see it all.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from chatsite.edge.refusals import Refusal
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


class Browsed(NamedTuple):
    """Some records of a table. `cursor` asks for more; None = that was all."""

    records: list[Record]
    cursor: bytes | None


class BadCursor(Refusal):
    """Nothing that `browse` of this table answered."""

    code, message = "bad_cursor", "The list has no such place."


class Tables(ABC):
    """Every table of the store, record by record."""

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
