"""The port of presence: which device is on which node, and which nodes live.

The design's (User, Server, Heartbeat time) is an entry joined with its node's lease. Nodes
heartbeat, connections do not: a dead node's users are gone when its lease ends, and a restarted
node has another incarnation, so that what it held before counts for nothing.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable
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


class PresenceRegistry(ABC):
    @abstractmethod
    async def lease(self, node: str, incarnation: str, now: int) -> None:
        """Say that the node lives, for LEASE_MS. Ends the lease of an earlier incarnation."""

    @abstractmethod
    async def release(self, node: str, incarnation: str) -> None:
        """End the node's lease, if it is still this incarnation's."""

    @abstractmethod
    async def put(self, entry: Entry) -> None:
        """The device is here now; replaces what was known of it. Repeating refreshes."""

    @abstractmethod
    async def remove(self, user: bytes, device: bytes, conn: bytes) -> None:
        """Forget the device, if the entry is still that of `conn`."""

    @abstractmethod
    async def where(self, users: Iterable[bytes], now: int) -> dict[bytes, list[Entry]]:
        """The entries of these users on living nodes; users without one are left out."""

    @abstractmethod
    async def everyone(self, now: int) -> list[Entry]:
        """All entries on living nodes, for operators."""
