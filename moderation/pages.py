"""What somebody hears whose account is suspended: why, until when, and what they can do. It needs a
session alone; what their browser keeps is left as it is."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts import sessions, suspending
from accounts.pages import HOME
from accounts.suspending import FOREVER, Kind, Reason
from chatsite.running.clock import now_ms
from moderation.listing import instant


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
    }
    return render(request, "accounts/suspended.html", context)


def _next(request: HttpRequest) -> str:
    wanted = request.GET.get("next", "")
    return wanted if url_has_allowed_host_and_scheme(wanted, allowed_hosts=None) else HOME
