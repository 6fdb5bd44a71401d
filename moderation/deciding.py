"""Use cases of decisions: take a report, note, decide, hear an appeal, undo (docs/adr/0057).

Each is one transaction with its entry in the audit log, and a compare-and-set on the version that
was looked at: of two at once the second hears `Changed`, and sees what the first decided. Nothing
is thrown away: what was undone stays in the history of the person.
"""

import secrets
from dataclasses import dataclass
from typing import Any

from django.db.models import F, Model, QuerySet
from django.db.transaction import on_commit

from accounts import hooks, suspending
from accounts.models import User
from accounts.suspending import FOREVER, Kind, Reason
from chatsite.edge.limits import DAY
from chatsite.running import metrics
from moderation import audit
from moderation.models import (
    WAITING,
    Appeal,
    Decision,
    Measure,
    Note,
    Report,
    State,
)

DAY_MS = DAY * 1000
DAYS_MAX = 365  # of a suspension that ends
KINDS = {
    Measure.RESTRICT: Kind.REQUESTS,
    Measure.SUSPEND: Kind.ALL,
    Measure.BAN: Kind.ALL,
}


class Changed(Exception):
    """Somebody was faster: what they did stands."""


class Unfit(Exception):
    """The text says what is wrong with what was typed."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """`days`: of a measure that ends by itself."""

    measure: Measure
    reason: Reason | None = None
    days: int = 0

    def until(self, now_ms: int) -> int | None:
        """Raises Unfit."""
        if self.measure is not Measure.DISMISS and self.reason is None:
            raise Unfit("The person is told a reason: choose one.")
        if self.measure is Measure.BAN:
            return FOREVER
        if self.measure not in KINDS:
            return None
        if not 1 <= self.days <= DAYS_MAX:
            raise Unfit(f"A measure for a time takes 1 to {DAYS_MAX} days.")
        return now_ms + self.days * DAY_MS


def take(report: Report, version: int, staff: User) -> None:
    """Say who looks at it. Raises Changed."""
    with audit.turn():
        waiting = Report.objects.filter(pk=report.pk, state__in=WAITING)
        _swap(waiting, version, assigned=staff, state=State.OPEN)
        audit.write(staff.username, "report_taken", report.report.hex(), {})


def note(report: Report, text: str, by: str, now_ms: int) -> None:
    """For staff alone. It takes nothing from anybody, so the version stays. Raises Unfit."""
    text = text.replace("\r\n", "\n").strip()  # a form sends two for the one that it counts
    longest: int = Note._meta.get_field("text").max_length  # type: ignore[assignment]
    if not 0 < len(text) <= longest or "\0" in text:
        raise Unfit(f"A note has 1 to {longest} characters.")
    with audit.turn():
        Note.objects.create(report=report, by=by, made=now_ms, text=text)
        audit.write(by, "report_noted", report.report.hex(), {"characters": len(text)})


def decide(report: Report, version: int, verdict: Verdict, by: str, now_ms: int) -> Decision:
    """Raises Changed, Unfit."""
    user = User.objects.get(uid=report.peer)
    until = verdict.until(now_ms)
    with audit.turn():
        waiting = Report.objects.filter(pk=report.pk, state__in=WAITING)
        _swap(waiting, version, state=State.DECIDED, closed=now_ms, told=None)
        decision = _put(user, verdict, until, by, now_ms, report)
        reporter = report.reporter
        on_commit(lambda: hooks.account_changed(reporter), robust=True)
    return decision


def command(user: User, verdict: Verdict, until: int | None, by: str, now_ms: int) -> Decision:
    """A decision without a report; `until` may be any time."""
    with audit.turn():
        return _put(user, verdict, until, by, now_ms, None)


def undo(decision: Decision, version: int, by: str, now_ms: int) -> None:
    """As if it had not been, but for the history; its report waits again. Raises Changed."""
    with audit.turn():
        standing = Decision.objects.filter(pk=decision.pk, undone=None)
        _swap(standing, version, undone=now_ms, undone_by=by, told=None)
        suspending.lift(decision.decision, now_ms)
        _state(decision, State.OPEN)
        audit.write(by, "decision_undone", decision.decision.hex(), _about(decision))
        _tell(decision)
        on_commit(metrics.UNDONE.add)


def keep(decision: Decision, version: int, by: str, now_ms: int) -> None:
    """The appeal was looked at, and changes nothing. Raises Changed."""
    with audit.turn():
        standing = Decision.objects.filter(
            pk=decision.pk, undone=None, appeal__kept=None, appeal__isnull=False
        )
        _swap(standing, version, told=None)
        Appeal.objects.filter(pk=decision.pk).update(kept=now_ms, kept_by=by)
        _state(decision, State.DECIDED)
        audit.write(by, "decision_kept", decision.decision.hex(), _about(decision))
        _tell(decision)


def _put(
    user: User, verdict: Verdict, until: int | None, by: str, now_ms: int, report: Report | None
) -> Decision:
    decision = Decision.objects.create(
        decision=secrets.token_bytes(16), user=user, report=report, measure=verdict.measure,
        reason=verdict.reason, made=now_ms, by=by, until=until,
    )  # fmt: skip
    kind = KINDS.get(verdict.measure)
    if kind is not None and until is not None and verdict.reason is not None:
        suspending.suspend(
            user, kind, until=until, reason=verdict.reason, decision=decision.decision,
            now_ms=now_ms,
        )  # fmt: skip
    audit.write(by, "decided", decision.decision.hex(), _about(decision))
    _tell(decision)
    measure = Measure(verdict.measure).name.lower()
    on_commit(lambda: metrics.DECISIONS.add(measure))
    return decision


def _tell(decision: Decision) -> None:
    """The person's pages ask for news. Who was reported in vain hears nothing at all."""
    if decision.measure != Measure.DISMISS:
        on_commit(lambda: hooks.account_changed(decision.user.uid), robust=True)


def _about(decision: Decision) -> dict[str, object]:
    return {
        "person": decision.user.uid.hex(),
        "report": decision.report.report.hex() if decision.report else None,
        "measure": Measure(decision.measure).name.lower(),
        "reason": None if decision.reason is None else Reason(decision.reason).name.lower(),
        "until": decision.until,
    }


def _state(decision: Decision, state: State) -> None:
    """Of its report, if it has one: a page of it from before is out of date."""
    of_it = Report.objects.filter(decisions=decision)
    if state in WAITING:
        of_it.update(closed=None)
    of_it.update(state=state, version=F("version") + 1)


def _swap(rows: QuerySet[Any, Model], version: int, **columns: Any) -> None:
    if not rows.filter(version=version).update(version=F("version") + 1, **columns):
        raise Changed
