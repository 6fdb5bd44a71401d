"""The one conditional batch that puts rows into the log: its statement, and what is bound to it."""

from collections.abc import Sequence
from functools import cache
from typing import Any

from messaging.backends.cassandra.driver import Profile
from messaging.backends.cassandra.heads import Head
from messaging.backends.cassandra.rows import WITHHELD
from messaging.backends.cassandra.store import Statement
from messaging.domain import Row

DEDUPE_SECONDS = 7 * 86_400
LAPSE_SECONDS = 60  # the store keeps content longer than its readers show it: clocks differ

_HEAD = """
UPDATE conversation SET last_seq = :last_seq, last_time = :last_time, ord1 = :ord1, ord2 = :ord2,
 hid1 = :hid1, hid2 = :hid2, run = :run, min_epoch = :min_epoch
 WHERE conversation_id = :conv AND bucket = :bucket
 IF last_seq = :stored_seq AND min_epoch = :stored_floor;
"""
_ROW = f"""
INSERT INTO conversation (conversation_id, bucket, row_type, seq, client_id, ref)
 VALUES (:conv, :bucket, 1, 0, :client_id_#, :seq_#) IF NOT EXISTS USING TTL {DEDUPE_SECONDS};
INSERT INTO conversation (conversation_id, bucket, row_type, seq, client_id, time, sender, device,
 ctr, ord, hid, kind, epoch, flags, expires)
 VALUES (:conv, :bucket, 0, :seq_#, :client_id_#, :time_#, :sender_#, :device_#,
 :ctr_#, :ord_#, :hid_#, :kind_#, :epoch_#, :flags_#, :expires_#);
UPDATE conversation USING TTL :ttl_#
 SET text = :text_#, salt = :salt_#, url = :url_#, tag = :tag_#, tag_kid = :tag_kid_#
 WHERE conversation_id = :conv AND bucket = :bucket AND row_type = 0 AND seq = :seq_#
 AND client_id = :client_id_#;
"""


@cache
def append(count: int) -> Statement:
    """For so many rows."""
    inserts = (_ROW.replace("#", str(n)) for n in range(count))
    return Statement(f"BEGIN BATCH {_HEAD} {''.join(inserts)} APPLY BATCH", Profile.COMPARE)


def values(head: Head, moved: Head, rows: Sequence[Row]) -> dict[str, Any]:
    """`head` as it must be found, `moved` as the rows leave it."""
    bound: dict[str, Any] = {
        **{"conv": head.conv, "bucket": head.bucket, "run": moved.run, "min_epoch": moved.floor},
        **{"stored_seq": head.stored[0], "stored_floor": head.stored[1]},
        **{"last_seq": moved.seq, "last_time": moved.time},
        **{"ord1": moved.ords[0], "ord2": moved.ords[1]},
        **{"hid1": moved.hids[0], "hid2": moved.hids[1]},
    }
    for n, row in enumerate(rows):
        bound |= {f"{name}_{n}": value for name, value in _columns(row).items()}
    return bound


def _columns(row: Row) -> dict[str, Any]:
    columns = {
        **{"seq": row.seq, "client_id": row.client_id, "time": row.time, "sender": row.sender},
        **{"device": row.device, "ctr": row.ctr, "ord": row.ord, "hid": row.hid},
        **{"kind": row.kind, "epoch": row.epoch, "flags": WITHHELD if row.withheld else 0},
        **{"ttl": row.ttl + LAPSE_SECONDS if row.ttl else 0, "text": row.text},
        **{"tag": row.tag, "tag_kid": row.kid},
    }
    # What is not there is left out: null would leave a tombstone.
    there = {"expires": row.expires, "salt": row.salt, "url": row.url or None}
    return columns | {name: value for name, value in there.items() if value is not None}
