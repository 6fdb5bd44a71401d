"""Staff's pages of decisions: what they may do about a report, what was decided about whom, and
what people say against it. A page that is out of date changes nothing, and its reader hears so."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from django.db.models import Case, Q, When
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.models import User
from accounts.suspending import FOREVER, Reason
from chatsite.running.clock import now_ms
from e2ee.encoding import id_from_hex
from e2ee.errors import M1Error
from moderation import audit, deciding, many, manyreports
from moderation.answers import number, page
from moderation.deciding import DAYS_MAX, Changed, Unfit, Verdict
from moderation.listing import Cell, Section, View, instant, moment, paged, searched
from moderation.models import WAITING, Decision, Measure, Report
from moderation.site import Page, site

HISTORY_MAX = 20  # decisions about one person
HEAD = ("About", "What", "Decided (UTC)", "By", "State")


@require_POST
@never_cache
def take(request: HttpRequest, report: str) -> HttpResponse:
    row = row_of(report)
    return _report_changed(request, row, lambda v: deciding.take(row, v, _staff(request)))


@require_POST
@never_cache
def note(request: HttpRequest, report: str) -> HttpResponse:
    row, text, by = row_of(report), request.POST.get("text", ""), _who(request)
    return _report_changed(request, row, lambda _: deciding.note(row, text, by, now_ms()))


@require_POST
@never_cache
def decide(request: HttpRequest, report: str) -> HttpResponse:
    row = row_of(report)

    def change(version: int) -> None:
        deciding.decide(row, version, _verdict(request), _who(request), now_ms())

    return _report_changed(request, row, change)


@require_safe
@never_cache
def decisions(request: HttpRequest) -> HttpResponse:
    """Appeals that wait come first, then the newest; a search names whom they are about."""
    wanted = searched(request)
    appealed = Q(undone=None, appeal__kept=None, appeal__isnull=False)
    found = Decision.objects.select_related("user", "appeal").annotate(
        rank=Case(When(appealed, then=0), default=1)
    )
    if wanted:
        found = found.filter(user__username__icontains=wanted)
    rows, after = paged(request, found, "rank", "-pk")
    section = Section(
        HEAD, [_line(row) for row in rows], empty="Nothing was decided yet.",
        picks=manyreports.decision_picks(rows), acts=many.offered(request, [manyreports.UNDO]),
    )  # fmt: skip
    view = View(
        "Decisions and appeals", [section], after=after, search=wanted, search_label="About (name)",
    )  # fmt: skip
    return view.page(request)


@require_safe
@never_cache
def show(request: HttpRequest, decision: str) -> HttpResponse:
    row = _decision(decision)
    audit.write(_who(request), "decision_seen", decision, {})
    appeal = getattr(row, "appeal", None)
    words: dict[str, Any] = {
        "row": row, "id": decision, "state": _state(row), "appeal": appeal,
        "measure": Measure(row.measure).label, "reason": _reason(row),
        "made": instant(row.made), "until": _until(row),
        "waits": appeal is not None and appeal.kept is None and row.undone is None,
    }  # fmt: skip
    return page(request, "admin/decision.html", f"Decision about {row.user.username}", **words)


@require_POST
@never_cache
def undo(request: HttpRequest, decision: str) -> HttpResponse:
    return _changed(request, decision, deciding.undo)


@require_POST
@never_cache
def keep(request: HttpRequest, decision: str) -> HttpResponse:
    return _changed(request, decision, deciding.keep)


def of_report(row: Report) -> dict[str, Any]:
    """What the page of a report says of what was done about it, and offers to do."""
    about = Decision.objects.filter(user__uid=row.peer).select_related("user", "appeal")
    earlier = Report.objects.filter(peer=row.peer).exclude(pk=row.pk)
    return {
        "version": row.version, "waits": row.state in WAITING, "state": row.get_state_display(),
        "assigned": row.assigned, "notes": [(one, instant(one.made)) for one in row.notes.all()],
        "history": [_line(one) for one in about.order_by("-pk")[:HISTORY_MAX]],
        "others": earlier.count(), "measures": Measure.choices, "days_max": DAYS_MAX,
        "reasons": [(one.value, one.label) for one in Reason],
    }  # fmt: skip


def history(user: User) -> Section:
    found = Decision.objects.filter(user=user).select_related("user", "appeal").order_by("-pk")
    shown = [_line(one) for one in found[:HISTORY_MAX]]
    rest = f"{reverse('admin:decisions')}?q={user.username}" if len(shown) == HISTORY_MAX else ""
    return Section(HEAD, shown, "Decisions", empty="Nothing was decided yet.", rest=rest)


def row_of(report: str) -> Report:
    row = Report.objects.filter(report=id_of(report)).select_related("assigned").first()
    if row is None:
        raise Http404
    return row


def _report_changed(
    request: HttpRequest, row: Report, change: Callable[[int], object]
) -> HttpResponse:
    return _done(request, change, reverse("admin:report", args=[row.report.hex()]))


def _changed(
    request: HttpRequest, decision: str, change: Callable[[Decision, int, str, int], None]
) -> HttpResponse:
    row = _decision(decision)
    back = reverse("admin:decision", args=[decision])
    return _done(request, lambda version: change(row, version, _who(request), now_ms()), back)


def _done(request: HttpRequest, change: Callable[[int], object], back: str) -> HttpResponse:
    try:
        change(number(request, "version"))
    except Changed:
        why = "Somebody changed this while you looked at it. What they did stands."
        return page(
            request, "admin/not_done.html", "Somebody was faster", HTTPStatus.CONFLICT, why=why,
            back=back,
        )  # fmt: skip
    except Unfit as error:
        return page(
            request, "admin/not_done.html", "Not done", HTTPStatus.BAD_REQUEST, why=str(error),
            back=back,
        )  # fmt: skip
    return HttpResponseRedirect(back)


def _verdict(request: HttpRequest) -> Verdict:
    try:
        measure = Measure(number(request, "measure"))
        reason = Reason(number(request, "reason")) if request.POST.get("reason") else None
    except ValueError:
        raise Unfit("Choose what to do, and a reason.") from None
    if measure is Measure.DISMISS:
        return Verdict(measure)
    return Verdict(measure, reason, number(request, "days"))


def _line(row: Decision) -> tuple[Cell | str, ...]:
    return (
        Cell(row.user.username, reverse("admin:decision", args=[row.decision.hex()])),
        _what(row), moment(row.made), row.by, _state(row),
    )  # fmt: skip


def _what(row: Decision) -> str:
    return ", ".join(filter(None, (Measure(row.measure).label, _reason(row), _until(row))))


def _reason(row: Decision) -> str:
    return str(Reason(row.reason).label) if row.reason else ""


def _until(row: Decision) -> str:
    return f"until {moment(row.until)}" if row.until and row.until != FOREVER else ""


def _state(row: Decision) -> str:
    appeal = getattr(row, "appeal", None)
    if row.undone:
        return f"undone by {row.undone_by}"
    if appeal is None:
        return "stands"
    return "stands after an appeal" if appeal.kept else "appealed: waits"


def _decision(decision: str) -> Decision:
    rows = Decision.objects.select_related("user", "appeal", "report")
    row = rows.filter(decision=id_of(decision)).first()
    if row is None:
        raise Http404
    return row


def id_of(text: str) -> bytes:
    try:
        return id_from_hex(text)
    except M1Error:
        raise Http404 from None


def _staff(request: HttpRequest) -> User:
    user: Any = request.user
    return User.objects.get(pk=user.pk)


def _who(request: HttpRequest) -> str:
    name: str = request.user.get_username()
    return name


site.add(
    "Reports",
    Page("reports/<str:report>/take/", "report_take", take, "moderation.change_report"),
    Page("reports/<str:report>/note/", "report_note", note, "moderation.change_report"),
    Page("reports/<str:report>/decide/", "report_decide", decide, "moderation.add_decision"),
    Page("decisions/", "decisions", decisions, "moderation.view_decision", "Decisions and appeals"),
    Page("decisions/<str:decision>/", "decision", show, "moderation.view_decision"),
    Page("decisions/<str:decision>/undo/", "decision_undo", undo, "moderation.change_decision"),
    Page("decisions/<str:decision>/keep/", "decision_keep", keep, "moderation.change_decision"),
)
