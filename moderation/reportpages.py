"""Staff's pages of reports: the queue, and one report opened. Each look at one is written down
before anything is opened; what it says is in the answer alone, which nobody may keep."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from asgiref.sync import async_to_sync
from django.forms import Media
from django.forms.widgets import Script
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_safe

from accounts.models import User
from chatsite.edge.refusals import Refusal, Unknown
from chatsite.running.clock import now_ms
from e2ee.encoding import to_base64
from e2ee.judging import Failure, Judged
from media import holding
from media.stores import number_of
from moderation import answers, audit, contents, decisionpages, files, many, manyreports, reports
from moderation.listing import Cell, Section, View, instant, moment, paged, searched
from moderation.models import Report
from moderation.site import Page, refused, site

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


SCRIPTS: Any = (Script("js/pages/evidence.js", type="module"),)
NOT_KEPT = "It was deleted before this report came, or long after it was decided."
NOT_HERE = "It is no picture that is shown here. Your role does not save files."


@dataclass(frozen=True, slots=True)
class Attached:
    """A file on the page. `parts`: where its sealed bytes come from; empty = it is not opened."""

    name: str
    mime: str = ""
    size: int = 0
    parts: str = ""
    fk: str = ""
    digest: str = ""
    log2: int = 0
    picture: bool = False
    save: bool = False
    why: str = ""  # it is not opened


@dataclass(frozen=True, slots=True)
class Line:
    """A message on the page. `left_out`: so many between it and the one before."""

    who: str
    time: datetime
    said: contents.Said
    chosen: bool
    left_out: int = 0
    why: str = ""
    files: tuple[Attached, ...] = ()


@dataclass(frozen=True, slots=True)
class Kept:
    """What a report has of files, and whether its reader may save them."""

    report: str
    held: Collection[tuple[bytes, bytes]]
    may_save: bool


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
        "scripts": Media(js=SCRIPTS), **decisionpages.of_report(row),
    }  # fmt: skip
    try:
        opened = async_to_sync(reports.open_sealed)(row, now_ms())
    except reports.Unreadable as error:
        words["unreadable"] = UNREADABLE[str(error)]
    else:
        words["note"] = opened.note
        may_save = request.user.has_perm(files.SAVE)
        kept = Kept(report, holding.held(row.report), may_save)
        words["verified"] = verified(opened.items, names, kept)
        words["unverified"] = [_line(one, names) for one in opened.items if one.failure]
    return answers.page(request, "admin/report.html", f"Report about {words['about']}", **words)


@require_GET
@never_cache
def blob(request: HttpRequest, report: str, blob: str, n: str) -> HttpResponse:
    """A part of a file, sealed. Part 0 has the salt without which no other opens, so who gets it
    looks at the file: it is written down then, and once for each look."""
    row, number = decisionpages.row_of(report), number_of(n)
    may_save = request.user.has_perm(files.SAVE)
    found = files.find(row, decisionpages.id_of(blob), now_ms(), may_save=may_save)
    if found is None or number is None:
        raise Http404
    try:
        body = async_to_sync(holding.part)(found, number)
    except Unknown:
        raise Http404 from None
    except Refusal as refusal:
        return refused(refusal)
    if number == 0:
        audit.write(request.user.get_username(), "file_opened", report, {"file": blob})
    return HttpResponse(body, "application/octet-stream")


def verified(items: list[Judged], names: dict[bytes, str], kept: Kept) -> list[Line]:
    """In their order, with the gaps between them."""
    lines, before = [], 0
    for one in (one for one in items if one.failure is None):
        left_out = one.item.seq - before - 1 if before else 0
        mid = one.header.mid if one.header else b""
        attached = [_attached(file, mid, kept) for file in contents.read(one.item.body).files]
        lines.append(replace(_line(one, names), left_out=left_out, files=tuple(attached)))
        before = one.item.seq
    return lines


def _line(one: Judged, names: dict[bytes, str]) -> Line:
    who = names.get(one.header.sender, "somebody else") if one.header else "?"
    said = contents.read(one.item.body)
    return Line(
        who, instant(one.item.server_ms), said, one.item.chosen,
        why=FAILURES[one.failure] if one.failure else "",
        files=tuple(Attached(file.name) for file in said.files),
    )  # fmt: skip


def _attached(file: contents.File, mid: bytes, kept: Kept) -> Attached:
    picture, key = files.is_picture(file), file.key
    shown = Attached(file.name, file.mime, file.size)
    if key is None or (mid, key.blob) not in kept.held:
        return replace(shown, why=NOT_KEPT)
    if not picture and not kept.may_save:
        return replace(shown, why=NOT_HERE)
    part = reverse("admin:report_blob", args=[kept.report, key.blob.hex(), "0"])
    return replace(
        shown, parts=part.removesuffix("0"), fk=to_base64(key.fk), digest=to_base64(key.digest),
        log2=key.log2, picture=picture, save=kept.may_save,
    )  # fmt: skip


def _names(uids: Any) -> dict[bytes, str]:
    rows = User.objects.filter(uid__in=list(uids)).values_list("uid", "username")
    return {bytes(uid): name for uid, name in rows}


site.add(
    "Reports",
    Page("reports/", "reports", queue, "moderation.view_report", "Reports"),
    Page("reports/<str:report>/", "report", show, "moderation.view_report"),
    Page("moderation/blob/<report>/<blob>/<n>", "report_blob", blob, "moderation.view_report"),
)
