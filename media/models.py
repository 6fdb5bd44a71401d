"""Tables of blobs: relational whatever engine keeps the messages.

    Blob ┬─ BlobLink   which message has it            (blob, conv, client_id)
         └─ BlobHold   which report its parts stay for (report, blob, client_id)
    Erasure            which message loses its content (conv, client_id, sender)

A blob goes one way: granted → whole → linked → deleting, and may go from any state to the last.
Each step is one UPDATE that names the state before it (`moved`), so of two that meet one wins. Its
row goes last, after its parts: what has no row is nobody's. One that is held stays in the last
state: gone for everybody, and its parts are there for those who open the report.
"""

from typing import ClassVar

from django.db import models

from accounts.fields import Bytes, Ms


class State(models.IntegerChoices):
    GRANTED = 1  # parts may be sent
    WHOLE = 2  # all were, and none is taken any more
    LINKED = 3  # a message has it
    DELETING = 4  # for everybody it is gone; its parts follow


class Blob(models.Model):
    """`version` rises with each change of state or links: a compare-and-set on it fails where
    somebody came first."""

    blob = Bytes(16, unique=True)
    owner = Bytes(16, db_index=True)  # uid
    conv = Bytes(16)
    size = models.BigIntegerField()  # sealed bytes
    part = models.IntegerField()  # bytes of each part but the last
    state = models.SmallIntegerField(choices=State.choices, default=State.GRANTED)
    changed = Ms()  # when the state last changed
    version = models.IntegerField(default=0)
    # Somebody may put parts past us until then: the row stays so long. None = nobody ever could.
    signed = Ms(null=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["state", "changed"])]

    def __str__(self) -> str:
        return "blob"


class SiteName(models.Model):
    """One row: the name of this site in the store of blobs (media/ownership.py)."""

    name = Bytes(16)
    rounds = models.BigIntegerField(default=0)  # that deleted what has no row

    def __str__(self) -> str:
        return "name"


class BlobLink(models.Model):
    """A message that has the blob. A blob may be in several: one that was sealed again, under
    another client_id, has the same ones."""

    blob = models.ForeignKey(Blob, models.CASCADE, related_name="links")
    conv = Bytes(16)
    client_id = Bytes(16)
    after_seq = models.BigIntegerField()  # the message lies above it, if it was appended
    made = Ms()
    withheld = models.BooleanField()  # from the peer: for its sender alone
    expires = Ms(null=True)  # with its message; None = kept
    # When the sweep looks for the message in the log; None = it was there.
    look_at = Ms(null=True, db_index=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["blob", "conv", "client_id"], name="blob_of_message")
        ]
        indexes: ClassVar = [
            models.Index(fields=["conv", "client_id"]),
            models.Index(fields=["expires"]),
        ]

    def __str__(self) -> str:
        return "link"


class BlobHold(models.Model):
    """Keeps the parts, and shows the blob to nobody. A blob may be held for several reports."""

    blob = models.ForeignKey(Blob, models.PROTECT, related_name="holds")
    report = Bytes(16)
    client_id = Bytes(16)  # of the message that had it when it was reported

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["report", "client_id", "blob"], name="blob_of_report")
        ]

    def __str__(self) -> str:
        return "hold"


class Erasure(models.Model):
    """A message whose content is about to go, and its blobs after it. What erases it takes the row
    away again; where that broke off, the sweep looks whether the content went."""

    conv = Bytes(16)
    client_id = Bytes(16)
    sender = Bytes(16)
    seq = models.BigIntegerField()  # as they say who erase it
    look_at = Ms(db_index=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["conv", "client_id", "sender"], name="one_erasure")
        ]

    def __str__(self) -> str:
        return "erasure"
