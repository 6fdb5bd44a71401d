"""The pages of accounts: what it is, signing up and in, settings, help.

They carry no secret and take no form: what people type goes through static/js/pages/ to the API.
"""

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus

from django.conf import settings
from django.contrib.staticfiles.storage import staticfiles_storage
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from accounts import boot, rates, sessions, vault
from accounts.protocol import DISPLAY_NAME_MAX, NAME_MAX, NAME_MIN
from accounts.sessions import Caller
from chatsite.edge import limits
from chatsite.edge.refusals import Refusal
from chatsite.running.clock import now_ms

HOME = "/chats"
SUSPENDED = "/suspended"
LIMITS = {"name_min": NAME_MIN, "name_max": NAME_MAX, "display_name_max": DISPLAY_NAME_MAX}
AVATAR_TINTS = 8  # as static/js/ui/avatar.js
SignedInView = Callable[[HttpRequest, Caller], HttpResponse]


def signed_in(view: SignedInView) -> Callable[[HttpRequest], HttpResponse]:
    """A page for people with a session; others go to sign in and come back. Who is suspended goes
    where it says why, and comes back when that is over. Who has opened too many, or whose view
    says so (`limits.take`), hears when to try again."""

    @wraps(view)
    def serve(request: HttpRequest) -> HttpResponse:
        who = sessions.current(request, now_ms())
        if who is None:
            return _away(request, settings.LOGIN_URL)
        if who.suspended:
            return _away(request, SUSPENDED)
        try:
            limits.take(rates.PAGES, who.uid, now_ms())
            return view(request, who)
        except Refusal as refusal:
            if refusal.status != HTTPStatus.TOO_MANY_REQUESTS:
                raise
            page = render(request, "errors/429.html", status=refusal.status)
            for name, value in refusal.headers.items():
                page.headers[name] = value
            return page

    return serve


@require_safe
def landing(request: HttpRequest) -> HttpResponse:
    if sessions.current(request, now_ms()):
        return redirect(HOME)
    return render(request, "accounts/landing.html")


@require_safe
def sign_up(request: HttpRequest) -> HttpResponse:
    if settings.REGISTRATION == "closed":
        return render(request, "accounts/sign_up_closed.html")
    return render(request, "accounts/sign_up.html", LIMITS)


@require_safe
def sign_in(request: HttpRequest) -> HttpResponse:
    """Also for people who have a session but whose browser lost its keys. So the server never
    redirects: the script does, when it finds the keys."""
    who = sessions.current(request, now_ms())
    if who and who.suspended:
        return _away(request, SUSPENDED)
    name = who.record.user.username if who else ""
    device = who.record.device if who else None
    lost = device.device.hex() if device and device.gone_at is None else ""
    return render(request, "accounts/sign_in.html", {**LIMITS, "name": name, "lost": lost})


@require_safe
def reset(request: HttpRequest) -> HttpResponse:
    """The token is behind # and reaches no log; the script asks whose it is."""
    return render(request, "accounts/reset.html", {**LIMITS, "mails": settings.MAIL})


@require_safe
@signed_in
def preferences(request: HttpRequest, who: Caller) -> HttpResponse:
    person = who.record.user
    context = {
        "boot": boot.data(request, who),
        "person": person,
        "tint": person.uid[0] % AVATAR_TINTS,
        "section": "settings",
        "code_made": vault.code_made(person),
        "mails": settings.MAIL,
    }
    return render(request, "accounts/settings.html", {**LIMITS, **context})


@require_safe
def about(request: HttpRequest) -> HttpResponse:
    """For somebody who is signed in a page like the others, with presence and badges."""
    who = sessions.current(request, now_ms())
    live = who is not None and not who.suspended
    layout = "app.html" if live else "base.html"
    signed = boot.data(request, who) if who and live else None
    context = {"layout": layout, "boot": signed, "mails": settings.MAIL}
    return render(request, "accounts/help.html", context)


@require_safe
def manifest(request: HttpRequest) -> HttpResponse:
    """The web app manifest (W3C): what an installed site is called and looks like."""
    icon = {"src": staticfiles_storage.url("app-icon.svg"), "type": "image/svg+xml"}
    body = {
        "name": settings.SITE_NAME,
        "short_name": settings.SITE_NAME,
        "start_url": HOME,
        "scope": "/",
        "display": "standalone",
        "background_color": "#f1f3f6",
        "theme_color": "#f1f3f6",
        "icons": [{**icon, "sizes": "any", "purpose": use} for use in ("any", "maskable")],
    }
    return JsonResponse(body, content_type="application/manifest+json")


def _away(request: HttpRequest, address: str) -> HttpResponse:
    """There, and back here from there."""
    back = request.GET.get("next", "") if request.path == settings.LOGIN_URL else ""
    return redirect(f"{address}?{urlencode({'next': back or request.get_full_path()})}")
