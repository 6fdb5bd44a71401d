"""Which secrets can be rotated, and how long a key that was replaced is still known.

A key is kept for some days after it was replaced, since what it signed lives so long, and as long
as a row names it that cannot be sealed again. The days are counted from the day on which the file
changed, so they are whole days more than the lifetimes in the code.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from types import MappingProxyType

from django.conf import settings
from django.db.models import Q

from accounts.hashers import AuthHasher, CodeHasher
from accounts.models import Credentials, NameReservation, ResetToken
from chatsite import keyfile
from chatsite.make_secrets import MODERATION, MODERATION_ID
from chatsite.rotation import resealing
from e2ee.judging import AGE_MAX_MS
from moderation.models import Audit, Codes, Report, Totp

DAY_MS = 86_400_000
DAY_SECONDS = 86_400
MODERATION_DAYS = 90


@dataclass(frozen=True, slots=True)
class Purpose:
    """`made`: what it makes. `days`: how long a replaced key is kept at least. `needed`: how many
    rows need it beyond that. `until`: when no row does, for the operator. `reseal`: seals under the
    newest key what older ones sealed. `read_late`: its file is read whenever the key is needed, so
    that no process holds an older one."""

    made: str
    days: int
    until: str = ""
    needed: Callable[[keyfile.Line], int] = lambda _: 0
    reseal: resealing.Reseal | None = None
    read_late: bool = False


def is_past(purpose: Purpose, line: keyfile.Line, today: date) -> bool:
    """Whether nothing needs this key any more."""
    if line.replaced is None or (today - line.replaced).days <= purpose.days:
        return False
    return purpose.needed(line) == 0


def _verifiers(line: keyfile.Line) -> int:
    """They are made again when somebody signs in: nobody else has the value."""
    return Credentials.objects.filter(
        Q(verifier__startswith=f"{AuthHasher.algorithm}${line.kid}$")
        | Q(code_verifier__startswith=f"{CodeHasher.algorithm}${line.kid}$")
    ).count()


def _peppers(line: keyfile.Line) -> int:
    kinds = (Credentials, ResetToken, NameReservation)
    return sum(kind.objects.filter(pepper_kid=line.kid).count() for kind in kinds)


def _factors(line: keyfile.Line) -> int:
    return sum(kind.objects.filter(kid=line.kid).count() for kind in (Totp, Codes))


def _audited(line: keyfile.Line) -> int:
    return Audit.objects.filter(kid=line.kid).count()


def _sealed_reports(line: keyfile.Line) -> int:
    return Report.objects.filter(kid=line.kid, sealed__isnull=False).count()


def _judged_reports(line: keyfile.Line) -> int:
    """Reports are judged by the age that their messages had when they came. One that was decided is
    opened once more where somebody appeals."""
    assert line.replaced is not None
    begun = datetime(line.replaced.year, line.replaced.month, line.replaced.day, tzinfo=UTC)
    last = int(begun.timestamp() * 1000) + DAY_MS + AGE_MAX_MS
    return Report.objects.filter(sealed__isnull=False, made__lte=last).count()


ROTATED: Mapping[str, Purpose] = MappingProxyType({
    "django": Purpose(
        "signatures of sessions and forms", settings.SESSION_COOKIE_AGE // DAY_SECONDS
    ),
    "signin": Purpose(
        "what passwords and recovery codes are compared with", 1,
        "each account that it verifies has signed in since", _verifiers,
    ),
    "pepper": Purpose(
        "seals of peppers", 1, "all are sealed again, by --prune", _peppers, resealing.peppers
    ),
    "franking": Purpose(
        "tags by which a reported message is verified", AGE_MAX_MS // DAY_MS,
        "each report of that time is erased", _judged_reports,
    ),
    "nonce": Purpose("nonces and challenges, which live for minutes", 1),
    "live": Purpose("tokens of live connections, ten minutes", 1),
    "ticket": Purpose("tickets to upload, an hour", 1),
    "audit": Purpose(
        "MACs of the audit log", 1, "no entry has its MAC, which is never", _audited
    ),
    "totp": Purpose(
        "seals of staff's apps, MACs of their codes", 1,
        "apps are sealed again, by --prune, and staff have new codes", _factors, resealing.apps,
    ),
    MODERATION: Purpose(
        "seals of reports", MODERATION_DAYS, "each report that was sealed to it is erased",
        _sealed_reports, read_late=True,
    ),
})  # fmt: skip

FIXED: Mapping[str, str] = MappingProxyType(
    {
        "fake": "names that nobody has would get other salts than before, and be told from "
        "those that somebody has",
        MODERATION_ID: "browsers remember it; with another one each of them says that somebody "
        "else reads reports now",
    }
)
