"""Rows of a log as the domain has them, read by their places.

An old page is read from one replica: `seq` has no holes, so a row that is missing there shows, and
the page is read again from a quorum.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from messaging.backends.cassandra.driver import Profile
from messaging.backends.cassandra.heads import Heads
from messaging.backends.cassandra.store import Statement, Store
from messaging.backends.sizes import STEP_ROWS, content, ending
from messaging.domain import MAX_INT, Conv, Gone, Row, Uid

ERASED, WITHHELD = 1, 2  # bits of conversation.flags
LOOK_BACK = 4  # buckets before the newest one: 16,384 rows; who comes later syncs first

COLUMNS = """
 seq, client_id, sender, device, ctr, time, ord, kind, epoch, expires, flags, text, salt, url, tag,
 tag_kid, hid"""
_COLUMNS = f"""
SELECT {COLUMNS} FROM conversation
WHERE conversation_id = :conv AND bucket = :bucket AND row_type = 0 AND """
BELOW = Statement(_COLUMNS + "seq < :seq LIMIT :n")
BELOW_NEAR = replace(BELOW, profile=Profile.NEAR)
ABOVE = Statement(_COLUMNS + "seq > :seq ORDER BY row_type DESC, seq ASC LIMIT :n")
AT = Statement(_COLUMNS + "seq = :seq")
PLACE = Statement("""
SELECT ref FROM conversation WHERE conversation_id = :conv AND bucket = :bucket
 AND row_type = 1 AND seq = 0 AND client_id = :client_id
""").settled
SALTS = Statement("""
SELECT client_id, salt, expires FROM message_salt
WHERE conversation_id = :conv AND client_id IN :client_ids
""")
NEWEST_SEEN = Statement("SELECT conversation_id, last_seq FROM unread WHERE owner = :owner")

Values = Sequence[Any]  # of COLUMNS
Span = tuple[int | None, int | None]  # before, after: as MessageLog.page has them


class Hole(Exception):
    """A quorum does not have a row below one that it has: the store has lost it."""


async def page(heads: Heads, conv: Conv, n: int, now: int, span: Span) -> list[Row]:
    before, after = span
    if after is not None:
        return await above(heads, conv, after, n, now)
    return await below(heads, conv, before, n, now)


async def sized(heads: Heads, conv: Conv, n: int, now: int, span: Span, size: int) -> list[Row]:
    """As MessageLog.page. How long a text is shows when it is there: so a few rows at a time, while
    there is room."""
    found: list[Row] = []
    while len(found) < n and content(found) <= size:
        step = min(n - len(found), STEP_ROWS)
        some = await page(heads, conv, step, now, span)
        found += some
        if len(some) < step:
            break
        span = (None, some[-1].seq) if span[1] is not None else (some[-1].seq, None)
    return found[: ending([content([row]) for row in found], size)]


async def above(
    heads: Heads, conv: Conv, after: int, n: int, now: int, *, whole: bool = True
) -> list[Row]:
    """`whole`: raises Hole where one is missing in between."""
    bucket = heads.bucket(after + 1)
    found: list[Values] = []
    while len(found) < n:
        some = await _slice(heads.store, ABOVE, conv, bucket, after, n - len(found))
        found += some
        if not some or not heads.ends_bucket(some[-1][0]):
            break
        bucket += 1
    dense = range(after + 1, after + 1 + len(found))
    if whole and [values[0] for values in found] != list(dense):
        raise Hole
    return [row(conv, values, now) for values in found]


async def below(heads: Heads, conv: Conv, before: int | None, n: int, now: int) -> list[Row]:
    found: list[Values] = []
    if before is not None:
        found = await _down(heads, BELOW_NEAR, conv, before, n)
        if not _whole(found, n) or found[0][0] != before - 1 or _lost_content(found, now):
            found = await _down(heads, BELOW, conv, before, n)
    if not found and (before is None or before > 1):
        found = await _newest(heads, conv, n)
    if found and not _whole(found, n):
        raise Hole
    return [row(conv, values, now) for values in found]


async def at(heads: Heads, conv: Conv, seq: int, now: int) -> Row | None:
    """The row at a place that is known to be taken."""
    key = {"conv": conv, "bucket": heads.bucket(seq), "seq": seq}
    found = await heads.store.rows(AT, key) or await heads.store.rows(AT.settled, key)
    return row(conv, found[0], now) if found else None


async def find(heads: Heads, conv: Conv, client_id: bytes, after: int) -> int | None:
    head = await heads.newest(conv)
    if head is None:
        return None
    seq = await place(heads, conv, client_id, searched(heads, after, head.bucket))
    return seq if seq is not None and seq > after else None


def searched(heads: Heads, after: int, newest: int) -> range:
    """The buckets where an attempt of who knew the log up to `after` may be, newest first."""
    oldest = max(heads.bucket(after + 1), newest - LOOK_BACK)
    return range(newest, oldest - 1, -1)


async def place(heads: Heads, conv: Conv, client_id: bytes, buckets: range) -> int | None:
    """The seq of a message that is in one of these buckets."""
    for bucket in buckets:
        seq = await place_in(heads.store, conv, client_id, bucket)
        if seq is not None:
            return seq
    return None


async def place_in(store: Store, conv: Conv, client_id: bytes, bucket: int) -> int | None:
    key = {"conv": conv, "bucket": bucket, "client_id": client_id}
    found = await store.rows(PLACE, key)
    return found[0][0] if found else None


async def last(heads: Heads, owner: Uid, convs: Sequence[Conv], now: int) -> dict[Conv, Row]:
    if not convs:
        return {}
    newest: dict[Conv, int] = {}
    for conv, seq in await heads.store.rows(NEWEST_SEEN, {"owner": owner}):
        newest[conv] = max(seq, newest.get(conv, 0))
    asked = [conv for conv in dict.fromkeys(convs) if conv in newest]
    found = await asyncio.gather(*(at(heads, conv, newest[conv], now) for conv in asked))
    return {row.conv: row for row in found if row}


async def salts(
    store: Store, conv: Conv, client_ids: Sequence[bytes], now: int
) -> dict[bytes, bytes]:
    if not client_ids:
        return {}
    found = await store.rows(SALTS, {"conv": conv, "client_ids": client_ids})
    return {client_id: salt for client_id, salt, expires in found if expires > now}


def row(conv: Conv, values: Values, now: int) -> Row:
    seq, client_id, sender, device, ctr, time, count, kind, epoch = values[:9]
    expires, flags, text, salt, url, tag, kid, hid = values[9:]
    gone: Gone | None = None
    if flags & ERASED:
        gone = Gone.ERASED
    elif not text or (expires is not None and expires <= now):
        gone = Gone.EXPIRED
    if gone:
        text, salt, url, tag, kid = None, None, "", None, None
    return Row(
        *(conv, seq, client_id, sender, device, ctr, time, count, kind, epoch),
        *(expires, bool(flags & WITHHELD), gone, text, salt, url or "", tag, kid, hid),
    )


async def _newest(heads: Heads, conv: Conv, n: int) -> list[Values]:
    """From the end of the log, which may have moved into the bucket after the one we know."""
    bucket = await heads.newest_bucket(conv)
    found: list[Values] = []
    while bucket is not None:
        newer = await _slice(heads.store, BELOW, conv, bucket, MAX_INT, n)
        found = [*newer, *found][:n]
        bucket = bucket + 1 if newer and heads.ends_bucket(newer[0][0]) else None
    if found and len(found) < n:
        found += await _down(heads, BELOW, conv, found[-1][0], n - len(found))
    return found


async def _down(
    heads: Heads, statement: Statement, conv: Conv, before: int, n: int
) -> list[Values]:
    """Newest first below `before`, as long as each bucket goes on where the one above began."""
    found: list[Values] = []
    while len(found) < n and before > 1:
        bucket = heads.bucket(before - 1)
        some = await _slice(heads.store, statement, conv, bucket, before, n - len(found))
        found += some
        if not some or heads.bucket(some[-1][0] - 1) == bucket:
            break
        before = some[-1][0]
    return found


async def _slice(
    store: Store, statement: Statement, conv: Conv, bucket: int, seq: int, n: int
) -> list[Values]:
    key = {"conv": conv, "bucket": bucket, "seq": seq, "n": n}
    return [*await store.rows(statement, key)]


def _whole(found: Sequence[Values], n: int) -> bool:
    """Newest first, without a hole, to the asked number or the beginning."""
    seqs = [values[0] for values in found]
    dense = bool(seqs) and seqs == list(range(seqs[0], seqs[0] - len(seqs), -1))
    return dense and (len(seqs) == n or seqs[-1] == 1)


def _lost_content(found: Sequence[Values], now: int) -> bool:
    """Whether content is missing that neither its author nor time took away."""
    return any(
        values[11] is None and not values[10] & ERASED and (values[9] is None or values[9] > now)
        for values in found
    )
