"""Tables of accounts: relational always, whatever engine keeps the messages.

    User ─┬─ Credentials   what sign-in compares with, and the sealed pepper   1:1
          ├─ Vault         AIK and recovery seed, sealed by RK                1:1, version
          ├─ Factor        RK, sealed by code | password | passkey            (user, id)
          ├─ DeviceListLink  the signed chain                                 (user, chain, k)
          ├─ Device        read out of the newest link, plus when it went     (user, device id)
          ├─ UserKeyWrap   seed of UK_g, sealed to a device or to recovery    (user, g, device)
          ├─ PrevBox       seed of UK_{g-1}, sealed under UK_g                (user, g)
          ├─ Note          private name of a peer, sealed                     (user, peer), version
          ├─ Privacy       what contacts see, who may ask; optional           1:1
          ├─ Mailbox       an e-mail address for the account reset, optional  1:1
          ├─ ResetToken    permission to start the account over, hours      hash of it
          └─ SessionRecord whose Django session this is, on which device      hash of its key
                └─ Grant   permission to enrol one device, ten minutes
    NameReservation  a sign-up under way, ten minutes · Failure  wrong secrets, one day

The server opens none of the sealed columns but the pepper.
"""

import secrets
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.contrib.sessions.models import Session
from django.db import models

from accounts.fields import Bytes, Ms
from accounts.protocol import BOX_SIZE, DISPLAY_NAME_MAX, NAME_MAX, NOTE_SIZE, VAULT_SIZE, WRAP_SIZE
from accounts.skeletons import SKELETON_MAX, skeleton
from chatsite.running.clock import now_ms
from e2ee.kem import PUBLIC_KEY_LEN

VERIFIER_MAX = 160  # characters: algorithm, kid, uid, MAC
KID_MAX = 32
ASKERS_MAX, ANYBODY = 8, "anybody"
NO_CODE = bytes(32)  # no hash of any


def new_uid() -> bytes:
    return secrets.token_bytes(16)


class UserManager(BaseUserManager["User"]):
    """Sign-up makes people, `manage.py staff_add` makes staff."""


class User(AbstractBaseUser, PermissionsMixin):
    """A person, or an account of staff: that one has a Django password and no device list."""

    uid = Bytes(16, unique=True, default=new_uid)
    username = models.CharField(max_length=NAME_MAX, unique=True)  # as PRECIS writes it
    # None: the name is older than this column, and an account before it has one that looks alike.
    skeleton = models.CharField(max_length=SKELETON_MAX, unique=True, null=True, editable=False)  # noqa: DJ001
    display_name = models.CharField(max_length=DISPLAY_NAME_MAX)
    is_staff = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)
    approved = models.BooleanField(default=True)  # False: new, and the operator looks first
    joined = Ms(default=now_ms)
    chain = models.IntegerField(default=1)  # rises with each account reset
    head_k = models.BigIntegerField(default=0)  # newest link of this chain; 0 = none, no person
    revoked_k = models.BigIntegerField(default=0)  # newest link that revokes or resets

    objects: ClassVar[UserManager] = UserManager()
    USERNAME_FIELD = "username"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    def __str__(self) -> str:
        return self.username

    def save(self, *args: Any, **options: Any) -> None:
        """Raises IntegrityError for a new name that looks like another."""
        if self._state.adding and self.skeleton is None:
            self.skeleton = skeleton(self.username)
        super().save(*args, **options)


class Owned(models.Model):
    """A row of one person, deleted with the account."""

    user = models.ForeignKey(User, models.CASCADE)

    class Meta:
        abstract = True


class Credentials(models.Model):
    """One row a person."""

    user = models.OneToOneField(User, models.CASCADE, primary_key=True)
    kdf_salt = Bytes(16)
    kdf_m = models.IntegerField()
    kdf_t = models.IntegerField()
    verifier = models.CharField(max_length=VERIFIER_MAX, blank=True)  # empty: password off
    code_salt = Bytes(16)
    code_verifier = models.CharField(max_length=VERIFIER_MAX)
    pepper_kid = models.CharField(max_length=KID_MAX)
    pepper = Bytes(BOX_SIZE)

    def __str__(self) -> str:
        return f"credentials of {self.user_id}"


class DeviceListLink(Owned):
    """link‖sig, append-only; older chains stay."""

    chain = models.IntegerField()
    k = models.BigIntegerField()
    link = models.BinaryField()
    hash = Bytes(32)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "chain", "k"], name="link_per_k")]

    def __str__(self) -> str:
        return f"link {self.k}"


class Device(Owned):
    """A device that a link lists or listed."""

    device = Bytes(16)
    signing_key = Bytes(32)
    kem_key = Bytes(PUBLIC_KEY_LEN)
    added_k = models.BigIntegerField()
    added = Ms()
    agent = models.CharField(max_length=80)
    gone_at = Ms(null=True)  # signed out or left out of the list: its proofs fail from then on
    # When its last session was last in use, written when that session ends. Where it has one now,
    # that one knows. None: nobody noted it (accounts/stale.py).
    seen = Ms(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "device"], name="row_per_device")]

    def __str__(self) -> str:
        return self.agent


class UserKeyWrap(Owned):
    """device = 16 zero bytes: sealed to the recovery key."""

    g = models.BigIntegerField()
    device = Bytes(16)
    k = models.BigIntegerField()
    wrap = Bytes(WRAP_SIZE)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "device", "g"], name="wrap_per_device_and_g")
        ]

    def __str__(self) -> str:
        return f"wrap of generation {self.g}"


class PrevBox(Owned):
    g = models.BigIntegerField()
    box = Bytes(BOX_SIZE)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "g"], name="prev_box_per_g")]

    def __str__(self) -> str:
        return f"box of generation {self.g}"


class Vault(models.Model):
    user = models.OneToOneField(User, models.CASCADE, primary_key=True)
    version = models.BigIntegerField()
    box = Bytes(VAULT_SIZE)

    def __str__(self) -> str:
        return f"vault, version {self.version}"


class Factor(Owned):
    factor = Bytes(16)
    type = models.SmallIntegerField()
    wrap = Bytes(BOX_SIZE)
    made = Ms(default=now_ms)  # of the code: people see how old theirs is

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "factor"], name="row_per_factor")]

    def __str__(self) -> str:
        return f"factor of type {self.type}"


class Note(Owned):
    peer = Bytes(16)
    g = models.BigIntegerField()
    version = models.BigIntegerField()
    note = Bytes(NOTE_SIZE)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "peer"], name="note_per_peer")]

    def __str__(self) -> str:
        return f"note, version {self.version}"


class Mailbox(models.Model):
    """Anybody who reads its mail may start the account over, and reads none of its messages."""

    user = models.OneToOneField(User, models.CASCADE, primary_key=True)
    address = models.EmailField(blank=True)  # confirmed; empty: none yet
    wanted = models.EmailField(blank=True)  # a code is on its way there
    code = Bytes(32, default=NO_CODE)  # H of that code
    expires = Ms(default=0)  # of that code

    def __str__(self) -> str:
        return f"mailbox of {self.user_id}"


class ResetToken(Owned):
    digest = Bytes(32, unique=True)
    pepper_kid = models.CharField(max_length=KID_MAX)
    pepper = Bytes(BOX_SIZE)  # of the account after the reset
    expires = Ms(db_index=True)

    def __str__(self) -> str:
        return "reset token"


class Privacy(models.Model):
    """What contacts may see of somebody, and who may ask to be one. No row: everything, anybody."""

    user = models.OneToOneField(User, models.CASCADE, primary_key=True)
    receipts = models.BooleanField(default=True)
    typing = models.BooleanField(default=True)
    presence = models.BooleanField(default=True)
    receipts_since = Ms(default=0)  # when receipts were last switched on again
    requests = models.CharField(max_length=ASKERS_MAX, default=ANYBODY)  # protocol.Askers
    version = models.IntegerField(default=1)

    class Meta:
        verbose_name_plural = "privacy"

    def __str__(self) -> str:
        return f"privacy of {self.user_id}"


class SessionRecord(Owned):
    """Columns of their own, changed by single updates: session data is last-writer-wins."""

    session = models.OneToOneField(Session, models.CASCADE, primary_key=True)
    hash = Bytes(16, unique=True)  # of the session key; what tokens and live sessions know
    device = models.ForeignKey(Device, models.SET_NULL, null=True)
    created = Ms()
    seen = Ms()
    unlocked = Ms()  # when a factor was proved last
    agent = models.CharField(max_length=80)

    def __str__(self) -> str:
        return self.agent


class Grant(models.Model):
    """Kept as H(session key, uid, grant); consumed by the link that lists the new device."""

    session = models.OneToOneField(SessionRecord, models.CASCADE, primary_key=True)
    digest = Bytes(32)
    expires = Ms()

    def __str__(self) -> str:
        return "enrolment grant"


class NameReservation(models.Model):
    username = models.CharField(max_length=NAME_MAX)
    skeleton = models.CharField(max_length=SKELETON_MAX, unique=True)
    session = Bytes(16, unique=True)  # hash of the key of the session that signs up
    uid = Bytes(16)
    pepper_kid = models.CharField(max_length=KID_MAX)
    pepper = Bytes(BOX_SIZE)
    invite = Bytes(32, default=NO_CODE)  # H of the token that it came by
    expires = Ms(db_index=True)

    def __str__(self) -> str:
        return self.username


class Failure(models.Model):
    """A wrong secret. subject = uid, or what stands for it where the name is unknown."""

    subject = Bytes(16)
    kind = models.SmallIntegerField()  # of factor: passwords and codes are counted apart
    at = Ms(db_index=True)
    by_device = models.BooleanField()

    class Meta:
        indexes = [models.Index(fields=["subject", "kind", "at"], name="failures_of_subject")]

    def __str__(self) -> str:
        return "wrong secret"
