"""The append. `_attempts` gives a message its place by one conditional batch in one partition;
`append` does what follows from it, in steps that a repeat makes good. What others must find with
the row goes before it: its salt is there, and what it erases is not (`_before`).

The batch applies where the head of the log is as it was read, and where no client_id in it has a
row yet. So seq has no holes, a message is there once, and nothing below the floor comes in, no
matter who else writes and how late. A refusal shows the head as it is, and the row of a client_id
if there is one: no second read. Only an unknown outcome is read, in the way that settles it.

Messages that wait for their turn go together in one batch (group.py), as far as nothing is amiss.
"""

from chatsite.edge.refusals import Unknown
from messaging.backends.base import Busy, Reused, StaleEpoch
from messaging.backends.cassandra import batch, erasing, group, rows, watermarks
from messaging.backends.cassandra.attempts import attempts
from messaging.backends.cassandra.heads import Head, Heads
from messaging.backends.cassandra.line import Asked
from messaging.backends.cassandra.placing import There, attempt, moved_by
from messaging.backends.cassandra.store import Statement
from messaging.backends.drafts import is_kept_as
from messaging.domain import PAGE_MAX, Draft, Row, Seal, floor_after

# Of a batch; then Busy. There is no pause between two: a refusal is somebody else's success, and
# what it tells of the head is the older the longer we wait.
ATTEMPTS_MAX = 16

SALT = Statement("""
INSERT INTO message_salt (conversation_id, client_id, sender, salt, expires)
VALUES (:conv, :client_id, :sender, :salt, :expires) USING TTL :ttl
""")
KEPT = Statement("""
SELECT sender, salt, expires FROM message_salt
WHERE conversation_id = :conv AND client_id = :client_id
""")
NEWEST_BUCKET = Statement("""
UPDATE conversation_of USING TIMESTAMP :bucket SET bucket = :bucket WHERE conversation_id = :conv
""")


async def append(heads: Heads, draft: Draft, seal: Seal, now: int) -> Row:
    """MessageLog.append."""
    row = await _in_turn(heads, Asked(draft, seal, now))
    if heads.opens_bucket(row.seq):
        key = {"conv": row.conv, "bucket": heads.bucket(row.seq)}
        await heads.store.run(NEWEST_BUCKET, key)
    return row


async def _in_turn(heads: Heads, asked: Asked) -> Row:
    """The row, with its watermarks."""
    draft, line = asked.draft, heads.line(asked.draft.conv)
    try:
        with line.place(asked):
            async with line.turn:
                if asked.row is None:
                    await group.together(heads, line)
                if asked.row:
                    return asked.row
                row, run = await _attempts(heads, draft, asked.seal, asked.now)
    except There as there:
        row = await _repeat(heads, draft, there.seq, asked.now)
        await _erase(heads, draft)
        run = await _run(heads, draft, row, asked.now) if row.withheld else 0
    await watermarks.sent(heads.store, row, draft.peer, run)
    return row


async def _attempts(heads: Heads, draft: Draft, seal: Seal, now: int) -> tuple[Row, int]:
    """The row, and the first of the withheld rows that end the log with it; 0 = it is none.

    Raises There, StaleEpoch, Unknown, Busy.
    """
    head = await heads.open(draft.conv)
    if head is None:
        raise Unknown
    await _look_back(heads, draft, head)
    for count in attempts(ATTEMPTS_MAX):
        floor = floor_after(head.floor, draft.head, now)
        if draft.epoch < floor:
            await _look_everywhere(heads, draft)
            raise StaleEpoch(floor)
        moved, row = moved_by(head, floor, draft, seal, now)
        if not count:
            await _before(heads, draft, row)
        found = await attempt(heads, head, moved, [row])
        if found is moved:
            return row, moved.run
        head = heads.opened(found)
    raise Busy


async def _look_back(heads: Heads, draft: Draft, head: Head) -> None:
    """For an earlier attempt where the batch would not meet it: in buckets that are full by now.
    In this one too where something goes first: of a repeat the salt must not be prolonged, and what
    is refused erases nothing."""
    buckets = rows.searched(heads, draft.after_seq, head.bucket)
    full = buckets if draft.ttl or draft.erase else buckets[1:]
    found = await rows.place(heads, draft.conv, draft.client_id, full)
    if found is not None:
        raise There(found)


async def _look_everywhere(heads: Heads, draft: Draft) -> None:
    found = await rows.find(heads, draft.conv, draft.client_id, draft.after_seq)
    if found is not None:
        raise There(found)


async def _before(heads: Heads, draft: Draft, row: Row) -> None:
    """Who finds the row finds its salt, and nothing of what it erases."""
    if draft.ttl:
        await _keep_salt(heads, draft, row)
    await _erase(heads, draft)


async def _erase(heads: Heads, draft: Draft) -> None:
    if draft.erase:
        await erasing.erase_own(heads, draft.conv, draft.sender, draft.erase)


async def _keep_salt(heads: Heads, draft: Draft, row: Row) -> None:
    """Never in the batch: what a compare-and-set proposes is kept beyond its time.

    Raises Reused where the name has the salt of another message, which `_look_back` may be too far
    from. Nobody learns a name before its salt stands: a read tells.
    """
    key = {"conv": row.conv, "client_id": row.client_id}
    for sender, salt, expires in await heads.store.rows(KEPT, key):
        if expires > row.time and (sender, salt) != (draft.sender, draft.salt):
            raise Reused
    life = {"expires": row.expires, "ttl": draft.ttl + batch.LAPSE_SECONDS}
    await heads.store.run(SALT, key | life | {"sender": draft.sender, "salt": draft.salt})


async def _repeat(heads: Heads, draft: Draft, seq: int, now: int) -> Row:
    """The row of an earlier attempt. Raises Reused if it is another message."""
    row = await rows.at(heads, draft.conv, seq, now)
    if row is None:
        raise Busy
    salt = row.salt
    if row.ttl and not row.gone:
        kept = await rows.salts(heads.store, row.conv, [row.client_id], now)
        salt = kept.get(row.client_id)
    if not is_kept_as(draft, row, salt):
        raise Reused
    return row


async def _run(heads: Heads, draft: Draft, row: Row, now: int) -> int:
    """The first of the withheld rows that end with this one; 0 = they stand in a gap already."""
    if await watermarks.is_withheld(heads.store, row, draft.peer):
        return 0
    first = row.seq
    while first > 1:
        for earlier in await rows.below(heads, row.conv, first, PAGE_MAX, now):
            if not earlier.withheld:
                return first
            first = earlier.seq
    return first
