"""All that the checkers look at: the history, the store as it was left, what each device holds.

Ids are hex. Everything is plain data, so that a test can write a good or a bad outcome by hand.
"""

from dataclasses import dataclass, field

from tests.chaos.history import Event


@dataclass(frozen=True)
class Row:
    """One row of the log, as the store has it."""

    conv: str
    seq: int
    mid: str
    sender: str
    device: str
    ctr: int
    ord: int
    kind: int
    epoch: int
    gone: str | None = None
    content: bool = True  # something is left of what it said


@dataclass(frozen=True)
class Message:
    """One row as a device shows it."""

    seq: int
    mid: str
    mine: bool
    kind: int
    ord: int
    text: str | None = None


@dataclass(frozen=True)
class Chat:
    """One conversation on one device, at the end."""

    messages: tuple[Message, ...]
    unread: int
    read_ord: int  # how far its owner has read, as this device knows
    waiting: int = 0  # in the outbox
    only: tuple[Message, ...] = ()  # that the server lost: on this device alone


@dataclass(frozen=True)
class Holding:
    """One device at the end; `fresh` = it signed in after everything was over."""

    name: str
    user: str  # uid
    chats: dict[str, Chat]
    fresh: bool = False
    alarms: tuple[str, ...] = ()


@dataclass(frozen=True)
class Mark:
    """Row (from, to) of `read`."""

    conv: str
    sender: str
    reader: str
    read_seq: int
    read_ord: int
    got_seq: int


@dataclass(frozen=True)
class EpochRow:
    conv: str
    n: int
    hash: str
    previous: str


@dataclass(frozen=True)
class Store:
    rows: tuple[Row, ...] = ()
    heads: dict[str, int] = field(default_factory=dict)  # conv → last_seq
    marks: tuple[Mark, ...] = ()
    epochs: tuple[EpochRow, ...] = ()


@dataclass(frozen=True)
class Files:
    """Ids of blobs, after a sweep to which all were old (swept.py)."""

    named: frozenset[str] = frozenset()  # by messages of the log
    whole: frozenset[str] = frozenset()  # with every byte
    stored: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Outcome:
    history: tuple[Event, ...] = ()
    store: Store = field(default_factory=Store)
    holdings: tuple[Holding, ...] = ()
    leaks: tuple[str, ...] = ()  # where a text was found readable
    files: Files = field(default_factory=Files)
