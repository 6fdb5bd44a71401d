"""The audit log as auditors read it."""

from django.http import HttpRequest, HttpResponse

from moderation.listing import PAGE, Cell, Section, View, moment, searched
from moderation.models import Audit
from moderation.site import Page, site

HEAD = ("Entry", "Time", "Actor", "Action", "Object", "Details")


def entries(request: HttpRequest) -> HttpResponse:
    """Newest first; a search names an actor."""
    wanted, before = searched(request), request.GET.get("after", "")
    found = Audit.objects.order_by("-n")
    if wanted:
        found = found.filter(actor=wanted)
    if before.isascii() and before.isdecimal() and len(before) < 19:
        found = found.filter(n__lt=int(before))
    some = list(found[: PAGE + 1])
    shown = [
        (one.n, moment(one.ms), one.actor, one.action, one.object, Cell(one.details, code=True))
        for one in some[:PAGE]
    ]
    more = str(some[PAGE - 1].n) if len(some) > PAGE else ""
    note = "manage.py verify_audit says whether it is as it was written."
    view = View(
        "Audit log", [Section(HEAD, shown)], note=note, after=more, search=wanted,
        search_label="Actor",
    )  # fmt: skip
    return view.page(request)


site.add("Audit", Page("audit/", "audit", entries, "moderation.view_audit", "Audit log"))
