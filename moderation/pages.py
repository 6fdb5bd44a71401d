"""What people hear of those who run the site: why their account is suspended, what else was decided
about them, and what became of their reports. It needs a session alone; what their browser keeps is
left as it is."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.functional import SimpleLazyObject
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts import boot, sessions, suspending
from accounts.pages import HOME, signed_in
from accounts.sessions import Caller
from accounts.suspending import FOREVER, Kind, Reason
from chatsite.running.clock import now_ms
from moderation import appeals
from moderation.listing import instant
from moderation.protocol import APPEAL_MAX


@require_safe
@never_cache
def suspended(request: HttpRequest) -> HttpResponse:
    """Who is not goes where they came from: so the page is asked again when it should be over."""
    now = now_ms()
    who = sessions.current(request, now)
    if who is None:
        return redirect(settings.LOGIN_URL)
    row = suspending.of(who.record.user, Kind.ALL, now)
    if row is None:
        return redirect(_next(request))
    context = {
        "reason": Reason(row.reason).label,
        "until": None if row.until == FOREVER else instant(row.until),
        "left": "" if row.until == FOREVER else row.until - now,
        "suspended": True,
        "known": who.record.device is not None,
        "person": who.record.user,
        **_heard(who, now),
    }
    return render(request, "accounts/suspended.html", context)


@require_safe
@never_cache
@signed_in
def decisions(request: HttpRequest, who: Caller) -> HttpResponse:
    now = now_ms()
    context = {
        "boot": boot.data(request, who), "section": "decisions",
        "outcomes": appeals.outcomes(who.record.user), **_heard(who, now, outcomes=True),
    }  # fmt: skip
    return render(request, "accounts/decisions.html", context)


def news(request: HttpRequest) -> dict[str, object]:
    """For every template: asked only where it is shown, and only for somebody who is signed in."""

    def unseen() -> bool:
        who = sessions.current(request, now_ms())
        return who is not None and appeals.news(who.record.user)

    return {"unseen_decisions": SimpleLazyObject(unseen)}


def _heard(who: Caller, now: int, *, outcomes: bool = False) -> dict[str, object]:
    """Their decisions. What the page shows counts as seen from now on."""
    told = appeals.decisions(who.record.user, now)
    appeals.seen(who.record.user, now, outcomes=outcomes)
    return {"decisions": told, "appeals": appeals.taken(), "appeal_max": APPEAL_MAX}


def _next(request: HttpRequest) -> str:
    """A path of this site: what has no slash, `redirect` would take for the name of a view."""
    wanted = request.GET.get("next", "")
    here = wanted.startswith("/") and url_has_allowed_host_and_scheme(wanted, allowed_hosts=None)
    return wanted if here else HOME
