"""Tables of the admin's own pages: lists, what one row shows, and where the next page begins."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from moderation.site import site

PAGE = 50  # rows
SEARCH_MAX = 100  # characters
UNITS = ("B", "KiB", "MiB", "GiB", "TiB")


class Cell(NamedTuple):
    """`code`: numbers and bytes, in letters of one width."""

    text: str
    href: str = ""
    code: bool = False


Value = Cell | str | int


@dataclass(frozen=True, slots=True)
class Section:
    """A table of a page. `empty`: what stands there where it has no row."""

    head: Sequence[str]
    rows: Sequence[Sequence[Value]]
    title: str = ""
    empty: str = "Nothing here."

    def cells(self) -> list[list[tuple[str, Cell]]]:
        """Each with the head of its column, which phones show beside it."""
        return [
            [(name, _cell(value)) for name, value in zip(self.head, row, strict=True)]
            for row in self.rows
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
    links: Sequence[Cell] = field(default_factory=tuple)

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
