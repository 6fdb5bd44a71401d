# ruff: noqa: DJ008 -- schema only: nobody prints a row
"""The tables, for migrations and the admin; log.py and connections.py speak plain SQL to them.

One head row per conversation is its sequencer. Ids are 16 bytes, times milliseconds. Watermarks
are one row per (from, to): shown_* is what the other side may see of it.
"""

from typing import Any

from django.db import models


def _id() -> "models.BinaryField[Any, Any]":
    return models.BinaryField(max_length=16)


class ConversationHead(models.Model):
    conversation_id = models.BinaryField(max_length=16, primary_key=True)
    last_seq = models.BigIntegerField()
    last_time = models.BigIntegerField()
    ord1 = models.BigIntegerField()  # rows of kind 1 by user1, and by user2
    ord2 = models.BigIntegerField()
    hid1 = models.BigIntegerField(default=0)  # those of them that were withheld
    hid2 = models.BigIntegerField(default=0)
    run = models.BigIntegerField(default=0)  # first of the withheld rows at the end; 0 = none
    min_epoch = models.BigIntegerField()  # the floor
    epoch_head = models.BigIntegerField(null=True)  # null before E_0
    purged = models.BigIntegerField(db_default=0)  # rows up to it are kept no longer

    class Meta:
        db_table = "conversation_head"


class Conversation(models.Model):
    """A row stays for ever; `text` to `tag_kid` go when it is erased or expires, or is kept no
    longer."""

    pk = models.CompositePrimaryKey("conversation_id", "seq")
    conversation_id = _id()
    seq = models.BigIntegerField()
    client_id = _id()
    time = models.BigIntegerField()
    sender = _id()
    device = _id()
    ctr = models.BigIntegerField()
    ord = models.BigIntegerField()
    kind = models.SmallIntegerField()
    epoch = models.BigIntegerField()
    flags = models.SmallIntegerField()  # 1 erased, 2 withheld
    expires = models.BigIntegerField(null=True)
    text = models.BinaryField(null=True)
    salt = models.BinaryField(null=True)  # null with a ttl: message_salt has it
    url = models.TextField()
    tag = models.BinaryField(null=True)
    tag_kid = models.TextField(null=True)  # noqa: DJ001 -- absent, not empty, once erased
    hid = models.BigIntegerField(default=0)  # of `ord`, rows that were withheld

    class Meta:
        db_table = "conversation"
        constraints = [
            models.UniqueConstraint(
                fields=["conversation_id", "client_id"], name="conversation_client_id"
            )
        ]
        indexes = [
            models.Index(
                fields=["expires"],
                name="conversation_expires",
                condition=models.Q(expires__isnull=False, text__isnull=False),
            )
        ]


class MessageSalt(models.Model):
    """Shred salts of messages with a ttl (docs/encryption.md 4.14)."""

    pk = models.CompositePrimaryKey("conversation_id", "client_id")
    conversation_id = _id()
    client_id = _id()
    salt = models.BinaryField()
    expires = models.BigIntegerField()

    class Meta:
        db_table = "message_salt"


class Unread(models.Model):
    """The newest thing from_user sent to_user."""

    pk = models.CompositePrimaryKey("from_user", "to_user")
    from_user = _id()
    to_user = _id()
    conversation_id = _id()
    last_seq = models.BigIntegerField()
    last_ord = models.BigIntegerField()
    time = models.BigIntegerField()
    shown_seq = models.BigIntegerField()  # as to_user sees it: withheld rows skipped
    shown_ord = models.BigIntegerField()
    shown_time = models.BigIntegerField()

    class Meta:
        db_table = "unread"


class Read(models.Model):
    """How far to_user has read, and received, what from_user sent."""

    pk = models.CompositePrimaryKey("from_user", "to_user")
    from_user = _id()
    to_user = _id()
    read_seq = models.BigIntegerField()
    read_ord = models.BigIntegerField()
    time = models.BigIntegerField()
    got_seq = models.BigIntegerField()
    shown_seq = models.BigIntegerField()  # as from_user sees it: still while receipts are off
    shown_time = models.BigIntegerField()
    shown_got_seq = models.BigIntegerField(default=0)  # still while one of the two blocks
    shown_got_time = models.BigIntegerField(default=0)

    class Meta:
        db_table = "read"


class MarkGap(models.Model):
    """What to_user's marks passed over of what from_user sent (messaging/gaps.py)."""

    pk = models.CompositePrimaryKey("from_user", "to_user", "kind", "first")
    from_user = _id()
    to_user = _id()
    kind = models.SmallIntegerField()
    first = models.BigIntegerField()
    last = models.BigIntegerField()  # only rises

    class Meta:
        db_table = "mark_gap"


class Connection(models.Model):
    """The truth of a pair; user1 < user2 as bytes. Numbers: messaging/domain.py."""

    pk = models.CompositePrimaryKey("user1", "user2")
    user1 = _id()
    user2 = _id()
    connection_id = models.BinaryField(max_length=16, unique=True)
    created = models.BigIntegerField()
    state = models.SmallIntegerField()
    asked_by = models.SmallIntegerField()
    blocked = models.SmallIntegerField()
    version = models.BigIntegerField()

    class Meta:
        db_table = "connection"


class Contact(models.Model):
    """What each side sees of a pair: two rows."""

    pk = models.CompositePrimaryKey("owner", "peer")
    owner = _id()
    peer = _id()
    conversation_id = _id()
    state = models.SmallIntegerField()
    since = models.BigIntegerField()
    version = models.BigIntegerField()
    withheld = models.BooleanField()
    cleared_seq = models.BigIntegerField()

    class Meta:
        db_table = "contact"
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "conversation_id"], name="contact_conversation"
            )
        ]


class ConnectionKey(models.Model):
    """One signed record per epoch, with both wraps and no clear key."""

    pk = models.CompositePrimaryKey("connection_id", "epoch")
    connection_id = _id()
    epoch = models.BigIntegerField()
    record = models.BinaryField()
    forced = models.BooleanField()
    time = models.BigIntegerField()
    k1 = models.BigIntegerField()
    k2 = models.BigIntegerField()

    class Meta:
        db_table = "connection_key"


class EsBox(models.Model):
    """A user's own box of an epoch secret; g = the user-key generation that closes it."""

    pk = models.CompositePrimaryKey("owner", "conversation_id", "epoch")
    owner = _id()
    conversation_id = _id()
    epoch = models.BigIntegerField()
    g = models.BigIntegerField()
    box = models.BinaryField()

    class Meta:
        db_table = "es_box"


class Fact(models.Model):
    """What is to be known of the whole store: `data`, the name that a restore changes."""

    key = models.TextField(primary_key=True)
    value = models.TextField()

    class Meta:
        db_table = "meta"
