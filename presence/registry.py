"""Who is here: arrive, beat, leave, and when somebody was last seen.

`awake`, `beat` and `arrive` hold the policy. Presence decides what is shown, never what is
delivered.
"""

import secrets
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from presence.backends import registry
from presence.backends.base import Entry, Joined, PresenceRegistry, Renewed
from presence.models import LastSeen

OFFLINE_GRACE_MS = 10_000  # a switch of network or node must not flicker
WRITTEN_AT_A_TIME = 200  # rows of LastSeen a statement
REFRESHED_AT_A_TIME = 500  # entries a round trip
SEEN_EVERY_MS = 60_000  # LastSeen of somebody who stays is at most this old
PAUSED_MS = 12_000  # a node that beat this late may have been taken for dead: it starts again

Clock = Callable[[], int]
Run = Callable[..., Awaitable[Any]]  # of a plain function that asks the database, in a thread


def wall_clock() -> int:
    return time.time_ns() // 1_000_000


def monotonic_clock() -> int:
    return time.monotonic_ns() // 1_000_000


@dataclass(slots=True)
class Node:
    """This process, as others see it."""

    name: str
    presence: PresenceRegistry = field(default_factory=lambda: registry())
    clock: Clock = wall_clock
    ticks: Clock = monotonic_clock  # does not jump: tells how long the node was not running
    incarnation: str = field(default_factory=lambda: secrets.token_hex(4))
    former: str = ""  # the incarnation before, of the same process
    begun: bool = False  # it has had a lease
    beaten: int = -1  # by `ticks`; -1 before the first beat
    seen: dict[bytes, int] = field(default_factory=dict)  # user → when, not written yet
    written: dict[bytes, int] = field(default_factory=dict)  # of the last SEEN_EVERY_MS


class Arrival(NamedTuple):
    """One live session: its user, its device, and its own name."""

    user: bytes
    device: bytes
    conn: bytes

    def entry(self, node: Node) -> Entry:
        where = (node.name, node.incarnation)
        return Entry(self.user, self.device, *where, self.conn, node.clock())


def stood_still(node: Node) -> bool:
    """It did not beat for so long that others may have taken it for dead."""
    return node.beaten >= 0 and node.ticks() - node.beaten > PAUSED_MS


def awake(node: Node) -> bool:
    """False: the node had stood still. It then has a new incarnation, everybody it held counts as
    gone, and its sockets must be closed before they are used again."""
    if not stood_still(node):
        return True
    node.former, node.incarnation = node.incarnation, secrets.token_hex(4)
    node.beaten = node.ticks()
    return False


async def beat(node: Node) -> Renewed:
    """Renew the lease; call every BEAT_MS. The first time it takes the node's name from whichever
    process had it."""
    node.beaten = node.ticks()
    here = (node.name, node.incarnation, node.clock())
    if not node.begun:
        await node.presence.lease(*here)
        node.begun = True
    return await node.presence.renew(*here, node.former)


async def begin_again(node: Node) -> None:
    """What the registry holds of this node, nobody can tell: all of it ends. Refresh then."""
    node.former, node.incarnation = node.incarnation, secrets.token_hex(4)
    await beat(node)


async def release(node: Node) -> None:
    """The node ends: what it held is gone at once."""
    await node.presence.release(node.name, node.incarnation)


async def arrive(node: Node, arrival: Arrival, subjects: Sequence[bytes] = ()) -> Joined:
    """The device has a new live session on this node, unless one of `subjects` is revoked."""
    entry = arrival.entry(node)
    joined = await node.presence.join(entry, subjects, entry.heartbeat)
    if joined.revoked is None:
        _note(node, entry)
    return joined


async def refresh(node: Node, here: Iterable[Arrival]) -> set[bytes]:
    """Say that these sessions are still here. Answers the `conn` of those that are not, since
    their device has a newer one elsewhere. Repeatable."""
    entries = [arrival.entry(node) for arrival in here]
    displaced: list[Entry] = []
    for first in range(0, len(entries), REFRESHED_AT_A_TIME):
        displaced += await node.presence.refresh(entries[first : first + REFRESHED_AT_A_TIME])
    for entry in entries:
        _note(node, entry)
    return {entry.conn for entry in displaced}


async def leave(node: Node, arrival: Arrival) -> None:
    """The session has ended; a later one of the device stays. Repeating has no effect."""
    node.seen[arrival.user] = node.clock()
    await node.presence.remove(arrival.user, arrival.device, arrival.conn)


async def where(node: Node, users: Iterable[bytes], now: int) -> dict[bytes, list[Entry]]:
    """The live devices of those users that have any."""
    return await node.presence.where(users, now)


async def write_seen(node: Node, run: Run) -> None:
    """Write LastSeen of those who left since the last call, and once in SEEN_EVERY_MS of those
    who arrived or were refreshed. What could not be written is, by the next call."""
    if node.seen:
        seen, node.seen = node.seen, {}
        try:
            await run(_write, seen)
        except BaseException:
            node.seen = seen | node.seen
            raise
        old = node.clock() - SEEN_EVERY_MS
        node.written = {user: at for user, at in (node.written | seen).items() if at > old}


def last_seen(users: Iterable[bytes]) -> dict[bytes, int]:
    """ms; users never seen are left out. Blocks: it asks the database."""
    rows = LastSeen.objects.filter(user__in=list(users)).values_list("user", "seen")
    return {bytes(user): seen for user, seen in rows}


def forget_seen(users: Iterable[bytes]) -> None:
    """Blocks: it asks the database."""
    LastSeen.objects.filter(user__in=list(users)).delete()


def _note(node: Node, entry: Entry) -> None:
    if entry.heartbeat - node.written.get(entry.user, -SEEN_EVERY_MS) >= SEEN_EVERY_MS:
        node.seen[entry.user] = entry.heartbeat


def _write(seen: dict[bytes, int]) -> None:
    LastSeen.objects.bulk_create(
        [LastSeen(user=user, seen=at) for user, at in seen.items()],
        update_conflicts=True,
        unique_fields=["user"],
        update_fields=["seen"],
        batch_size=WRITTEN_AT_A_TIME,
    )
