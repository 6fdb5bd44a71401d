"""Several messages that wait for their turn, in one batch: it costs little more than one of them.

Nobody waits for a group. Where it is refused, each goes alone, and so does what needs more than the
batch and its watermarks.
"""

from collections.abc import Sequence

from messaging.backends.cassandra import watermarks
from messaging.backends.cassandra.heads import Head, Heads
from messaging.backends.cassandra.line import Asked, Line
from messaging.backends.cassandra.placing import There, attempt, moved_by
from messaging.backends.cassandra.rows import searched
from messaging.domain import Row, floor_after

MESSAGES_MAX = 16
BYTES_MAX = 262_144  # of envelopes

Group = list[tuple[Asked, Row]]


async def together(heads: Heads, line: Line) -> None:
    """Give a row to those that wait, from the first one on, as far as they go into one batch."""
    waiting = line.waiting
    head = heads.known(waiting[0].draft.conv)
    if head is None or len(waiting) == 1:
        return
    head = heads.opened(head)
    moved, group = _grouped(heads, head, waiting)
    if len(group) < 2:
        return
    rows = [row for _, row in group]
    try:
        if await attempt(heads, head, moved, rows) is not moved:
            return
    except There:
        for asked, _ in group:
            asked.alone = True
        return
    await _tell(heads, group)
    for asked, row in group:
        asked.row = row


def _grouped(heads: Heads, head: Head, waiting: Sequence[Asked]) -> tuple[Head, Group]:
    """The head after them, and what goes: the first ones that fit and have nothing special."""
    moved, group = head, Group()
    left = BYTES_MAX
    named: set[bytes] = set()
    for asked in waiting[:MESSAGES_MAX]:
        draft = asked.draft
        left -= len(draft.text)
        floor = floor_after(moved.floor, draft.head, asked.now)
        if left < 0 or draft.client_id in named or draft.epoch < floor:
            break
        if not _plain(heads, head, asked):
            break
        try:
            moved, row = moved_by(moved, floor, draft, asked.seal, asked.now)
        except Exception:  # noqa: BLE001 -- of its seal: raised again where it goes alone
            break
        group.append((asked, row))
        named.add(draft.client_id)
        if heads.ends_bucket(moved.seq):
            break
    return moved, group


def _plain(heads: Heads, head: Head, asked: Asked) -> bool:
    """Whether the batch alone decides of it: its salt lies in it, it erases nothing, both see it,
    and an earlier attempt could only be in this bucket."""
    draft = asked.draft
    special = asked.alone or draft.ttl or draft.erase or draft.withheld
    return not special and len(searched(heads, draft.after_seq, head.bucket)) <= 1


async def _tell(heads: Heads, group: Group) -> None:
    """Of each sender the newest row: the watermark covers those before it."""
    newest = {row.sender: (row, asked.draft.peer) for asked, row in group}
    for row, peer in newest.values():
        await watermarks.sent(heads.store, row, peer, 0)
