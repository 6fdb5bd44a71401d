"""What the site keeps no longer: content goes, rows stay (Tables.purge).

It is overwritten with empty values, which leave no tombstones, by the kind of statement that wrote
it: no clock decides which of the two counts. How far it came is a register of the conversation.
"""

from collections.abc import Sequence
from functools import cache
from itertools import groupby
from typing import Any

from messaging.backends.base import Busy
from messaging.backends.cassandra.buckets import bucket_of
from messaging.backends.cassandra.driver import Profile
from messaging.backends.cassandra.erasing import shred
from messaging.backends.cassandra.store import Statement, Store
from messaging.domain import Conv, Row

BATCH_ROWS = 50

_EMPTY = """
UPDATE conversation SET text = 0x, salt = 0x, url = '', tag = 0x, tag_kid = ''
 WHERE conversation_id = :conv AND bucket = :bucket AND row_type = 0 AND seq = :seq_#
 AND client_id = :client_id_# IF EXISTS;
"""
PURGED = Statement("SELECT purged FROM conversation_of WHERE conversation_id = :conv")
RAISE = Statement("""
UPDATE conversation_of USING TIMESTAMP :seq SET purged = :seq WHERE conversation_id = :conv
""")


@cache
def _empty(count: int) -> Statement:
    """For so many rows of one bucket."""
    updates = "".join(_EMPTY.replace("#", str(n)) for n in range(count))
    return Statement(f"BEGIN BATCH {updates} APPLY BATCH", Profile.COMPARE)


async def purged(store: Store, conv: Conv) -> int:
    """Tables.purged."""
    found = await store.rows(PURGED, {"conv": conv})
    return (found and found[0][0]) or 0


async def purge(store: Store, rows: Sequence[Row], size: int) -> None:
    """Tables.purge. `size`: rows of a bucket."""
    whole = (row for row in rows if row.gone is None)
    for bucket, found in groupby(whole, lambda row: bucket_of(row.seq, size)):
        some = list(found)
        for start in range(0, len(some), BATCH_ROWS):
            await _clear(store, bucket, some[start : start + BATCH_ROWS])
    last = rows[-1]
    await store.run(RAISE, {"conv": last.conv, "seq": last.seq})


async def _clear(store: Store, bucket: int, rows: Sequence[Row]) -> None:
    bound: dict[str, Any] = {"conv": rows[0].conv, "bucket": bucket}
    for n, row in enumerate(rows):
        bound |= {f"seq_{n}": row.seq, f"client_id_{n}": row.client_id}
    if not (await store.cas(_empty(len(rows)), bound)).applied:
        raise Busy  # a row was not there: it is read again
    for row in rows:
        if row.expires is not None:
            await shred(store, row.conv, row.sender, row.client_id)
