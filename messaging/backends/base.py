"""The two ports of the message store. The docstrings are the contract, tests/contracts its proof.

Membership is checked before the port, by `conversations.require_member`. Every method may raise
Busy: the outcome is unknown or the store is away, and repeating the same call is always safe.
The time comes in as an argument (`now`, `time`), so that a test can move it.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence

from messaging.domain import (
    Appended,
    Contact,
    Conv,
    Draft,
    EpochRecord,
    Head,
    NewEpoch,
    Pair,
    PairState,
    Row,
    Seal,
    Uid,
    VectorRow,
)

RETRY_MS = 500  # what a Busy suggests when the store has no better idea


class StoreError(Exception):
    """Base of what the ports raise."""


class Busy(StoreError):
    """Not done or unknown: repeat the same call, not sooner than retry_ms."""

    def __init__(self, retry_ms: int = RETRY_MS) -> None:
        super().__init__(f"busy, retry in {retry_ms} ms")
        self.retry_ms = retry_ms


class Refusal(StoreError):
    """A definite answer: nothing was changed, and repeating changes nothing."""


class StaleEpoch(Refusal):
    """The epoch of a draft is below the floor."""

    def __init__(self, floor: int) -> None:
        super().__init__(f"epochs below {floor} are retired")
        self.floor = floor


class Reused(Refusal):
    """The client_id names another message already."""


class BadSeq(Refusal):
    """A mark above the head of the log."""


class Unknown(Refusal):
    """No such row."""


class Refused(Refusal):
    """The asker himself blocks the other: he must unblock first."""


class Conflict(Refusal):
    """A compare-and-set was lost; subclasses carry the winner."""


class PairConflict(Conflict):
    def __init__(self, pair: Pair) -> None:
        super().__init__("the pair has changed")
        self.pair = pair


class EpochConflict(Conflict):
    """`head` and `record` are None where the pair has no epoch yet and another was expected."""

    def __init__(self, head: int | None, record: bytes | None) -> None:
        super().__init__("another epoch stands there")
        self.head = head
        self.record = record


class MessageLog(ABC):
    """Each conversation as a dense log, with its watermarks."""

    @abstractmethod
    async def append(self, draft: Draft, seal: Seal, now: int) -> Appended:
        """Give the draft the next seq, durably, and raise the sent watermark with it.

        time = max(now, last time + 1); ord counts this sender's rows of kind 1. `seal(time)`
        makes the tag; it may be called more than once and must be pure. The floor rises to
        `floor_after(floor, draft.head, now)` first. A withheld row raises the sender's view of
        the watermark alone, and the blocker's own read mark, so that it never counts as unread.

        Raises StaleEpoch (below the floor), Reused (client_id known with another sender, device
        or content, as far as the content is still there), Unknown (no such conversation).
        Repeating gives the first answer with dup=True, and prolongs no salt.
        """

    @abstractmethod
    async def find(self, conv: Conv, client_id: bytes, after_seq: int) -> int | None:
        """The seq of a message above after_seq, or None."""

    @abstractmethod
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
    ) -> None:
        """Raise the reader's watermarks on the peer's messages; a lower value does nothing.

        `read` is (seq, ord). own_only: receipts are off, the peer's view of
        `read` stands still, and is never filled in later. Raises BadSeq where seq, or the ord,
        lies above what the log has. Repeating has no effect.
        """

    @abstractmethod
    async def vector(self, user: Uid) -> list[VectorRow]:
        """Every pair of the user with its watermarks, zeros where nothing was ever sent."""

    @abstractmethod
    async def page(
        self, conv: Conv, n: int, now: int, *, before: int | None = None, after: int | None = None
    ) -> list[Row]:
        """At most n ≤ PAGE_MAX rows, skeletons and withheld rows included, never with a hole.

        With `after`: oldest first above it; otherwise newest first, below `before` if given.
        What has expired by `now` has no content, whether or not it was cleared yet.
        """

    @abstractmethod
    async def last(self, convs: Sequence[Conv], now: int) -> dict[Conv, Row]:
        """The newest row of each of ≤ PAGE_MAX conversations; without rows it is left out."""

    @abstractmethod
    async def salts(self, conv: Conv, client_ids: Sequence[bytes], now: int) -> dict[bytes, bytes]:
        """Unexpired salts of messages with a ttl, by client_id; missing = gone."""

    @abstractmethod
    async def redact(self, conv: Conv, seq: int, client_id: bytes) -> None:
        """Overwrite content, tag and salt of one message; its row stays, as erased.

        Raises Unknown. Whose it is was checked before. Repeating has no effect.
        """

    @abstractmethod
    async def raise_floor(self, conv: Conv, epoch: int) -> None:
        """From when this returns, nothing below `epoch` is appended. Never lowers the floor.

        Raises Unknown. Repeating has no effect.
        """

    @abstractmethod
    async def expire(self, now: int, limit: int) -> int:
        """Clear content and salts of at most `limit` messages whose time has come; how many.

        An adapter whose store expires rows by itself answers 0.
        """


class ConnectionStore(ABC):
    """Pairs, what each side sees of them, and their epochs."""

    @abstractmethod
    async def pair(self, a: Uid, b: Uid) -> Pair | None:
        """The pair of two users in either order."""

    @abstractmethod
    async def ask(self, asker: Uid, peer: Uid, new_id: Conv, time: int) -> Pair:
        """Ask to connect; both contact rows are written with the pair.

        New or closed: requested. Asked by the other, or declined by the asker himself before:
        connected, so that two requests that cross leave one connection. Declined by the other:
        stays declined, which the asker sees as asked. A block by the other changes nothing of
        this. `new_id` is used where there is no pair yet; it is the conversation's id for good.
        Raises Refused where the asker blocks the peer. Repeating gives the same pair.
        """

    @abstractmethod
    async def change(self, was: Pair, state: PairState, blocked: int, time: int) -> Pair:
        """Set state and blocked of the pair if its version is still `was.version`.

        Then both contact rows follow; `since` moves only for a side whose own state changed.
        Raises PairConflict with the pair as it stands. Repeating a change that was applied
        redoes the contact rows and gives the same pair.
        """

    @abstractmethod
    async def contacts(self, user: Uid) -> list[Contact]:
        """Every contact row of the user."""

    @abstractmethod
    async def contact(self, user: Uid, conv: Conv) -> Contact | None:
        """The user's side of a conversation; None = not a member, or no such conversation."""

    @abstractmethod
    async def clear(self, owner: Uid, peer: Uid, seq: int) -> None:
        """Hide the owner's rows up to seq, for all his devices; never moves back.

        Raises BadSeq above the head, Unknown without a pair. Repeating has no effect.
        """

    @abstractmethod
    async def head(self, conv: Conv) -> Head | None:
        """The newest epoch, or None where nobody has sent yet."""

    @abstractmethod
    async def epochs(
        self, conv: Conv, owner: Uid, n: int, *, upto: int | None = None
    ) -> list[EpochRecord]:
        """At most n ≤ PAGE_MAX records with the owner's own boxes: newest first, up to `upto`."""

    @abstractmethod
    async def advance(self, conv: Conv, epoch: NewEpoch) -> None:
        """Make epoch.n the head if the head is epoch.n − 1 (none for n = 0): both in one step.

        Raises EpochConflict with the head and its record, Unknown without a conversation.
        Repeating an applied record succeeds.
        """

    @abstractmethod
    async def put_box(self, owner: Uid, conv: Conv, epoch: int, g: int, box: bytes) -> None:
        """Keep the owner's box of an epoch secret; the highest g stays, the first of equals.

        Raises Unknown above the head. Repeating has no effect.
        """
