"""People, many at once: suspend them, sign them out, let new accounts in or turn them down; and the
list of new accounts that wait."""

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from accounts import sessions, suspending
from accounts.models import User
from accounts.suspending import FOREVER
from chatsite.running.clock import now_ms
from e2ee.encoding import id_from_hex
from e2ee.errors import M1Error
from moderation import approving, audit, deciding, figures, many
from moderation.deciding import Changed, Verdict
from moderation.listing import Cell, Section, View, moment, paged, searched
from moderation.many import Act, Typed
from moderation.models import Measure
from moderation.site import Page, site

PEOPLE = ("person", "people")
NOTE = (
    "Where REGISTRATION is approval, new accounts can ask nobody until they are approved. Who is "
    "turned down is suspended for good, is told why, and can appeal."
)


def waiting(request: HttpRequest) -> HttpResponse:
    """Who has waited longest comes first."""
    wanted = searched(request)
    found = figures.unapproved(now_ms()).filter(username__icontains=wanted)
    some, after = paged(request, found, "pk")
    shown = [(called(one), one.display_name, moment(one.joined)) for one in some]
    section = Section(
        ("Name", "Shown as", "Joined (UTC)"), shown, empty="Nobody waits.", picks=picks(some),
        acts=many.offered(request, (APPROVE, DECLINE)),
    )  # fmt: skip
    view = View(
        "New accounts", [section], note=NOTE, after=after, search=wanted, search_label="Name"
    )
    return view.page(request)


def picks(people: Sequence[User]) -> list[tuple[str, str]]:
    return [(one.uid.hex(), one.username) for one in people]


def called(user: User) -> Cell:
    return Cell(user.username, reverse("admin:person", args=[user.uid.hex()]))


def _person(value: str) -> User:
    try:
        user = User.objects.filter(uid=id_from_hex(value), head_k__gt=0).first()
    except M1Error:
        raise Changed from None
    if user is None:
        raise Changed
    return user


def _suspend(user: User, typed: Typed, by: str, now: int) -> None:
    verdict = Verdict(Measure.SUSPEND, typed.reason, typed.days)
    deciding.command(user, verdict, verdict.until(now), by, now)


def _sign_out(user: User, _typed: Typed, by: str, _now: int) -> None:
    ended = sessions.end_all(user)
    audit.write(by, "signed_out", f"person {user.uid.hex()}", {"sessions": ended})


def _approve(user: User, _typed: Typed, by: str, now: int) -> None:
    _require_waiting(user, now)
    approving.approve(user, by)


def _decline(user: User, typed: Typed, by: str, now: int) -> None:
    _require_waiting(user, now)
    deciding.command(user, Verdict(Measure.BAN, typed.reason), FOREVER, by, now)


def _require_waiting(user: User, now: int) -> None:
    """Of two who turn them down at once the second waits here, and hears that they were late."""
    row = User.objects.select_for_update(no_key=True).get(pk=user.pk)
    gone = row.approved or not row.is_active  # it may be deleted by now
    if gone or suspending.of(row, suspending.Kind.ALL, now):
        raise Changed


_OF_PEOPLE: dict[str, Any] = {"things": PEOPLE, "find": _person, "call": called}
SUSPEND = Act(
    "many_suspend", "moderation.add_decision", "Suspend", "Suspend", "suspended",
    back="people", do=_suspend, fields=("reason", "days"), **_OF_PEOPLE,
    means="They are out everywhere at once, are told the reason, and can appeal. Each can be "
    "undone under Decisions and appeals.",
)  # fmt: skip
SIGN_OUT = Act(
    "many_sign_out", "moderation.end_sessions", "Sign out everywhere", "Sign out",
    "signed out everywhere", back="people", do=_sign_out, **_OF_PEOPLE,
    means="Each of their browsers asks for the password again; nothing else of an account changes. "
    "It is not taken back.",
)  # fmt: skip
APPROVE = Act(
    "many_approve", "moderation.approve_people", "Approve", "Approve", "approved",
    back="waiting", do=_approve, **_OF_PEOPLE,
    means="They can ask others and are found from now on. It is not taken back.",
)  # fmt: skip
DECLINE = Act(
    "many_decline", "moderation.approve_people", "Turn down", "Turn down", "turned down",
    back="waiting", do=_decline, fields=("reason",), **_OF_PEOPLE,
    means="They are suspended for good, are told the reason, and can appeal. Each can be undone "
    "under Decisions and appeals; then they wait again.",
)  # fmt: skip

site.add(
    "People",
    Page("waiting/", "waiting", waiting, "moderation.approve_people", "New accounts that wait"),
)
many.add("People", now_ms, SUSPEND, SIGN_OUT, APPROVE, DECLINE)
