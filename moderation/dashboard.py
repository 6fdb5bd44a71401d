"""The overview of the admin: what waits, and the last days of the site as plots, which the server
draws. A day that was not counted has no bar, and is said to have none."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from chatsite.running.clock import now_ms
from moderation import figures
from moderation.figures import DAY_MS, Name
from moderation.listing import size
from moderation.site import site

DAYS = 30
PLOTTED = [name for name in Name if name not in (Name.REFUSED, Name.REFUSED_WITHIN)]
BAR, WIDE, HIGH = 10, 7, 64  # of an SVG: from one bar to the next, a bar, the highest one
NONE = 1.5  # the height of a bar that says 0: a day that was counted
UNCOUNTED = "not counted"


@dataclass(frozen=True, slots=True)
class Bar:
    x: int
    y: float
    height: float
    says: str


@dataclass(frozen=True, slots=True)
class Plot:
    """`says`: the same in words, for who does not see it."""

    title: str
    newest: str
    most: str
    says: str
    bars: Sequence[Bar]


def overview(request: HttpRequest) -> dict[str, Any]:
    """Each role sees of it what its pages show."""
    now, may = now_ms(), request.user.has_perm
    words: dict[str, Any] = {"waiting": _waiting(now, may)}
    if may("moderation.view_figures"):
        today = figures.day_of(now)
        found = figures.days(PLOTTED, today, DAYS)
        dates = [date(today - DAYS + 1 + at) for at in range(DAYS)]
        words |= {
            "plots": [drawn(name, found[name], dates) for name in PLOTTED],
            "first": dates[0], "last": dates[-1], "days": DAYS, "wide": DAYS * BAR, "high": HIGH,
            "bar_wide": WIDE, "head": [name.label for name in PLOTTED], "rows": _rows(found, dates),
        }  # fmt: skip
    return words


def drawn(name: Name, values: Sequence[int | None], dates: Sequence[str]) -> Plot:
    counted = [n for n in values if n is not None]
    most = max(counted, default=0)
    bars = [
        _bar(at, n, most, f"{dates[at]}: {_in_words(name, n)}")
        for at, n in enumerate(values)
        if n is not None
    ]
    newest = _in_words(name, values[-1])
    says = f"{name.label}, a bar for each of {len(values)} days. "
    if counted:
        says += f"The least is {_in_words(name, min(counted))}, the most {_in_words(name, most)}. "
    missing = len(values) - len(counted)
    says += f"Today: {newest}." + (f" Days not counted: {missing}." if missing else "")
    return Plot(name.label, newest, _in_words(name, most), says, bars)


def date(day: int) -> str:
    return datetime.fromtimestamp(day * DAY_MS / 1000, UTC).strftime("%Y-%m-%d")


def _in_words(name: Name, n: int | None) -> str:
    if n is None:
        return UNCOUNTED
    return size(n) if name is Name.STORAGE else f"{n:,}"


def _bar(at: int, n: int, most: int, says: str) -> Bar:
    height = max(NONE, round(HIGH * n / most, 2)) if most else NONE
    return Bar(at * BAR, HIGH - height, height, says)


def _rows(found: dict[Name, list[int | None]], dates: Sequence[str]) -> list[Any]:
    """The newest day first."""
    heads = [name.label for name in PLOTTED]
    rows = []
    for at in reversed(range(DAYS)):
        values = [(name, found[name][at]) for name in PLOTTED]
        shown = [_in_words(name, n) for name, n in values]
        rows.append((dates[at], list(zip(heads, shown, strict=True))))
    return rows


def _waiting(now: int, may: Callable[[str], bool]) -> list[tuple[str, int, str]]:
    """What it is, how many, and where."""
    pages = (
        ("reports", "Reports", "moderation.view_report", "admin:reports"),
        ("appeals", "Appeals", "moderation.view_decision", "admin:decisions"),
        ("approvals", "New accounts", "moderation.approve_people", "admin:waiting"),
    )
    mine = [each for each in pages if may(each[2])]
    found = figures.waiting(now) if mine else {}
    return [(title, found[key], reverse(page)) for key, title, _right, page in mine]


site.overview = overview
