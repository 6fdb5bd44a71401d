"""Use cases of people: what was decided about them, what became of their reports, an appeal."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db.models import F, QuerySet
from django.db.transaction import atomic, on_commit

from accounts.models import User
from accounts.suspending import FOREVER, Reason
from chatsite.edge.refusals import Refusal, unknown
from chatsite.running import metrics
from e2ee.encoding import to_base64
from moderation.listing import instant
from moderation.models import Appeal, Decision, Measure, Report, State

SHOWN_MAX = 50  # decisions and reports of one person, the newest


class NoAppeals(Refusal):
    status, code = 404, "no_appeals"
    message = "Nobody would read an appeal here."


class Appealed(Refusal):
    status, code = 409, "appealed"
    message = "There is an appeal against this decision already."


@dataclass(frozen=True, slots=True)
class Told:
    """A decision as its person sees it: never who decided, or which chat it was about."""

    id: str  # base64
    measure: str
    reason: str
    made: datetime
    until: datetime | None
    over: bool  # by time
    undone: datetime | None
    appealed: datetime | None
    kept: datetime | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the reporter hears, and no more."""

    about: str
    made: datetime
    looked_at: bool
    measures: bool


def taken() -> bool:
    """Whether anybody reads appeals."""
    return bool(settings.ADMIN_URL)


def send(user: User, ident: bytes, text: str, now_ms: int) -> None:
    """Once a decision; the same words again change nothing. Raises NoAppeals, Appealed, and Unknown
    for what is not there, not theirs, or was undone."""
    if not taken():
        raise NoAppeals
    text = text.replace("\0", "")  # PostgreSQL takes none
    with atomic():
        decision = (
            _about(user).select_for_update(no_key=True).filter(decision=ident, undone=None).first()
        )
        if decision is None:
            unknown()
        appeal, new = Appeal.objects.get_or_create(
            decision=decision, defaults={"text": text, "made": now_ms}
        )
        if not new and appeal.text != text:
            raise Appealed
        if new:
            Decision.objects.filter(pk=decision.pk).update(version=F("version") + 1)
            of_it = Report.objects.filter(decisions=decision)
            of_it.update(state=State.APPEALED, version=F("version") + 1)
            on_commit(metrics.APPEALS.add)


def decisions(user: User, now_ms: int) -> list[Told]:
    """The newest first."""
    rows = _about(user).select_related("appeal").order_by("-pk")
    return [_told(row, now_ms) for row in rows[:SHOWN_MAX]]


def outcomes(user: User) -> list[Outcome]:
    """Of the reports of this person, the newest first."""
    mine = Report.objects.filter(reporter=user.uid).defer("sealed").order_by("-pk")
    rows = list(mine[:SHOWN_MAX])
    names = dict(
        User.objects.filter(uid__in=[row.peer for row in rows]).values_list("uid", "username")
    )
    by_report = _measures(row.pk for row in rows)
    return [
        Outcome(
            names.get(row.peer, "?"), instant(row.made), row.closed is not None,
            row.pk in by_report,
        )
        for row in rows
    ]  # fmt: skip


def news(user: User) -> bool:
    """Whether something was decided that they have not seen."""
    return _about(user).filter(told=None).exists() or _unheard(user.uid).exists()


def seen(user: User, now_ms: int, *, outcomes: bool) -> None:
    """They look at what was decided about them, and at what became of their reports."""
    _about(user).filter(told=None).update(told=now_ms)
    if outcomes:
        _unheard(user.uid).update(told=now_ms)


def _unheard(uid: bytes) -> QuerySet[Report]:
    return Report.objects.filter(reporter=uid, told=None, closed__isnull=False)


def _about(user: User) -> QuerySet[Decision]:
    return Decision.objects.filter(user=user).exclude(measure=Measure.DISMISS)


def _measures(reports: Iterable[int]) -> set[int]:
    """Those after which something was done that stands."""
    found = Decision.objects.filter(report__in=list(reports), undone=None)
    return set(found.exclude(measure=Measure.DISMISS).values_list("report", flat=True))


def _told(row: Decision, now_ms: int) -> Told:
    appeal = getattr(row, "appeal", None)
    until = row.until if row.until != FOREVER and not row.undone else None
    return Told(
        id=to_base64(row.decision),
        measure=Measure(row.measure).name.lower(),
        reason=str(Reason(row.reason).label) if row.reason else "",
        made=instant(row.made),
        until=instant(until) if until else None,
        over=until is not None and until <= now_ms,
        undone=instant(row.undone) if row.undone else None,
        appealed=instant(appeal.made) if appeal else None,
        kept=instant(appeal.kept) if appeal and appeal.kept else None,
    )
