"""Reports and decisions, many at once: close reports, undo decisions. A value of a list has the
version that was looked at, so what somebody changed since is found out."""

from collections.abc import Sequence

from django.db.models import QuerySet
from django.urls import reverse

from accounts.models import User
from chatsite.running.clock import now_ms
from e2ee.encoding import id_from_hex
from e2ee.errors import M1Error
from moderation import deciding, many
from moderation.deciding import Changed, Verdict
from moderation.listing import NUMBER, Cell, M
from moderation.many import Act, Typed
from moderation.models import Decision, Measure, Report


def report_picks(rows: Sequence[Report], names: dict[bytes, str]) -> list[tuple[str, str]]:
    return [
        (f"{row.report.hex()}.{row.version}", f"the report about {names.get(row.peer, '?')}")
        for row in rows
    ]


def decision_picks(rows: Sequence[Decision]) -> list[tuple[str, str]]:
    return [
        (f"{row.decision.hex()}.{row.version}", f"the decision about {row.user.username}")
        for row in rows
    ]


def _parts(value: str) -> tuple[bytes, int]:
    ident, _, version = value.partition(".")
    try:
        raw = id_from_hex(ident)
    except M1Error:
        raise Changed from None
    if not NUMBER.fullmatch(version):
        raise Changed
    return raw, int(version)


def _report(value: str) -> Report:
    ident, version = _parts(value)
    return _only(Report.objects.defer("sealed").filter(report=ident, version=version))


def _decision(value: str) -> Decision:
    ident, version = _parts(value)
    rows = Decision.objects.select_related("user", "report")
    return _only(rows.filter(decision=ident, version=version))


def _only(found: QuerySet[M]) -> M:
    row = found.first()
    if row is None:
        raise Changed
    return row


def _dismiss(row: Report, _typed: Typed, by: str, now: int) -> None:
    deciding.decide(row, row.version, Verdict(Measure.DISMISS), by, now)


def _undo(row: Decision, _typed: Typed, by: str, now: int) -> None:
    deciding.undo(row, row.version, by, now)


def _call_report(row: Report) -> Cell:
    name = User.objects.filter(uid=row.peer).values_list("username", flat=True).first()
    about = f"About {name or row.peer.hex()}"
    return Cell(about, reverse("admin:report", args=[row.report.hex()]))


def _call_decision(row: Decision) -> Cell:
    what = f"{Measure(row.measure).label}: {row.user.username}"
    return Cell(what, reverse("admin:decision", args=[row.decision.hex()]))


CLOSE = Act(
    "many_close", "moderation.add_decision", "Dismiss", "Dismiss", "dismissed",
    ("report", "reports"), back="reports", find=_report, call=_call_report, do=_dismiss,
    means="They are decided without anything being done. Who reported hears that somebody looked. "
    "Each can be undone under Decisions and appeals; then it waits again.",
)  # fmt: skip
UNDO = Act(
    "many_undo", "moderation.change_decision", "Undo", "Undo", "undone",
    ("decision", "decisions"), back="decisions", find=_decision, call=_call_decision, do=_undo,
    means="It is as if they had not been decided, but for the history; their reports wait again.",
)  # fmt: skip

many.add("Reports", now_ms, CLOSE, UNDO)
