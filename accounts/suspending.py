"""Suspensions: an account, or its asking of new people, rests for a time (docs/adr/0057).

Nothing else of the account changes, and what is over by time needs nobody to end it. Several stand
side by side, one for each decision; the one that ends last counts.
"""

from typing import Any

from django.db import models
from django.db.models import Exists, IntegerChoices, OuterRef
from django.db.transaction import atomic, on_commit
from django.utils.translation import gettext_lazy as _

from accounts import hooks
from accounts.fields import Bytes, Ms
from accounts.models import Owned, User
from accounts.signals import account_suspended
from chatsite.edge.refusals import Refusal
from chatsite.edge.wire import MAX_INT

FOREVER = MAX_INT  # `until` of a suspension that time does not end


class Kind(IntegerChoices):
    REQUESTS = 1  # no new requests
    ALL = 2  # nothing but hearing why, an appeal, and signing out


class Reason(IntegerChoices):
    """What the person is told, in their language. Never who said so, or of which chat."""

    THREATS = 1, _("threats or violence")
    HARASSMENT = 2, _("harassment")
    HATRED = 3, _("hatred")
    SEXUAL = 4, _("sexual content that nobody asked for")
    CHILDREN = 5, _("danger to a child")
    SPAM = 6, _("spam or fraud")
    PRETENDING = 7, _("pretending to be somebody else")
    RULES = 8, _("something else that this site does not allow")


class Suspension(Owned):
    kind = models.SmallIntegerField()  # a Kind
    until = Ms()  # over by time alone
    reason = models.SmallIntegerField()
    decision = Bytes(16, unique=True)

    def __str__(self) -> str:
        return f"suspension of kind {self.kind}"


class _Resting(Refusal):
    """Answered with what the person may know of it."""

    status = 403

    def __init__(self, row: Suspension) -> None:
        super().__init__()
        self.until = None if row.until == FOREVER else row.until
        self.reason, self.decision = row.reason, row.decision


class Suspended(_Resting):
    code, message = "suspended", "This account is suspended."


class Restricted(_Resting):
    code, message = "restricted", "This account may not ask new people for now."


_REFUSALS = {Kind.ALL: Suspended, Kind.REQUESTS: Restricted}


def suspend(
    user: User, kind: Kind, *, until: int, reason: Reason, decision: bytes, now_ms: int
) -> None:
    """Repeatable by its decision (16 bytes). `until`: ms, or FOREVER."""
    with atomic():
        Suspension.objects.update_or_create(
            decision=decision,
            defaults={"user": user, "kind": kind, "until": until, "reason": reason},
        )
        announce(user, now_ms)


def lift(decision: bytes, now_ms: int) -> bool:
    """Take a suspension back; False where none is left of it. Others of the account stay."""
    with atomic():
        row = Suspension.objects.select_related("user").filter(decision=decision).first()
        if row is None:
            return False
        row.delete()
        announce(row.user, now_ms)
        return row.until > now_ms


def of(user: User, kind: Kind, now_ms: int) -> Suspension | None:
    """The one that ends last."""
    found = Suspension.objects.filter(user=user, kind=kind, until__gt=now_ms)
    return found.order_by("-until").first()


def check(user: User, kind: Kind, now_ms: int) -> None:
    """Raises Suspended or Restricted."""
    row = of(user, kind, now_ms)
    if row is not None:
        raise _REFUSALS[kind](row)


def check_uid(uid: bytes, now_ms: int) -> None:
    """The same for what knows no more of a session than its token. Raises Suspended."""
    user = User.objects.filter(uid=uid).first()
    if user is not None:
        check(user, Kind.ALL, now_ms)


def suspended(user_column: str, now_ms: int) -> Exists:
    """A condition of queries: the user in this column is suspended."""
    mine = Suspension.objects.filter(user=OuterRef(user_column), kind=Kind.ALL)
    return Exists(mine.filter(until__gt=now_ms))


def announce(user: User, now_ms: int) -> None:
    """What holds now, once it is committed: sessions end or may come again, pages ask again."""
    row = of(user, Kind.ALL, now_ms)
    told: dict[str, Any] = {"uid": user.uid, "until": row.until if row else None}
    hooks.after_commit(account_suspended, **told)
    on_commit(lambda: hooks.account_changed(user.uid), robust=True)
