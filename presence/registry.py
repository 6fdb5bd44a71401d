"""Who is here: arrive, beat, leave, and when somebody was last seen.

`keep_alive` and `arrive` hold the policy. Presence decides what is shown, never what is
delivered.
"""

import secrets
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from presence.backends import registry
from presence.backends.base import Entry
from presence.models import LastSeen

OFFLINE_GRACE_MS = 10_000  # a switch of network or node must not flicker
WRITTEN_AT_A_TIME = 200  # rows of LastSeen a statement
SEEN_EVERY_MS = 60_000  # LastSeen of somebody who stays is no newer than this
PAUSED_MS = 12_000  # a node that beat this late may have been taken for dead: it starts anew

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
    clock: Clock = wall_clock
    ticks: Clock = monotonic_clock  # does not jump: tells how long the node was not running
    incarnation: str = field(default_factory=lambda: secrets.token_hex(4))
    beaten: int = -1  # by `ticks`; -1 before the first beat
    seen: dict[bytes, int] = field(default_factory=dict)  # user → when, not written yet
    written: dict[bytes, int] = field(default_factory=dict)  # of the last SEEN_EVERY_MS


async def beat(node: Node) -> bool:
    """Renew the lease; call every BEAT_MS. False: the node had stopped for too long.

    It then has a new incarnation, everybody it held counts as gone, and its sockets must be
    closed before they are used again.
    """
    now = node.ticks()
    paused = node.beaten >= 0 and now - node.beaten > PAUSED_MS
    if paused:
        node.incarnation = secrets.token_hex(4)
    node.beaten = now
    await registry().lease(node.name, node.incarnation, node.clock())
    return not paused


async def arrive(node: Node, user: bytes, device: bytes, conn: bytes) -> None:
    """The device has a live session on this node. Repeating refreshes its entry."""
    entry = Entry(user, device, node.name, node.incarnation, conn, node.clock())
    await registry().put(entry)
    if entry.heartbeat - node.written.get(user, -SEEN_EVERY_MS) >= SEEN_EVERY_MS:
        node.seen[user] = entry.heartbeat


async def leave(node: Node, user: bytes, device: bytes, conn: bytes) -> None:
    """The session has ended; that of a later login stays. Repeating has no effect."""
    await registry().remove(user, device, conn)
    node.seen[user] = node.clock()


async def where(users: Iterable[bytes], now: int) -> dict[bytes, list[Entry]]:
    """The live devices of those users that have any."""
    return await registry().where(users, now)


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


def _write(seen: dict[bytes, int]) -> None:
    LastSeen.objects.bulk_create(
        [LastSeen(user=user, seen=at) for user, at in seen.items()],
        update_conflicts=True,
        unique_fields=["user"],
        update_fields=["seen"],
        batch_size=WRITTEN_AT_A_TIME,
    )
