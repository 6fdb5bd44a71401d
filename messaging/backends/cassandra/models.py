"""The tables, for `sync_cassandra` and for schema.py; the adapter speaks plain CQL to them.

Ids are uuid columns of 16 random bytes, times milliseconds. Every number that a client can reach is
a bigint. `from` and `to` are words of CQL, hence from_user and to_user.
"""

from typing import Any

from cassandra.cqlengine import columns
from cassandra.cqlengine.models import Model

APPENDED = {"class": "UnifiedCompactionStrategy", "scaling_parameters": "T4"}
OVERWRITTEN = {"class": "UnifiedCompactionStrategy", "scaling_parameters": "L10"}
EXPIRING = {
    "class": "TimeWindowCompactionStrategy",
    "compaction_window_unit": "DAYS",
    "compaction_window_size": "1",
    "unchecked_tombstone_compaction": "true",
}
DAY = 86_400  # seconds
OPTIONS: dict[str, Any] = {"compaction": OVERWRITTEN}


class Connection(Model):
    """The truth of a pair, by compare-and-set on `version`; user1 < user2 as bytes. Numbers:
    messaging/domain.py. since1, since2: when the state that each sees last changed."""

    __table_name__ = "connection"
    __options__ = OPTIONS
    user1 = columns.UUID(partition_key=True)
    user2 = columns.UUID(partition_key=True)
    connection_id = columns.UUID()
    created = columns.BigInt()
    state = columns.TinyInt()
    asked_by = columns.TinyInt()
    blocked = columns.TinyInt()
    since1 = columns.BigInt()
    since2 = columns.BigInt()
    version = columns.BigInt()


class ConversationOf(Model):
    """Whose a conversation is, at timestamp 1; its newest bucket, and up to where its rows are kept
    no longer, each at its own value: null is 0. The bucket may lag by one."""

    __table_name__ = "conversation_of"
    __options__ = OPTIONS
    conversation_id = columns.UUID(partition_key=True)
    user1 = columns.UUID()
    user2 = columns.UUID()
    bucket = columns.BigInt()
    purged = columns.BigInt()


class Contact(Model):
    """What each side sees of its pairs: two rows for one of `connection`, and nothing in them that
    does not follow from it. Cells at timestamp `version`; cleared_seq at its own value."""

    __table_name__ = "contact"
    __options__ = OPTIONS
    owner = columns.UUID(partition_key=True)
    peer = columns.UUID(primary_key=True)
    connection_id = columns.UUID()
    state = columns.TinyInt()
    since = columns.BigInt()
    version = columns.BigInt()
    withheld = columns.Boolean()
    cleared_seq = columns.BigInt()


class ConnectionKey(Model):
    """One signed record per epoch, by compare-and-set on `head`."""

    __table_name__ = "connection_key"
    __options__ = OPTIONS
    connection_id = columns.UUID(partition_key=True)
    epoch = columns.BigInt(primary_key=True, clustering_order="DESC")
    head = columns.BigInt(static=True)
    record = columns.Blob()
    forced = columns.Boolean()
    time = columns.BigInt()
    k1 = columns.BigInt()
    k2 = columns.BigInt()


class EsBox(Model):
    """A user's own box of an epoch secret. Cells at timestamp `g`, the user-key generation."""

    __table_name__ = "es_box"
    __options__ = OPTIONS
    owner = columns.UUID(partition_key=True)
    connection_id = columns.UUID(partition_key=True)
    epoch = columns.BigInt(primary_key=True, clustering_order="DESC")
    g = columns.BigInt()
    box = columns.Blob()


class Conversation(Model):
    """A bucket of the log, by compare-and-set on its static columns.

    row_type 0 is a message. It stays for ever; `text` to `tag_kid` go when it is erased or expires,
    or is kept no longer.
    row_type 1, at seq 0, remembers a client_id for a week: `ref` is the seq it was given.
    """

    __table_name__ = "conversation"
    __options__ = {
        "compaction": APPENDED,
        "compression": {"enabled": "false"},  # it is encrypted
        "gc_grace_seconds": 3 * DAY,
    }
    conversation_id = columns.UUID(partition_key=True)
    bucket = columns.BigInt(partition_key=True)
    row_type = columns.TinyInt(primary_key=True)
    seq = columns.BigInt(primary_key=True, clustering_order="DESC")
    client_id = columns.UUID(primary_key=True)
    time = columns.BigInt()
    sender = columns.UUID()
    device = columns.UUID()
    ctr = columns.BigInt()
    ord = columns.BigInt()
    hid = columns.BigInt()  # of `ord`, rows that were withheld
    kind = columns.TinyInt()
    epoch = columns.BigInt()
    flags = columns.TinyInt()  # 1 erased, 2 withheld
    expires = columns.BigInt()
    text = columns.Blob()
    salt = columns.Blob()  # null with a ttl: message_salt has it
    url = columns.Text()
    tag = columns.Blob()
    tag_kid = columns.Text()
    ref = columns.BigInt()
    last_seq = columns.BigInt(static=True)
    last_time = columns.BigInt(static=True)
    ord1 = columns.BigInt(static=True)  # rows of kind 1 by user1, and by user2
    ord2 = columns.BigInt(static=True)
    hid1 = columns.BigInt(static=True)  # those of them that were withheld
    hid2 = columns.BigInt(static=True)
    run = columns.BigInt(static=True)  # first of the withheld rows at the end; 0 = none
    min_epoch = columns.BigInt(static=True)  # the floor


class MessageSalt(Model):
    """Shred salts of messages with a ttl (docs/encryption.md 4.14). Every row is written with a
    TTL. Never in a snapshot or an incremental backup. A client chooses client_id: `sender` says
    whose it is, null of one that was copied here or is older than the column."""

    __table_name__ = "message_salt"
    __options__ = {"compaction": EXPIRING, "gc_grace_seconds": 3 * 3600}
    conversation_id = columns.UUID(partition_key=True)
    client_id = columns.UUID(primary_key=True)
    sender = columns.UUID()
    salt = columns.Blob()
    expires = columns.BigInt()


class Unread(Model):
    """The newest thing that from_user sent to_user, as `owner` sees it, who is one of the two.
    All cells at timestamp last_seq."""

    __table_name__ = "unread"
    __options__ = OPTIONS
    owner = columns.UUID(partition_key=True)
    from_user = columns.UUID(primary_key=True)
    to_user = columns.UUID(primary_key=True)
    conversation_id = columns.UUID()
    last_seq = columns.BigInt()
    last_ord = columns.BigInt()
    time = columns.BigInt()


class Read(Model):
    """How far to_user has read, and received, what from_user sent, as `owner` sees it. read_seq,
    read_ord and time at timestamp read_seq, got_seq and got_time at got_seq, gap_seq at its own
    value: in the row of to_user alone, and written before the gap that ends there."""

    __table_name__ = "read"
    __options__ = OPTIONS
    owner = columns.UUID(partition_key=True)
    from_user = columns.UUID(primary_key=True)
    to_user = columns.UUID(primary_key=True)
    read_seq = columns.BigInt()
    read_ord = columns.BigInt()
    time = columns.BigInt()
    got_seq = columns.BigInt()
    got_time = columns.BigInt()
    gap_seq = columns.BigInt()  # no gap of mark_gap reaches beyond it


class MarkGap(Model):
    """What to_user's marks passed over of what from_user sent (messaging/gaps.py). `last` at its
    own value. By `first` before `kind`: what lies below a mark is one slice, newest first."""

    __table_name__ = "mark_gap"
    __options__ = OPTIONS
    from_user = columns.UUID(partition_key=True)
    to_user = columns.UUID(primary_key=True)
    first = columns.BigInt(primary_key=True)
    kind = columns.TinyInt(primary_key=True)
    last = columns.BigInt()


class Meta(Model):
    """What is to be known of the whole store: `data`, the name that a restore changes, and
    `schema`, the version of these tables. By compare-and-set."""

    __table_name__ = "meta"
    __options__ = OPTIONS
    key = columns.Text(partition_key=True)
    value = columns.Text()


TABLES: tuple[type[Model], ...] = (
    *(Connection, ConversationOf, Contact, ConnectionKey, EsBox),
    *(Conversation, MessageSalt, Unread, Read, MarkGap, Meta),
)
