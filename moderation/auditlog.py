"""The audit log as auditors read it."""

from django.http import HttpRequest, HttpResponse

from moderation.listing import Cell, Section, View, moment, paged, searched
from moderation.models import Audit
from moderation.site import Page, site

HEAD = ("Entry", "Time", "Actor", "Action", "Object", "Details")


def entries(request: HttpRequest) -> HttpResponse:
    """Newest first; a search names an actor."""
    wanted = searched(request)
    found = Audit.objects.filter(actor=wanted) if wanted else Audit.objects.all()
    some, after = paged(request, found, "-n")
    shown = [
        (one.n, moment(one.ms), one.actor, one.action, one.object, Cell(one.details, code=True))
        for one in some
    ]
    note = "manage.py verify_audit says whether it is as it was written."
    view = View(
        "Audit log", [Section(HEAD, shown)], note=note, after=after, search=wanted,
        search_label="Actor",
    )  # fmt: skip
    return view.page(request)


site.add("Audit", Page("audit/", "audit", entries, "moderation.view_audit", "Audit log"))
