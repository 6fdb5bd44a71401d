"""Tables of moderation: relational whatever engine keeps the messages.

Audit      what staff and operators did and looked at: a chain, appended to and never changed
Report     what somebody reported, sealed to the moderation key
Note       what staff write about a report, for staff
Decision   what staff decided about a person, most often after a report; it can be undone
Appeal     what the person says against it                                 1 a decision, at most
Totp       what an app on somebody's phone counts with, sealed            1 a member of staff
Codes      ten codes on paper, each good once                             1 a member of staff
Passkey    the public key of a passkey (WebAuthn)                        10 a member of staff
StaffLink  permission to set a password and factors, for hours            1 a member of staff
Figure     a number of a day of the whole site, of nobody                 (day, name, of)
Right      no table: permissions that belong to no other
"""

from typing import ClassVar

from django.db import models
from django_otp.models import Device

from accounts.fields import Bytes, Ms
from accounts.models import KID_MAX, User
from accounts.suspending import Reason
from e2ee.sealed import SEALED_TOTP_LEN
from moderation.protocol import APPEAL_MAX

ACTOR_MAX = 64  # characters
ACTION_MAX = 64
OBJECT_MAX = 200
DETAILS_MAX = 4096
NOTE_MAX = 2_000
FIGURE_MAX = 32
ADDRESS_MAX = 64  # characters


class Audit(models.Model):
    """One entry. Triggers of both databases refuse to change or delete it."""

    n = models.BigIntegerField(primary_key=True)  # dense, from 1
    ms = Ms()
    actor = models.CharField(max_length=ACTOR_MAX)  # a name of staff, or how a command calls itself
    action = models.CharField(max_length=ACTION_MAX)
    object = models.CharField(max_length=OBJECT_MAX)  # what it was done to
    details = models.CharField(max_length=DETAILS_MAX)  # JSON
    digest = Bytes(32)  # H(details)
    prev = Bytes(32)  # tag of the entry before; zero at the first
    kid = models.CharField(max_length=KID_MAX)
    tag = Bytes(32)  # MAC over all of it but the details themselves

    class Meta:
        verbose_name = "audit entry"
        verbose_name_plural = "audit log"

    def __str__(self) -> str:
        return f"{self.n}: {self.action}"


class State(models.IntegerChoices):
    """In the order of the queue."""

    NEW = 1  # waits to be looked at
    OPEN = 2  # somebody of staff looks at it
    APPEALED = 3  # the person said something against the decision
    DECIDED = 4
    CLOSED = 5  # by an earlier version, which decided nothing


WAITING = (State.NEW, State.OPEN)


class Report(models.Model):
    """A report as its browser sealed it. The rest is what the server was told beside it.

    `version` rises with each change: a compare-and-set on it fails where somebody came first.
    """

    report = Bytes(16, unique=True)  # made up by the browser: a repeat is the same report
    reporter = Bytes(16)  # uid; staff alone are told
    peer = Bytes(16, db_index=True)  # uid of the person it is about
    reason = models.SmallIntegerField()
    kid = models.CharField(max_length=64)  # of the moderation key that opens it
    sealed = models.BinaryField(null=True)  # None = erased, long after it was decided
    mids = models.BinaryField()  # client ids of the chosen messages, 16 bytes each
    made = Ms()
    state = models.SmallIntegerField(choices=State.choices, default=State.NEW)
    closed = Ms(null=True)  # when it was decided
    told = Ms(null=True)  # when the reporter saw what became of it
    assigned = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    version = models.IntegerField(default=0)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["reporter", "peer"]),
            models.Index(fields=["state", "made"]),
        ]

    def __str__(self) -> str:
        return "report"

    @property
    def chosen(self) -> list[bytes]:
        mids = bytes(self.mids)
        return [mids[at : at + 16] for at in range(0, len(mids), 16)]


class Note(models.Model):
    report = models.ForeignKey(Report, models.CASCADE, related_name="notes")
    by = models.CharField(max_length=ACTOR_MAX)
    made = Ms()
    text = models.CharField(max_length=NOTE_MAX)

    def __str__(self) -> str:
        return "note"


class Measure(models.IntegerChoices):
    DISMISS = 1, "Dismiss"
    WARN = 2, "Warn"
    RESTRICT = 3, "No new requests for a time"
    SUSPEND = 4, "Suspend for a time"
    BAN = 5, "Ban for good"


class Decision(models.Model):
    """`version` rises when it is undone or appealed against: a compare-and-set on it fails where
    somebody came first."""

    decision = Bytes(16, unique=True)
    user = models.ForeignKey(User, models.CASCADE, related_name="+")  # whom it is about
    report = models.ForeignKey(Report, models.SET_NULL, null=True, related_name="decisions")
    measure = models.SmallIntegerField(choices=Measure.choices)
    reason = models.SmallIntegerField(choices=Reason.choices, null=True)  # None: dismissed
    made = Ms()
    by = models.CharField(max_length=ACTOR_MAX)
    until = Ms(null=True)  # of what the account must do without, as in accounts/suspending.py
    undone = Ms(null=True)
    undone_by = models.CharField(max_length=ACTOR_MAX, blank=True)
    told = Ms(null=True)  # when the person saw it
    version = models.IntegerField(default=0)

    def __str__(self) -> str:
        return "decision"


class Appeal(models.Model):
    """Plain: the person is told so."""

    decision = models.OneToOneField(Decision, models.CASCADE, primary_key=True)
    text = models.CharField(max_length=APPEAL_MAX)
    made = Ms()
    kept = Ms(null=True)  # when staff looked at it, and kept the decision
    kept_by = models.CharField(max_length=ACTOR_MAX, blank=True)

    def __str__(self) -> str:
        return "appeal"


class Totp(Device):
    """moderation/factors.py opens and compares. Unconfirmed until its first code was right."""

    user = models.ForeignKey(User, models.CASCADE, related_name="+")
    kid = models.CharField(max_length=KID_MAX)
    sealed = Bytes(SEALED_TOTP_LEN)
    last = models.BigIntegerField(default=0)  # the time step of the last code: none counts twice
    objects: ClassVar[models.Manager["Totp"]] = models.Manager()

    def __str__(self) -> str:
        return "app"


class Codes(Device):
    """`left`: MACs of the codes that were not used yet, one after the other."""

    user = models.ForeignKey(User, models.CASCADE, related_name="+")
    kid = models.CharField(max_length=KID_MAX)
    left = models.BinaryField()
    objects: ClassVar[models.Manager["Codes"]] = models.Manager()

    def __str__(self) -> str:
        return "codes"


class Passkey(Device):
    """moderation/passkeys.py makes and checks it. `Device.name` is what its owner calls it."""

    user = models.ForeignKey(User, models.CASCADE, related_name="+")
    credential = models.BinaryField()  # its id, which the authenticator made up
    digest = Bytes(32, unique=True)  # H(credential)
    key = models.BinaryField()  # COSE_Key, public
    count = models.BigIntegerField()  # of its signatures; some never count, and stay at 0
    made = Ms()
    used = Ms(null=True)  # when somebody last signed in with it
    objects: ClassVar[models.Manager["Passkey"]] = models.Manager()

    def __str__(self) -> str:
        return f"passkey {self.name}"


class StaffLink(models.Model):
    """It stays after its use, so that somebody who comes too late hears who was there."""

    user = models.OneToOneField(User, models.CASCADE, primary_key=True)
    digest = Bytes(32, unique=True)  # H(token)
    code = Bytes(32)  # H(token, the code that is told beside the link)
    expires = Ms()
    tries = models.SmallIntegerField(default=0)  # of wrong codes
    opened = Ms(null=True)  # when somebody last showed both
    opened_from = models.CharField(max_length=ADDRESS_MAX, blank=True)
    used = models.BooleanField(default=False)

    def __str__(self) -> str:
        return "link for staff"


class Figure(models.Model):
    """moderation/figures.py writes them. A day without a row was not counted."""

    day = models.IntegerField()  # days since 1970, UTC
    name = models.CharField(max_length=FIGURE_MAX)  # a figures.Name
    of = models.CharField(max_length=FIGURE_MAX, blank=True)  # which kind, where it has kinds
    n = models.BigIntegerField(default=0)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["day", "name", "of"], name="figure_of_day")
        ]

    def __str__(self) -> str:
        return f"{self.name} of day {self.day}"


class Right(models.Model):
    class Meta:
        managed = False
        default_permissions = ()
        permissions: ClassVar = [
            ("view_tables", "Can look into the tables of the message store"),
            ("view_storage", "Can see how much files take, and of whom"),
            ("view_figures", "Can see the numbers of each day, and what was refused"),
            ("approve_people", "Can let new accounts ask others, or turn them down"),
            ("end_sessions", "Can sign people out everywhere"),
            ("save_files", "Can save files of reports, whatever they are"),
        ]

    def __str__(self) -> str:
        return "right"
