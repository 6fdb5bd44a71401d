"""An account is deleted: what is left of it, and how far that has come (docs/adr/0060).

At once, in one transaction, nobody can sign in any more, every session ends, and all that the
account's own keys sealed is gone. The rest follows in steps (chatsite/leaving/deletion.py). The row
of the account stays, without what it said, so that nobody takes the name; so do its device list
and the public keys of its devices, by which others verify what they have.
"""

import logging
import secrets

from django.db import models
from django.db.models import F
from django.db.transaction import atomic

from accounts import sessions
from accounts.fields import Bytes, Ms
from accounts.models import (
    Credentials,
    Device,
    Factor,
    Failure,
    Mailbox,
    Note,
    PrevBox,
    Privacy,
    ResetToken,
    SessionRecord,
    User,
    UserKeyWrap,
    Vault,
)

RECEIPT_LEN = 16
START = bytes(16)  # below every conversation
SEALED = (UserKeyWrap, PrevBox, Factor, Vault)
BESIDE = (Note, Privacy, Mailbox, ResetToken, Credentials)

logger = logging.getLogger(__name__)


class Deletion(models.Model):
    """One an account. Conversations are gone through in the order of their ids: those up to `conv`
    are done, and of the next one the messages up to `seq`."""

    user = models.OneToOneField(User, models.CASCADE, primary_key=True)
    receipt = Bytes(RECEIPT_LEN, unique=True)
    erase = models.BooleanField()  # what they sent, too
    began = Ms()
    ended = Ms(null=True, db_index=True)
    conv = Bytes(16, default=START)
    seq = models.BigIntegerField(default=0)
    # What is gone, or done: the numbers of the receipt.
    sessions = models.IntegerField()
    devices = models.IntegerField()
    keys = models.IntegerField()
    notes = models.IntegerField()
    invites = models.IntegerField(default=0)
    files = models.IntegerField(default=0)
    conversations = models.IntegerField(default=0)
    messages = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"deletion of {self.user_id}"


def begin(user: User, *, erase: bool, now_ms: int) -> Deletion:
    """Nothing of it can be taken back. Repeatable: the deletion that is there stays as it is."""
    with atomic():
        user = User.objects.select_for_update(no_key=True).get(pk=user.pk)
        found = Deletion.objects.select_related("user").filter(user=user).first()
        if found is not None:
            return found
        deletion = Deletion.objects.create(
            user=user, receipt=secrets.token_bytes(RECEIPT_LEN), erase=erase, began=now_ms,
            sessions=SessionRecord.objects.filter(user=user).count(),
            devices=Device.objects.filter(user=user).count(),
            keys=sum(model.objects.filter(user=user).count() for model in SEALED),
            notes=Note.objects.filter(user=user).count(),
        )  # fmt: skip
        _forget(user, now_ms)
    logger.warning("account %s is deleted", user.uid.hex())
    return deletion


def of_receipt(receipt: bytes) -> Deletion | None:
    return Deletion.objects.select_related("user").filter(receipt=receipt).first()


def open_ones(limit: int) -> list[Deletion]:
    """Those that began and have not ended, the oldest first."""
    waiting = Deletion.objects.select_related("user").filter(ended=None)
    return list(waiting.order_by("began")[:limit])


def ended_after(ms: int) -> list[bytes]:
    """The accounts of deletions that ended after that time: uids."""
    return list(Deletion.objects.filter(ended__gt=ms).values_list("user__uid", flat=True))


def advance(
    was: Deletion, conv: bytes, seq: int, *, conversations: int = 0, messages: int = 0
) -> bool:
    """It has come that far. False where somebody else goes on with it: then nothing is changed."""
    same = Deletion.objects.filter(pk=was.pk, conv=was.conv, seq=was.seq, ended=None)
    moved = same.update(
        conv=conv, seq=seq, conversations=F("conversations") + conversations,
        messages=F("messages") + messages,
    )  # fmt: skip
    if moved:
        was.conv, was.seq = conv, seq
    return bool(moved)


def end(was: Deletion, *, invites: int, files: int, now_ms: int) -> None:
    """Nothing is left to do: what requests wrote that were under way when it began goes, too.
    Repeatable."""
    _forget_beside(was.user)
    User.objects.filter(pk=was.user_id).update(display_name="")
    Deletion.objects.filter(pk=was.pk, ended=None).update(
        ended=now_ms, invites=invites, files=files
    )
    logger.warning("nothing is left of account %s", was.user.uid.hex())


def _forget(user: User, now_ms: int) -> None:
    for model in SEALED:
        model.objects.filter(user=user).delete()
    _forget_beside(user)
    Failure.objects.filter(subject=user.uid).delete()
    sessions.end_all(user)
    Device.objects.filter(user=user, gone_at=None).update(gone_at=now_ms)
    Device.objects.filter(user=user).update(agent="", seen=None)
    user.is_active, user.display_name, user.last_login = False, "", None
    user.save(update_fields=["is_active", "display_name", "last_login"])


def _forget_beside(user: User) -> None:
    for model in BESIDE:
        model.objects.filter(user=user).delete()
