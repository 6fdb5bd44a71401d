"""What the message store speaks of: ids, values and the few rules that need nothing else. Pure.

Ids are 16 random bytes. Every time is in milliseconds since 1970 by the server's clock; it is
shown, never used to order. `seq` orders, 1, 2, 3… in each conversation, without a hole.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum

from messaging.gaps import Gap

ID_SIZE = 16  # bytes of a user, device, conversation or client id
PAGE_MAX = 50  # rows of one page, previews of one call, epochs of one call
VECTOR_MAX = 1000  # pairs of one page of a state vector
KIND_NOTIFY, KIND_SILENT = 1, 2  # only kind 1 counts as unread
FLOOR_GRACE_MS = 60_000  # an ordinary rotation leaves its parent good for this long
MAX_INT = 2**53 - 1  # no number on the wire is larger

Uid = bytes
Conv = bytes
Seal = Callable[[int], tuple[str, bytes]]  # server_ms → (kid, R): the franking tag of a row


class PairState(IntEnum):
    """The truth of a pair. Nobody is shown it; people see the state of their contact row.

    DROPPED: declined, then withdrawn by the person who asked: closed to both, still declined.
    """

    REQUESTED = 1
    CONNECTED = 2
    DECLINED = 3
    WITHDRAWN = 4
    DROPPED = 5


class AskedBy(IntEnum):
    USER1 = 1
    USER2 = 2
    BOTH = 3


class ContactState(IntEnum):
    """A pair as one of the two sees it."""

    ASKED = 1  # by me; declined and unanswered look the same
    ASKS = 2  # me
    CONNECTED = 3
    CLOSED = 4
    BLOCKED = 5  # by me; who is blocked sees no change


class Gone(StrEnum):
    """Why a row has no content; the row itself stays, so that the log is dense."""

    ERASED = "erased"
    EXPIRED = "expired"
    WITHHELD = "withheld"


@dataclass(frozen=True, slots=True)
class Pair:
    """Two users, user1 < user2 as bytes. `blocked`: bit 1 user1 blocks user2, bit 2 the reverse."""

    user1: Uid
    user2: Uid
    conv: Conv
    created: int
    state: PairState
    asked_by: AskedBy
    blocked: int
    version: int

    def peer_of(self, owner: Uid) -> Uid:
        return self.user2 if owner == self.user1 else self.user1

    def blocked_by(self, owner: Uid) -> bool:
        return bool(self.blocked & block_bit(owner, self.peer_of(owner)))

    def asked(self, owner: Uid) -> bool:
        """Whether the latest request (or one of two crossing ones) was the owner's."""
        return bool(self.asked_by & asker(owner, self.peer_of(owner)))

    def seen_by(self, owner: Uid) -> ContactState:
        """The state of the owner's contact row: what they may know, not the other's no."""
        if self.blocked_by(owner):
            return ContactState.BLOCKED
        if self.state is PairState.CONNECTED:
            return ContactState.CONNECTED
        if self.state is PairState.REQUESTED:
            return ContactState.ASKED if self.asked(owner) else ContactState.ASKS
        if self.state is PairState.DECLINED and self.asked(owner):
            return ContactState.ASKED
        return ContactState.CLOSED


@dataclass(frozen=True, slots=True)
class Contact:
    """One side of a pair. `withheld` (the peer blocks the owner) is never told to the owner."""

    owner: Uid
    peer: Uid
    conv: Conv
    state: ContactState
    since: int  # when the state that the owner sees last changed
    withheld: bool
    cleared: int  # "clear chat": rows up to this seq are not shown to the owner


@dataclass(frozen=True, slots=True)
class EpochHead:
    """The newest epoch of a pair. k1, k2: links it names, resets of the account · 2^32 + k."""

    n: int
    forced: bool  # it followed a revocation or a reset: its parent is refused at once
    time: int
    k1: int
    k2: int


@dataclass(frozen=True, slots=True)
class NewEpoch:
    """An epoch record to publish (docs/encryption.md 4.7), with what the store reads of it."""

    n: int
    record: bytes
    forced: bool
    time: int
    k1: int
    k2: int


@dataclass(frozen=True, slots=True)
class EpochRecord:
    """A published epoch with the asking user's own box of its secret, if there is one."""

    n: int
    record: bytes
    forced: bool
    time: int
    k1: int
    k2: int
    g: int | None
    box: bytes | None


@dataclass(frozen=True, slots=True)
class Draft:
    """A sealed message on its way into the log; the log gives it seq, ord and time."""

    conv: Conv
    client_id: bytes  # the idempotency key
    after_seq: int  # the last seq its client knew when composing: an earlier attempt lies above
    sender: Uid
    peer: Uid
    device: bytes
    ctr: int
    kind: int
    epoch: int
    head: EpochHead  # newest epoch known to the live session
    ttl: int  # seconds; 0 = kept
    text: bytes = field(repr=False)  # the envelope
    salt: bytes = field(repr=False)
    url: str = ""  # blob ids, separated by spaces
    withheld: bool = False  # the peer blocks the sender
    erase: tuple[int, bytes] | None = None  # seq, client_id of the sender's row that goes with it


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a conversation. Content is None where `gone` says why.

    `withheld` rows carry their content, for the sender; the reader shows them to the other as
    Gone.WITHHELD, and counts without them. A row with a ttl has its salt elsewhere
    (MessageLog.salts).
    """

    conv: Conv
    seq: int
    client_id: bytes
    sender: Uid
    device: bytes
    ctr: int
    time: int
    ord: int  # as its sender counts
    kind: int
    epoch: int
    expires: int | None
    withheld: bool
    gone: Gone | None
    text: bytes | None = field(repr=False)
    salt: bytes | None = field(repr=False)
    url: str
    tag: bytes | None
    kid: str | None
    hid: int  # rows of kind 1 of this sender that were withheld so far, this one included

    def ord_for(self, reader: Uid) -> int:
        """The sender counts every row; the other counts without those that were withheld."""
        return self.ord if reader == self.sender else self.ord - self.hid

    @property
    def ttl(self) -> int:
        """Seconds, 0 = kept."""
        return 0 if self.expires is None else (self.expires - self.time) // 1000


@dataclass(frozen=True, slots=True)
class VectorRow:
    """One conversation as its owner sees it (docs/protocol.md).

    Unread = max(0, peer_ord − my_read_ord); both count what the owner may see. `gaps` lie beside
    peer_got and peer_read. `withheld` is for the live session's contact map only: it never leaves
    the server.
    """

    conv: Conv
    peer: Uid
    state: ContactState
    since: int
    last_seq: int
    my_ord: int
    peer_ord: int
    my_read: int
    my_read_ord: int
    my_got: int
    peer_read: int
    peer_got: int
    cleared: int
    last_time: int  # 0 = never
    read_time: int
    got_time: int
    withheld: bool
    gaps: tuple[Gap, ...] = ()


@dataclass(frozen=True, slots=True)
class VectorPage:
    """Some pairs of a user. `after` asks for the next page; None = there is no more."""

    rows: list[VectorRow]
    after: bytes | None


def ordered(a: Uid, b: Uid) -> tuple[Uid, Uid]:
    """user1, user2: compared as raw bytes."""
    return (a, b) if a < b else (b, a)


def asker(owner: Uid, peer: Uid) -> AskedBy:
    return AskedBy.USER1 if owner < peer else AskedBy.USER2


def after_asking(was: Pair, side: AskedBy) -> tuple[PairState, AskedBy]:
    """What a request by this side makes of a pair."""
    again = bool(was.asked_by & side)
    match was.state:
        case PairState.REQUESTED | PairState.DECLINED if not again:
            return PairState.CONNECTED, AskedBy.BOTH  # they crossed, or the no was thought over
        case PairState.DROPPED if again:
            return PairState.DECLINED, side  # asked before, and refused: it looks unanswered
        case PairState.WITHDRAWN | PairState.DROPPED:
            return PairState.REQUESTED, side
    return was.state, was.asked_by


def block_bit(owner: Uid, peer: Uid) -> int:
    """The bit of Pair.blocked that says: owner blocks peer."""
    return 1 if owner < peer else 2


def floor_after(known: int, head: EpochHead, now: int) -> int:
    """The oldest epoch that an append may still use, and leaves behind (docs/encryption.md 4.7).

    A forced head counts at once, an ordinary one from a minute after its time; until then its
    parent is good.
    """
    settled = head.forced or now - head.time > FLOOR_GRACE_MS
    return max(known, head.n if settled else head.n - 1)
