"""Staff's pages of reports: the queue, and one report opened. Each look at one is written down
before anything is opened; what it says is in the answer alone, which nobody may keep."""

from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any

from asgiref.sync import async_to_sync
from django.db.models import F
from django.db.transaction import atomic
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.models import User
from chatsite.running.clock import now_ms
from e2ee.encoding import id_from_hex
from e2ee.errors import M1Error
from e2ee.judging import Failure, Judged
from moderation import audit, contents, reports
from moderation.listing import Cell, Section, View, instant, moment
from moderation.models import Report, State
from moderation.site import Page, site

QUEUE_MAX = 200  # reports of one look
HEAD = ("About", "Reason", "Messages", "Sent (UTC)", "State")

REASONS = {
    1: "Threats or violence",
    2: "Harassment",
    3: "Hatred",
    4: "Sexual content nobody asked for",
    5: "A child is in danger",
    6: "Somebody may harm themselves",
    7: "Spam or fraud",
    8: "Something else",
}
FAILURES = {
    Failure.HEADER: "it is no message of this site",
    Failure.CONVERSATION: "it is from another conversation",
    Failure.SENDER: "it is by somebody else than it should be",
    Failure.COMMITMENT: "the words are not what was sent",
    Failure.KEY: "this site does not have the key that would prove it",
    Failure.TAG: "this server never took such a message",
    Failure.ROW: "another message stands at its place",
    Failure.WITHHELD: "the one it was sent to never got it, for they had blocked its sender",
    Failure.AGE: "it is too old to verify",
    Failure.CHOSEN: "the report was sent for other messages",
    Failure.ORDER: "it is out of its order",
    Failure.DUPLICATE: "it is in this report twice, or its reporter has reported it before",
}
UNREADABLE = {
    "erased": "What this report said was erased, long after it was closed.",
    "key": "This site does not have the key that opens this report any more.",
    "form": "This report does not open: it was sealed to a lost key, or not as it should be.",
}


@dataclass(frozen=True, slots=True)
class Line:
    """A message on the page. `left_out`: so many between it and the one before."""

    who: str
    time: datetime
    said: contents.Said
    chosen: bool
    left_out: int = 0
    why: str = ""


@require_safe
@never_cache
def queue(request: HttpRequest) -> HttpResponse:
    """Those that wait come first, the newest of them before."""
    rows = list(Report.objects.defer("sealed").order_by("state", "-made")[:QUEUE_MAX])
    names = _names(row.peer for row in rows)
    shown = [
        (
            Cell(names.get(row.peer, "?"), reverse("admin:report", args=[row.report.hex()])),
            REASONS.get(row.reason, "?"), len(row.chosen), moment(row.made),
            row.get_state_display(),
        )
        for row in rows
    ]  # fmt: skip
    note = f"At most {QUEUE_MAX}. Each look at one is written into the audit log."
    section = Section(HEAD, shown, empty="There are no reports.")
    return View("Reports", [section], note=note).page(request)


@require_safe
@never_cache
def show(request: HttpRequest, report: str) -> HttpResponse:
    row = _row(report)
    audit.write(_who(request), "report_opened", report, {})
    names = _names([row.reporter, row.peer])
    words: dict[str, Any] = {
        "id": report, "about": names.get(row.peer, "?"), "by": names.get(row.reporter, "?"),
        "made": instant(row.made), "reason": REASONS.get(row.reason, "?"), "version": row.version,
        "open": row.state == State.NEW,
    }  # fmt: skip
    try:
        opened = async_to_sync(reports.open_sealed)(row, now_ms())
    except reports.Unreadable as error:
        words["unreadable"] = UNREADABLE[str(error)]
    else:
        words["note"] = opened.note
        words["verified"] = verified(opened.items, names)
        words["unverified"] = [_line(one, names) for one in opened.items if one.failure]
    return _page(request, "admin/report.html", f"Report about {words['about']}", **words)


@require_POST
@never_cache
def close(request: HttpRequest, report: str) -> HttpResponse:
    """Where somebody closed it meanwhile, that stands."""
    row, now = _row(report), now_ms()
    seen = request.POST.get("version", "")
    with atomic():
        moved = seen == str(row.version) and Report.objects.filter(
            pk=row.pk, version=row.version, state=State.NEW
        ).update(state=State.CLOSED, closed=now, version=F("version") + 1)
        if moved:
            audit.write(_who(request), "report_closed", report, {})
    if not moved:
        return _page(
            request, "admin/report_changed.html", "Somebody was faster", HTTPStatus.CONFLICT,
            id=report,
        )  # fmt: skip
    return HttpResponseRedirect(reverse("admin:reports"))


def verified(items: list[Judged], names: dict[bytes, str]) -> list[Line]:
    """In their order, with the gaps between them."""
    lines, before = [], 0
    for one in (one for one in items if one.failure is None):
        left_out = one.item.seq - before - 1 if before else 0
        lines.append(_line(one, names, left_out))
        before = one.item.seq
    return lines


def _line(one: Judged, names: dict[bytes, str], left_out: int = 0) -> Line:
    who = names.get(one.header.sender, "somebody else") if one.header else "?"
    return Line(
        who, instant(one.item.server_ms), contents.read(one.item.body), one.item.chosen, left_out,
        FAILURES[one.failure] if one.failure else "",
    )  # fmt: skip


def _row(report: str) -> Report:
    try:
        row = Report.objects.filter(report=id_from_hex(report)).first()
    except M1Error:
        row = None
    if row is None:
        raise Http404
    return row


def _names(uids: Any) -> dict[bytes, str]:
    rows = User.objects.filter(uid__in=list(uids)).values_list("uid", "username")
    return {bytes(uid): name for uid, name in rows}


def _who(request: HttpRequest) -> str:
    return request.user.get_username()


def _page(
    request: HttpRequest, template: str, title: str, status: int = HTTPStatus.OK, **words: Any
) -> TemplateResponse:
    context = {**site.each_context(request), "title": title, **words}
    return TemplateResponse(request, template, context, status=status)


site.add(
    "Reports",
    Page("reports/", "reports", queue, "moderation.view_report", "Reports"),
    Page("reports/<str:report>/", "report", show, "moderation.view_report"),
    Page("reports/<str:report>/close/", "report_close", close, "moderation.change_report"),
)
