"""What staff do to many at once: a list gives the chosen, a page says how many they are and asks.

All of it is one transaction, with an entry of the audit log for each: where one of them was changed
meanwhile, nothing is done to any, and the page says so.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from accounts.suspending import Reason
from moderation import audit
from moderation.answers import number, page
from moderation.deciding import DAYS_MAX, Changed, Unfit
from moderation.listing import PAGE, Cell
from moderation.site import Page, site

MANY_MAX = PAGE  # at once: what one page of a list shows
FASTER = (
    "Nothing was done to any of them: one was changed since you looked, or is not there any more."
)


@dataclass(frozen=True, slots=True)
class Typed:
    """What the page asked for beside a yes. Raises Unfit where it is read and does not fit."""

    request: HttpRequest

    @property
    def reason(self) -> Reason:
        try:
            return Reason(number(self.request, "reason"))
        except ValueError:
            raise Unfit("The people are told a reason: choose one.") from None

    @property
    def days(self) -> int:
        return number(self.request, "days")


@dataclass(frozen=True, slots=True)
class Act:
    """`ask` and `done` take a number of things in words; `means`: what it does, and whether it can
    be undone. `find`: the row that a value of the list means, raising Changed; `call`: how a row is
    called, and its page. `back`: the list."""

    name: str
    permission: str
    label: str
    ask: str
    done: str
    things: tuple[str, str]
    means: str
    back: str
    find: Callable[[str], Any]
    call: Callable[[Any], Cell]
    do: Callable[[Any, Typed, str, int], object]
    fields: Sequence[str] = ()

    def address(self) -> str:
        return reverse(f"admin:{self.name}")

    def how_many(self, n: int) -> str:
        return f"{n} {self.things[n != 1]}"


def offered(request: HttpRequest, acts: Sequence[Act]) -> list[tuple[str, str]]:
    """Those that this member of staff may do, as a list shows them."""
    return [
        (act.address(), act.label) for act in acts if request.user.has_perm(act.permission)
    ]  # fmt: skip


def add(section: str, now_ms: Callable[[], int], *acts: Act) -> None:
    site.add(
        section,
        *(Page(f"many/{act.name}/", act.name, _view(act, now_ms), act.permission) for act in acts),
    )


def _view(act: Act, now_ms: Callable[[], int]) -> Callable[..., HttpResponse]:
    @require_POST
    @never_cache
    def view(request: HttpRequest) -> HttpResponse:
        values = _chosen(request)
        if not 1 <= len(values) <= MANY_MAX:
            return _not_done(request, act, f"Choose 1 to {MANY_MAX} of the list first.")
        try:
            if not request.POST.get("sure"):
                return _asked(request, act, values)
            with audit.turn():
                for row in _held([act.find(value) for value in values]):
                    act.do(row, Typed(request), request.user.get_username(), now_ms())
        except Changed:
            return _not_done(request, act, FASTER, HTTPStatus.CONFLICT)
        except Unfit as error:
            return _not_done(request, act, f"Nothing was done. {error}")
        messages.success(request, f"{act.how_many(len(values))} {act.done}.")
        return HttpResponseRedirect(reverse(f"admin:{act.back}"))

    return view


def _held(rows: Sequence[Any]) -> Sequence[Any]:
    """Locked in one order before the first of them is changed."""
    everyone = type(rows[0])._default_manager.select_for_update(no_key=True).order_by("pk")
    list(everyone.filter(pk__in=[row.pk for row in rows]).values_list("pk"))
    return rows


def _chosen(request: HttpRequest) -> list[str]:
    """In the order of the list, each once; more than MANY_MAX are not looked at."""
    name = "shown" if request.POST.get("all") else "chosen"
    return list(dict.fromkeys(request.POST.getlist(name)[: MANY_MAX + 1]))


def _asked(request: HttpRequest, act: Act, values: Sequence[str]) -> HttpResponse:
    rows = [act.find(value) for value in values]
    return page(
        request, "admin/many.html", f"{act.ask} {act.how_many(len(rows))}?", act=act,
        how_many=act.how_many(len(rows)), values=values, called=[act.call(row) for row in rows],
        reasons=[(one.value, one.label) for one in Reason], days_max=DAYS_MAX,
        back=reverse(f"admin:{act.back}"),
    )  # fmt: skip


def _not_done(
    request: HttpRequest, act: Act, why: str, status: int = HTTPStatus.BAD_REQUEST
) -> HttpResponse:
    back = reverse(f"admin:{act.back}")
    return page(
        request, "admin/not_done.html", "Not done", status, why=why, back=back
    )  # fmt: skip
