"""The ports of the message store. The docstrings are the contract, tests/contracts its proof.

Membership is checked before the port, by `conversations.require_member`. Every method may raise
Busy: the outcome is unknown or the store is away, and repeating the same call is always safe.
The time comes in as an argument (`now`, `time`), so that a test can move it.

MessageLog and ConnectionStore are two ports of one store, and may lie in the same tables:
`ConnectionStore.ask` makes a conversation, with the head of its log at 0, and MessageLog knows no
other.

A store may lie in partitions, without a transaction over them. Then a call is several steps, in
the order that its docstring gives; it answers after the last one, and from then on everybody's
reads show all of it. A read between two steps, or after a crash there, shows the earlier ones
alone. Each step is a register that only rises, or a compare-and-set, so that a repeat of the
call makes good what is missing, and nothing was promised before. What readers must bear therefore:

- The log is ahead of its watermarks and gaps, by one row of each sender. `page` may show a row
  that no vector tells of yet; the next row of that sender raises the watermark past it.
- A mark may lie above the `last_seq` of the same vector row. It counts as it is, and what is
  subtracted from it ends at 0. (It may for good: what is withheld from its reader counts in
  `my_got`, and not in `last_seq`.)
- A pair is ahead of its contact rows. Between the two a person sees what was before.

A mark above the head of the log itself is never made: `mark` refuses it. It may stand there all
the same, after an older copy of the log was put back beside newer marks. Nothing lowers it, and
what is appended up to it counts as received and read: put back a store as a whole.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence

from chatsite.edge.refusals import Refusal
from messaging.domain import (
    Contact,
    Conv,
    Draft,
    EpochHead,
    EpochRecord,
    NewEpoch,
    Pair,
    PairState,
    Row,
    Seal,
    Uid,
    VectorPage,
)
from messaging.gaps import Marked

RETRY_MS = 500  # what a Busy suggests when the store has no better idea


class Busy(Exception):
    """Not done or unknown: repeat the same call, not sooner than retry_ms."""

    def __init__(self, retry_ms: int = RETRY_MS) -> None:
        super().__init__(f"busy, retry in {retry_ms} ms")
        self.retry_ms = retry_ms


class StaleEpoch(Refusal):
    """The epoch of a draft is below the floor."""

    code = "stale_epoch"

    def __init__(self, floor: int) -> None:
        super().__init__()
        self.floor = floor


class Reused(Refusal):
    """The client_id names another message already."""

    code = "reused"


class BadSeq(Refusal):
    """A mark above the head of the log."""

    code, message = "bad_seq", "The conversation has no such place."


class Blocks(Refusal):
    """The asker blocks the other, and must unblock first."""


class Lost(Refusal):
    """A compare-and-set was lost; subclasses carry the winner."""


class PairConflict(Lost):
    def __init__(self, pair: Pair) -> None:
        super().__init__()
        self.pair = pair


class EpochConflict(Lost):
    """`head` and `record` are None where the pair has no epoch yet and another was expected."""

    def __init__(self, head: int | None, record: bytes | None) -> None:
        super().__init__()
        self.head = head
        self.record = record


class MessageLog(ABC):
    """Each conversation as a dense log, with its watermarks."""

    @abstractmethod
    async def append(self, draft: Draft, seal: Seal, now: int) -> Row:
        """Give the draft the next seq, durably, then raise the sent watermark. Answers the row.

        time = max(now, last time + 1); ord counts this sender's rows of kind 1. `seal(time)`
        makes the tag; it may be called more than once and must be pure. The floor rises to
        `floor_after(floor, draft.head, now)` first. A withheld row raises the sender's view of
        the watermark alone. The peer counts `ord - hid`, where `hid` is how many of this sender's
        rows of kind 1 were withheld up to here: so what the peer had not read stays unread, and
        nothing more. After a withheld row the WITHHELD gap that ends with the row before it grows
        by it, or a new one begins. First, the row that `draft.erase` names loses content, tag and
        salt; it stays, as erased. So who finds a deletion in the log finds nothing of what it
        deletes. What is refused erases nothing, but for a floor that rises in that moment.

        Raises StaleEpoch (below the floor), Reused (client_id known with another sender, device
        or content, as far as that is still there, or by a salt), Unknown (no such conversation, or
        nothing of the sender's to erase there). Repeating gives the row as it stands by `now`, and
        prolongs no salt. A client_id is known for seven days at least; who comes later looks for
        it among the newer rows first.
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
    ) -> Marked:
        """Raise the reader's watermarks on the peer's messages; a lower value does nothing.

        `read` is (seq, ord), as the reader counts; of one seq the higher ord stays. The answer is
        what the peer sees move by it, with the gaps that their marks came to lie on or above.

        own_only: nothing moves for the peer, now or later. A `read` that rises so from p to q makes
        a PRIVATE gap p+1 … q, or lets the one that ends at p grow, before it moves; a later mark
        passes over it. A `read` that does not rise is told to nobody, no matter who is told of
        reading by then. A `got` that the peer was not told of is told with the next one.

        Raises BadSeq where seq, or the ord, lies above what the log has. Repeating has no effect,
        and tells the peer nothing again.
        """

    @abstractmethod
    async def vector(self, user: Uid, n: int, after: bytes | None = None) -> VectorPage:
        """At most n ≤ VECTOR_MAX pairs of the user with their watermarks, zeros where nothing was
        ever sent; `after` comes from the page before.

        A pair that was there all the while is on exactly one page. Pages are no snapshot: what
        moves between two of them is told by the fan-out, so join it first.

        `gaps`: those that begin on or below what the user sees of the peer's marks, cut off there,
        and the newest GAPS_MAX at most (`known_gaps`).
        """

    @abstractmethod
    async def page(
        self, conv: Conv, n: int, now: int, *, before: int | None = None, after: int | None = None,
        size: int | None = None,
    ) -> list[Row]:  # fmt: skip
        """At most n ≤ PAGE_MAX rows, skeletons and withheld rows included, never with a hole. With
        `after`: oldest first above it; otherwise newest first, below `before` if given. What has
        expired by `now` has no content, cleared or not. `size`: the row with which all have more
        bytes of text is the last. No later text is read; some (STEP_ROWS) if sizes are unknown."""

    @abstractmethod
    async def last(self, owner: Uid, convs: Sequence[Conv], now: int) -> dict[Conv, Row]:
        """The newest row that the owner may see of each of ≤ PAGE_MAX conversations of theirs.

        It is the one that `vector` calls last_seq; without such a row it is left out.
        """

    @abstractmethod
    async def salts(self, conv: Conv, client_ids: Sequence[bytes], now: int) -> dict[bytes, bytes]:
        """Unexpired salts of messages with a ttl, by client_id; missing = gone."""

    @abstractmethod
    async def raise_floor(self, conv: Conv, epoch: int) -> None:
        """From when this returns, nothing below `epoch` is appended. Never lowers the floor.

        Raises Unknown. Repeating has no effect.
        """

    @abstractmethod
    async def erase(self, conv: Conv, sender: Uid, seq: int, client_id: bytes) -> None:
        """A row of the sender's loses content, tag and salt; it stays, as erased.

        Raises Unknown where it is not there, or not theirs. Repeating has no effect.
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
        """Ask to connect: the pair, its conversation if it is new, then both contact rows.

        New or closed: requested. Asked by the other, or declined by the asker before:
        connected, so that two requests that cross leave one connection. Declined by the other:
        stays declined, which the asker sees as asked. A block by the other changes nothing of
        this. `new_id` is used where there is no pair yet; it is the conversation's id for good.
        Raises Blocks where the asker blocks the peer. Repeating gives the same pair.
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
        """Hide the owner's rows up to seq, for all their devices; never moves back.

        Raises BadSeq above the head, Unknown without a pair. Repeating has no effect.
        """

    @abstractmethod
    async def head(self, conv: Conv) -> EpochHead | None:
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
        """Keep the owner's box of an epoch secret; the highest g stays, and of equals one.

        Raises Unknown above the head. Repeating has no effect.
        """

    @abstractmethod
    async def drop_boxes(self, owner: Uid, conv: Conv) -> None:
        """The owner's boxes of every epoch go, for good: their account is deleted, and what is put
        afterwards may be lost. Repeating has no effect."""


class StoreMeta(ABC):
    """What is to be known of the store as a whole."""

    @abstractmethod
    async def data(self) -> bytes:
        """16 random bytes that name what the store holds: the same until `renew_data`."""

    @abstractmethod
    async def renew_data(self) -> bytes:
        """Give it another name: a backup was put back, and clients that saw more must compare."""

    @abstractmethod
    async def adopt_data(self, name: bytes) -> None:
        """Give it the name of the store that it is a copy of."""
