"""Proof of work on sign-up, while an operator asks for it or very many sign up (ADR 64).

The challenge comes with the reserved name and names its uid. So it is used up with the reservation,
in the transaction that makes the account, and a replay finds none.
"""

import logging
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime

from django.conf import settings
from django.db import models

from accounts.fields import Ms
from accounts.models import NameReservation
from accounts.protocol import Work, WorkDone
from chatsite.edge import limits
from chatsite.edge.refusals import Refusal
from chatsite.running import metrics
from e2ee import work
from e2ee.errors import BadProof

HOLD_MS = 600_000  # since the last minute in which too many signed up
EVERYBODY = "site"  # whose sign-ups are counted together

logger = logging.getLogger(__name__)


class SignUpWork(models.Model):
    """No row: by rate, and not now."""

    class Mode(models.TextChoices):
        AUTO = "auto"  # by rate
        ON = "on"
        OFF = "off"

    ONE = 1  # key of the only row
    BITS = 15  # 16 puzzles of it: 524,288 hashes, two to five seconds of a telephone

    mode = models.CharField(max_length=4, choices=Mode, default=Mode.AUTO)
    bits = models.SmallIntegerField(default=BITS)
    until = Ms(default=0)  # by rate

    def __str__(self) -> str:
        return f"proof of work: {self.mode}"


@dataclass(frozen=True, slots=True)
class Demand:
    """`why`: an operator's `on` or `off`, or the rate. `until`: ms; 0 where it has no end."""

    asked: bool
    bits: int
    why: str
    until: int = 0


def demand(now_ms: int) -> Demand:
    """What a sign-up costs now."""
    row = SignUpWork.objects.first() or SignUpWork()
    if row.mode != SignUpWork.Mode.AUTO:
        return Demand(row.mode == SignUpWork.Mode.ON, row.bits, "operator")
    return Demand(row.until > now_ms, row.bits, "rate", row.until)


def offered(held: NameReservation, now_ms: int) -> Work | None:
    """The challenge for whom the name is kept, as long as it is kept."""
    wanted = demand(now_ms)
    if not wanted.asked:
        return None
    metrics.SIGN_UP_WORK.add("asked")
    _, key = settings.SECRETS["nonce"][0]
    raw = work.challenge(
        key, host=settings.SITE_HOST, subject=held.uid, bits=wanted.bits, expiry_ms=held.expires,
        random=secrets.token_bytes(16),
    )  # fmt: skip
    return Work(challenge=raw, bits=wanted.bits)


def check(done: WorkDone | None, now_ms: int) -> bytes | None:
    """The uid that this work is for, or None where none is asked. Counts the sign-up, and looks at
    nothing but the work. Raises Refusal 403 `work`, `work_foreign`, `work_expired`, `work_easy`."""
    _count(now_ms)
    wanted = demand(now_ms)
    if not wanted.asked:
        return None
    try:
        uid = _checked(done, wanted.bits, now_ms)
    except Refusal as refusal:
        metrics.SIGN_UP_WORK.add(refusal.code)
        raise
    metrics.SIGN_UP_WORK.add("done")
    return uid


def said(now: int) -> str:
    """How it is now, in a sentence for operators."""
    wanted = demand(now)
    asks = f"Signing up asks for a proof of work of {wanted.bits} bits"
    if wanted.why == "operator":
        return f"{asks}." if wanted.asked else "Signing up asks for no work, whatever the rate."
    above = f"more than {settings.SIGN_UP_WORK_ABOVE} tries in a minute"
    if not settings.SIGN_UP_WORK_ABOVE:
        return "Signing up asks for no work, since SIGN_UP_WORK_ABOVE is 0."
    if not wanted.asked:
        return f"Signing up asks for no work, unless there are {above}."
    until = datetime.fromtimestamp(wanted.until / 1000, UTC).strftime("%H:%M UTC")
    return f"{asks} until {until}: there were {above}."


def foreign() -> Refusal:
    return Refusal(403, "work_foreign", "That work was for another sign-up.")


def _checked(done: WorkDone | None, bits: int, now_ms: int) -> bytes:
    if done is None:
        raise Refusal(403, "work", "The site asks for a proof of work now. Start again.")
    keys = [key for _, key in settings.SECRETS["nonce"]]
    try:
        claimed = work.parse(keys, done.challenge, host=settings.SITE_HOST)
    except BadProof:
        raise foreign() from None
    if claimed.expiry_ms <= now_ms:
        raise Refusal(403, "work_expired", "That took too long. Start again.")
    if claimed.bits < bits or not work.is_solved(done.challenge, done.nonces, claimed.bits):
        raise Refusal(403, "work_easy", "That is less work than the site asks for now.")
    return claimed.subject


def _count(now_ms: int) -> None:
    """Tries count, and not accounts: who gives up in face of the work still attacks."""
    above = settings.SIGN_UP_WORK_ABOVE
    minute = limits.Limit("sign-ups", above, limits.MINUTE)
    if not above or not limits.exceeded(minute, EVERYBODY, now_ms):
        return
    row = SignUpWork.objects.first() or SignUpWork()
    if row.until - now_ms > HOLD_MS - limits.MINUTE * 1000:
        return  # said a moment ago: an attack does not write at each of its requests
    if row.until <= now_ms:
        logger.warning("more than %d sign-ups in a minute: they ask for work now", above)
    SignUpWork.objects.update_or_create(pk=SignUpWork.ONE, defaults={"until": now_ms + HOLD_MS})
