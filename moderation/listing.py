"""Tables of the admin's own pages: lists, what one row shows, and where the next page begins."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple, TypeVar
from urllib.parse import urlencode

from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from moderation.site import site

PAGE = 50  # rows
SEARCH_MAX = 100  # characters
NUMBER = re.compile(r"[0-9]{1,18}")  # as a column has it
UNITS = ("B", "KiB", "MiB", "GiB", "TiB")

M = TypeVar("M", bound=Model)


class Cell(NamedTuple):
    """`code`: numbers and bytes, in letters of one width."""

    text: str
    href: str = ""
    code: bool = False


Value = Cell | str | int


@dataclass(frozen=True, slots=True)
class Section:
    """A table of a page. `empty`: what stands there where it has no row. `picks`: by what each row
    is chosen for something that is done to many, and what it is called; `acts`: where that is done,
    and its name. `rest`: where all of it is, if this is a part."""

    head: Sequence[str]
    rows: Sequence[Sequence[Value]]
    title: str = ""
    empty: str = "Nothing here."
    picks: Sequence[tuple[str, str]] = ()
    acts: Sequence[tuple[str, str]] = ()
    rest: str = ""

    def lines(self) -> list[tuple[tuple[str, str] | None, list[tuple[str, Cell]]]]:
        """Each with the head of its column, which phones show beside it."""
        picks = self.picks if self.acts else [None] * len(self.rows)
        return [
            (pick, [(name, _cell(value)) for name, value in zip(self.head, row, strict=True)])
            for pick, row in zip(picks, self.rows, strict=True)
        ]


@dataclass(frozen=True, slots=True)
class View:
    """`facts`: name and value, above the tables. `after`: what the next page is asked by."""

    title: str
    sections: Sequence[Section] = ()
    facts: Sequence[tuple[str, Value]] = ()
    note: str = ""
    after: str = ""
    search: str | None = None
    search_label: str = "Search"
    back: tuple[str, str] | None = None

    def page(self, request: HttpRequest) -> HttpResponse:
        words = {"q": self.search, "after": self.after}
        more = urlencode({name: word for name, word in words.items() if word})
        context: dict[str, Any] = {
            **site.each_context(request),
            **{"title": self.title, "view": self, "more": more if self.after else ""},
            "facts": [(name, _cell(value)) for name, value in self.facts],
        }
        return render(request, "admin/listing.html", context)


def searched(request: HttpRequest) -> str:
    """What was typed, cut where nobody types so much. PostgreSQL takes no NUL in a text."""
    return request.GET.get("q", "").replace("\0", "")[:SEARCH_MAX].strip()


def paged(request: HttpRequest, found: QuerySet[M], *order: str) -> tuple[list[M], str]:
    """A page of these, and what the next one is asked by. `order`: columns of whole numbers which
    together tell any two rows apart; those with - run downward."""
    columns = [name.lstrip("-") for name in order]
    given = request.GET.get("after", "").split(".")
    if len(given) == len(order) and all(NUMBER.fullmatch(each) for each in given):
        found = found.filter(_beyond(order, [int(each) for each in given]))
    some = list(found.order_by(*order)[: PAGE + 1])
    if len(some) <= PAGE:
        return some, ""
    return some[:PAGE], ".".join(str(getattr(some[PAGE - 1], name)) for name in columns)


def _beyond(order: Sequence[str], last: Sequence[int]) -> Q:
    beyond, same = Q(), Q()
    for name, value in zip(order, last, strict=True):
        column, way = name.lstrip("-"), "lt" if name.startswith("-") else "gt"
        beyond |= same & Q(**{f"{column}__{way}": value})
        same &= Q(**{column: value})
    return beyond


def moment(ms: int | None) -> str:
    return instant(ms).strftime("%Y-%m-%d %H:%M:%S") if ms else "–"


def instant(ms: int) -> datetime:
    """A liar's number may be no time at all."""
    try:
        return datetime.fromtimestamp(ms / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return datetime.fromtimestamp(0, UTC)


def size(count: int) -> str:
    """Bytes as a person reads them."""
    amount, unit = float(count), 0
    while amount >= 1024 and unit < len(UNITS) - 1:
        amount, unit = amount / 1024, unit + 1
    return f"{amount:.1f} {UNITS[unit]}" if unit else f"{count} B"


def yes(value: object) -> str:
    return "yes" if value else "no"


def hexed(raw: bytes, href: str = "") -> Cell:
    return Cell(raw.hex(), href, code=True)


def _cell(value: Value) -> Cell:
    return value if isinstance(value, Cell) else Cell(str(value))
