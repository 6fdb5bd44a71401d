"""What Tables puts into a store that nobody serves: a pair, and the rows of its log.

What is otherwise written by compare-and-set is written at timestamp 1, below that of every
compare-and-set to come; registers at their own number, as ever. So a repeat changes nothing.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from functools import cache
from itertools import groupby
from typing import Any, TypeVar

from messaging.backends.cassandra import epochs, pairs, watermarks
from messaging.backends.cassandra.append import NEWEST_BUCKET, SALT
from messaging.backends.cassandra.batch import DEDUPE_SECONDS, LAPSE_SECONDS
from messaging.backends.cassandra.buckets import bucket_of
from messaging.backends.cassandra.connections import CLEAR
from messaging.backends.cassandra.members import bind
from messaging.backends.cassandra.rows import ERASED, WITHHELD
from messaging.backends.cassandra.store import Statement, Store
from messaging.backends.tables import Head, Held, Key, Mark, Salt, Sent
from messaging.domain import Gone, Pair, Row
from messaging.gaps import Gap

BATCH_ROWS = 8  # with the longest texts 280 KiB: a server refuses more than 640
AT_A_TIME = 16  # statements

_BATCH = "BEGIN UNLOGGED BATCH USING TIMESTAMP 1 {} APPLY BATCH"
_ROW = """
INSERT INTO conversation (conversation_id, bucket, row_type, seq, client_id, time, sender, device,
 ctr, ord, hid, kind, epoch, flags, expires)
 VALUES (:conv_#, :bucket_#, 0, :seq_#, :client_id_#, :time_#, :sender_#, :device_#,
 :ctr_#, :ord_#, :hid_#, :kind_#, :epoch_#, :flags_#, :expires_#);
"""
_CONTENT = """
UPDATE conversation USING TTL :ttl_#
 SET text = :text_#, salt = :salt_#, url = :url_#, tag = :tag_#, tag_kid = :tag_kid_#
 WHERE conversation_id = :conv_# AND bucket = :bucket_# AND row_type = 0 AND seq = :seq_#
 AND client_id = :client_id_#;
"""
_PLACE = """
INSERT INTO conversation (conversation_id, bucket, row_type, seq, client_id, ref)
 VALUES (:conv_#, :bucket_#, 1, 0, :client_id_#, :seq_#) USING TTL :known_#;
"""
FULL = Statement("""
UPDATE conversation USING TIMESTAMP 1 SET last_seq = :last_seq, last_time = :last_time
WHERE conversation_id = :conv AND bucket = :bucket
""")
HEAD = Statement("""
UPDATE conversation USING TIMESTAMP 1 SET last_seq = :last_seq, last_time = :last_time,
 ord1 = :ord1, ord2 = :ord2, hid1 = :hid1, hid2 = :hid2, run = :run, min_epoch = :min_epoch
WHERE conversation_id = :conv AND bucket = :bucket
""")
PAIR = Statement("""
INSERT INTO connection (user1, user2, connection_id, created, state, asked_by, blocked, version,
 since1, since2) VALUES (:user1, :user2, :conv, :created, :state, :asked_by, :blocked, :version,
 :since1, :since2) USING TIMESTAMP 1
""")
KEY = Statement("""
INSERT INTO connection_key (connection_id, epoch, record, forced, time, k1, k2)
VALUES (:conv, :epoch, :record, :forced, :time, :k1, :k2) USING TIMESTAMP 1
""")
KEY_HEAD = Statement("""
UPDATE connection_key USING TIMESTAMP 1 SET head = :head WHERE connection_id = :conv
""")
_SEEN = "WHERE owner = :owner AND from_user = :sender AND to_user = :reader"
SENT = Statement(f"""
UPDATE unread USING TIMESTAMP :seq SET conversation_id = :conv, last_seq = :seq, last_ord = :ord,
 time = :time {_SEEN}
""")
READ = Statement(f"""
UPDATE read USING TIMESTAMP :read SET read_seq = :read, read_ord = :ord, time = :time {_SEEN}
""")
GOT = Statement(f"UPDATE read USING TIMESTAMP :got SET got_seq = :got, got_time = :time {_SEEN}")

T = TypeVar("T")


async def rows(store: Store, new: Sequence[Row], size: int, now: int) -> None:
    """`size`: rows of a bucket."""
    await _each(_batches(new, size, now), lambda batch: store.run(*batch))
    for row in new:
        if row.seq % size == 0:  # the end of its bucket, which later readers ask for
            ends = {"last_seq": row.seq, "last_time": row.time}
            await store.run(FULL, {"conv": row.conv, "bucket": bucket_of(row.seq, size)} | ends)


async def pair(store: Store, held: Held, size: int, now: int) -> None:
    known = held.pair
    since1, since2 = (side.since for side in held.sides)
    await bind(store, known.conv, known.user1, known.user2)
    await _head(store, held.head, size)
    await _each(held.keys, lambda key: store.run(KEY, _key(key)))
    if held.keys:
        newest = max(key.epoch for key in held.keys)
        await store.run(KEY_HEAD, {"conv": known.conv, "head": newest})
    await _each(
        held.boxes,
        lambda box: store.run(
            epochs.PUT_BOX,
            {"owner": box.owner, "conv": box.conv, "epoch": box.epoch, "g": box.g, "box": box.box},
        ),
    )
    await _each(held.salts, lambda salt: _salt(store, salt, now))
    await _each(held.sent, lambda one: sent(store, one))
    await _each(held.marks, lambda mark: _mark(store, mark))
    await _each(
        held.gaps,
        lambda gap: watermarks.widen(
            store, (gap.sender, gap.reader), Gap(gap.kind, gap.first, gap.last)
        ),
    )
    await store.run(PAIR, _pair(known) | {"since1": since1, "since2": since2})
    await pairs.tell(store, pairs.Kept(known, since1, since2))
    for side in held.sides:
        if side.cleared:
            place = {"owner": side.owner, "peer": side.peer}
            await store.run(CLEAR, place | {"seq": side.cleared})


async def _head(store: Store, head: Head, size: int) -> None:
    """In the bucket of the newest row. A log without one has a floor at most."""
    if not head.last_seq:
        if head.floor:
            await store.run(HEAD, {"conv": head.conv, "bucket": 0, "min_epoch": head.floor})
        return
    bucket = bucket_of(head.last_seq, size)
    if bucket:
        await store.run(NEWEST_BUCKET, {"conv": head.conv, "bucket": bucket})
    values = {
        **{"conv": head.conv, "bucket": bucket, "last_seq": head.last_seq, "run": head.run},
        **{"last_time": head.last_time, "ord1": head.ord1, "ord2": head.ord2},
        **{"hid1": head.hid1, "hid2": head.hid2, "min_epoch": head.floor},
    }
    await store.run(HEAD, values)


async def _each(items: Iterable[T], run: Callable[[T], Awaitable[None]]) -> None:
    """AT_A_TIME of them, and all of them."""
    free = asyncio.Semaphore(AT_A_TIME)

    async def one(item: T) -> None:
        async with free:
            await run(item)

    await asyncio.gather(*(one(item) for item in items))


def _batches(new: Sequence[Row], size: int, now: int) -> Iterator[tuple[Statement, dict[str, Any]]]:
    """Of one bucket each, and of rows that have the same parts: few statements are prepared."""
    alike = groupby(
        new, lambda row: (bucket_of(row.seq, size), row.gone is None, _known(row, now) > 0)
    )
    for (bucket, whole, known), found in alike:
        some = list(found)
        for start in range(0, len(some), BATCH_ROWS):
            batch = some[start : start + BATCH_ROWS]
            bound: dict[str, Any] = {}
            for n, row in enumerate(batch):
                columns = {"bucket": bucket} | _columns(row)
                columns |= _content(row, now) if whole else {}
                columns |= {"known": _known(row, now)} if known else {}
                bound |= {f"{name}_{n}": value for name, value in columns.items()}
            yield _statement(len(batch), whole, known), bound


@cache
def _statement(count: int, whole: bool, known: bool) -> Statement:
    row = _ROW + _CONTENT * whole + _PLACE * known
    return Statement(_BATCH.format("".join(row.replace("#", str(n)) for n in range(count))))


def _known(row: Row, now: int) -> int:
    """Seconds for which its client_id is still to be known."""
    return min(DEDUPE_SECONDS, DEDUPE_SECONDS - (now - row.time) // 1000)


def _rest(expires: int, now: int) -> int:
    """Seconds for which content is still kept: longer than its readers show it."""
    return (expires - now) // 1000 + LAPSE_SECONDS


def _columns(row: Row) -> dict[str, Any]:
    flags = (ERASED if row.gone is Gone.ERASED else 0) | (WITHHELD if row.withheld else 0)
    columns = {
        **{"conv": row.conv, "seq": row.seq, "client_id": row.client_id, "time": row.time},
        **{"sender": row.sender, "device": row.device, "ctr": row.ctr, "ord": row.ord},
        **{"hid": row.hid, "kind": row.kind, "epoch": row.epoch, "flags": flags},
    }
    return columns if row.expires is None else columns | {"expires": row.expires}


def _content(row: Row, now: int) -> dict[str, Any]:
    ttl = 0 if row.expires is None else _rest(row.expires, now)
    there = {"salt": row.salt, "url": row.url or None}
    return {
        **{"ttl": ttl, "text": row.text, "tag": row.tag, "tag_kid": row.kid},
        **{name: value for name, value in there.items() if value is not None},
    }


def _pair(pair: Pair) -> dict[str, Any]:
    return {
        **{"user1": pair.user1, "user2": pair.user2, "conv": pair.conv, "created": pair.created},
        **{"state": pair.state, "asked_by": pair.asked_by, "blocked": pair.blocked},
        "version": pair.version,
    }


def _key(key: Key) -> dict[str, Any]:
    return {
        **{"conv": key.conv, "epoch": key.epoch, "record": key.record, "forced": key.forced},
        **{"time": key.time, "k1": key.k1, "k2": key.k2},
    }


async def _salt(store: Store, salt: Salt, now: int) -> None:
    if salt.expires > now:
        key = {"conv": salt.conv, "client_id": salt.client_id, "salt": salt.salt}
        await store.run(SALT, key | {"expires": salt.expires, "ttl": _rest(salt.expires, now)})


async def sent(store: Store, one: Sent) -> None:
    place = {"owner": one.owner, "sender": one.sender, "reader": one.reader}
    values = {"conv": one.conv, "seq": one.last_seq, "ord": one.last_ord, "time": one.time}
    await store.run(SENT, place | values)


async def _mark(store: Store, mark: Mark) -> None:
    place = {"owner": mark.owner, "sender": mark.sender, "reader": mark.reader}
    if mark.read_seq:
        read = {"read": mark.read_seq, "ord": mark.read_ord, "time": mark.time}
        await store.run(READ, place | read)
    if mark.got_seq:
        await store.run(GOT, place | {"got": mark.got_seq, "time": mark.got_time})
