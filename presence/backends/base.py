"""The port of presence: which device is on which node, and which nodes live.

(User, Server, Heartbeat time) of the data model is an entry joined with its node's lease. Nodes
heartbeat, connections do not: a dead node's users are gone when its lease ends, and a restarted
node has another incarnation, so that what it held before no longer counts.

Beside it stands what was revoked a short while ago, since both are asked for in the same moment:
when a device opens a live session. Every method may raise when the registry is away; the caller
bounds how long it waits. Repeating any call is safe.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

BEAT_MS = 5_000  # a node renews its lease
LEASE_MS = 15_000  # three missed beats: the node is dead
ENTRY_MS = 3_600_000  # an entry that nobody refreshed; live nodes do so every minute


@dataclass(frozen=True, slots=True)
class Entry:
    """One live session. `conn` is new with each, so that late clean-up spares its successor."""

    user: bytes
    device: bytes
    node: str
    incarnation: str
    conn: bytes
    heartbeat: int  # ms, by the node's clock


@dataclass(frozen=True, slots=True)
class Joined:
    """`revoked`: why the device may not open a session; it was not put then. `older`: the entry
    that gave way, of whichever node."""

    revoked: str | None = None
    older: Entry | None = None


@dataclass(frozen=True, slots=True)
class Renewed:
    """`mine`: False where a living process has the node's name now; nothing was renewed then.
    `forgot`: the registry began again since the last time, and may have lost everything.
    `lapsed`: nodes, with their incarnation, whose lease ended without a word. `offset`: by how many
    ms the clock of this node is ahead of the registry's; `others`: the same of the other nodes that
    beat of late. Where all nodes are one process, they have one clock."""

    mine: bool = True
    forgot: bool = False
    lapsed: frozenset[str] = frozenset()
    offset: int = 0
    others: tuple[int, ...] = ()


class Full(Exception):
    """The registry answers, and takes nothing more."""


class PresenceRegistry(ABC):
    @abstractmethod
    async def lease(self, node: str, incarnation: str, now: int) -> None:
        """The node begins: it lives, for LEASE_MS. Takes the name from any process that has it, so
        that a node that is started again after a crash need not wait."""

    @abstractmethod
    async def renew(self, node: str, incarnation: str, now: int, former: str = "") -> Renewed:
        """The node lives for LEASE_MS more, unless another process has taken its name. `former`:
        the incarnation that this one follows."""

    @abstractmethod
    async def release(self, node: str, incarnation: str) -> None:
        """End the node's lease, if it is still this incarnation's."""

    @abstractmethod
    async def join(self, entry: Entry, subjects: Sequence[bytes], now: int) -> Joined:
        """The device has a new session: it replaces what was known of the device, wherever that
        was, unless one of `subjects` is revoked. One round trip."""

    @abstractmethod
    async def refresh(self, entries: Sequence[Entry]) -> list[Entry]:
        """These sessions are still there. An entry is written where there is none, or one of the
        same `conn`; those whose place another session has taken are answered, and stay displaced.
        One round trip for many."""

    @abstractmethod
    async def remove(self, user: bytes, device: bytes, conn: bytes) -> None:
        """Forget the device, if the entry is still that of `conn`."""

    @abstractmethod
    async def where(self, users: Iterable[bytes], now: int) -> dict[bytes, list[Entry]]:
        """The entries of these users on living nodes; users without one are left out. One round
        trip for many."""

    @abstractmethod
    async def everyone(self, now: int) -> list[Entry]:
        """All entries on living nodes, for operators."""

    @abstractmethod
    async def nodes(self, now: int) -> dict[str, int]:
        """When the lease of each node ends, or ended within the last hour; for operators."""

    @abstractmethod
    async def revoke(self, subject: bytes, reason: str, until: int) -> None:
        """Until `until`, `join` answers this reason for the subject. ENTRY_MS at most."""

    @abstractmethod
    async def pardon(self, subject: bytes) -> None:
        """The subject is no longer revoked."""

    async def close(self) -> None:  # noqa: B027 -- most have nothing to end
        """End the connections of this loop, if there are any; the next call opens new ones."""
