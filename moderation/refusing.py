"""What the site refused, by kind and day, as its nodes count it for /metrics."""

from http import HTTPStatus

from django.http import HttpRequest, HttpResponse

from moderation import dashboard
from moderation.figures import Name
from moderation.listing import Section, View, paged, searched
from moderation.models import Figure
from moderation.site import Page, site

NOTE = (
    "What the door refused, before anything was made of it: by the status that was answered. "
    "no_place: a connection too many, which was closed. What was refused behind it: where "
    "(sign_up, sign_in, upload, part, report, live, admin, and api for all else), and the code of "
    "the answer."
)
BOTH = (Name.REFUSED, Name.REFUSED_WITHIN)


def refusals(request: HttpRequest) -> HttpResponse:
    """The newest day first."""
    wanted = searched(request)
    found = Figure.objects.filter(name__in=BOTH, of__icontains=wanted)
    some, after = paged(request, found, "-day", "-n", "-pk")
    shown = [(dashboard.date(one.day), one.of, _in_words(one.of), f"{one.n:,}") for one in some]
    head = ("Day (UTC)", "Kind", "In words", "Times")
    section = Section(head, shown, empty="Nothing was refused in the days that were counted.")
    view = View(
        "Refusals", [section], note=NOTE, after=after, search=wanted, search_label="Kind",
    )  # fmt: skip
    return view.page(request)


def _in_words(kind: str) -> str:
    try:
        return HTTPStatus(int(kind)).phrase
    except ValueError:
        return "–"


site.add("Site", Page("refusals/", "refusals", refusals, "moderation.view_figures", "Refusals"))
