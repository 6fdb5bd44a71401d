"""Staff's pages of reports: the queue, and one report opened. Each look at one is written down
before anything is opened; what it says is in the answer alone, which nobody may keep."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from asgiref.sync import async_to_sync
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.models import User
from chatsite.running.clock import now_ms
from e2ee.judging import Failure, Judged
from moderation import answers, audit, contents, decisionpages, many, manyreports, reports
from moderation.listing import Cell, Section, View, instant, moment, paged, searched
from moderation.models import Report
from moderation.site import Page, site

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
    "erased": "What this report said was erased, long after it was decided.",
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
    """Those that wait come first, the newest of them before; a search names whom they are about."""
    wanted = searched(request)
    found = Report.objects.defer("sealed")
    if wanted:
        named = User.objects.filter(username__icontains=wanted)
        found = found.filter(peer__in=named.values("uid"))
    rows, after = paged(request, found, "state", "-made", "-pk")
    names = _names(row.peer for row in rows)
    shown = [
        (
            Cell(names.get(row.peer, "?"), reverse("admin:report", args=[row.report.hex()])),
            REASONS.get(row.reason, "?"), len(row.chosen), moment(row.made),
            row.get_state_display(),
        )
        for row in rows
    ]  # fmt: skip
    note = "Each look at one is written into the audit log."
    section = Section(
        HEAD, shown, empty="There are no reports.", picks=manyreports.report_picks(rows, names),
        acts=many.offered(request, [manyreports.CLOSE]),
    )  # fmt: skip
    view = View(
        "Reports", [section], note=note, after=after, search=wanted, search_label="About (name)",
    )  # fmt: skip
    return view.page(request)


@require_safe
@never_cache
def show(request: HttpRequest, report: str) -> HttpResponse:
    row = decisionpages.row_of(report)
    audit.write(request.user.get_username(), "report_opened", report, {})
    names = _names([row.reporter, row.peer])
    words: dict[str, Any] = {
        "id": report, "about": names.get(row.peer, "?"), "by": names.get(row.reporter, "?"),
        "made": instant(row.made), "reason": REASONS.get(row.reason, "?"),
        **decisionpages.of_report(row),
    }  # fmt: skip
    try:
        opened = async_to_sync(reports.open_sealed)(row, now_ms())
    except reports.Unreadable as error:
        words["unreadable"] = UNREADABLE[str(error)]
    else:
        words["note"] = opened.note
        words["verified"] = verified(opened.items, names)
        words["unverified"] = [_line(one, names) for one in opened.items if one.failure]
    return answers.page(request, "admin/report.html", f"Report about {words['about']}", **words)


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


def _names(uids: Any) -> dict[bytes, str]:
    rows = User.objects.filter(uid__in=list(uids)).values_list("uid", "username")
    return {bytes(uid): name for uid, name in rows}


site.add(
    "Reports",
    Page("reports/", "reports", queue, "moderation.view_report", "Reports"),
    Page("reports/<str:report>/", "report", show, "moderation.view_report"),
)
