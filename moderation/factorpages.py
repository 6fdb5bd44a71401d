"""The page on which members of staff see and change their own second factors. Each change
takes the password, typed for it: a browser that was left open, or its cookie, is not enough."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from django.forms import Media
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods
from django_otp import login as otp_login

from accounts import agents
from chatsite.edge.refusals import Refusal
from chatsite.running.clock import now_ms
from moderation import factors, ownfactors, passkeys, staff
from moderation.joining import SCRIPTS, app_words
from moderation.listing import moment
from moderation.models import Totp
from moderation.passwords import PASSWORD_MAX
from moderation.site import Page, as_json, refused, site, type_again, typed_lately, use_up

TITLE = "Your sign-in factors"
DIGITS_MAX = 18  # of a number in a form
AGAIN = "Type your password first."
WRONG = "This is not your password."

Act = Callable[[HttpRequest, Any], HttpResponse | None]


@never_cache
@require_http_methods(["GET", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    if request.method == "GET":
        return _page(request)
    user: Any = request.user
    if "password" in request.POST:
        return _unlock(request)
    if not typed_lately(request):
        return _page(request, wrong=AGAIN, status=HTTPStatus.FORBIDDEN)
    if "options" in request.POST:
        return as_json(passkeys.creation(user, passkeys.browser(request), now_ms()))
    act = ACTS.get(request.POST.get("act", ""))
    if act is None:
        raise Http404
    return _changed(request, act)


def _changed(request: HttpRequest, act: Act) -> HttpResponse:
    try:
        answer = act(request, request.user)
    except (ownfactors.Unfit, passkeys.BadPasskey) as error:
        return _page(request, wrong=str(error), status=HTTPStatus.CONFLICT)
    except Refusal as refusal:  # the cache is away: nobody can tell whether an answer is new
        return refused(refusal)
    if answer is None or act is _codes:  # it changed something
        use_up(request)
    return answer or HttpResponseRedirect(reverse("admin:factors"))


def _unlock(request: HttpRequest) -> HttpResponse:
    try:
        right = type_again(request, request.POST["password"])
    except Refusal as refusal:  # too many tries, or too many who wait
        return refused(refusal)
    if not right:
        return _page(request, wrong=WRONG, status=HTTPStatus.FORBIDDEN)
    return HttpResponseRedirect(reverse("admin:factors"))


def _add(request: HttpRequest, user: Any) -> None:
    said, typed = request.POST.get("passkey", ""), request.POST.get("name", "")
    name = passkeys.named(typed) or agents.in_words(request.headers.get("User-Agent", ""))
    ownfactors.add_passkey(user, said, name, passkeys.browser(request), now_ms())


def _rename(request: HttpRequest, user: Any) -> None:
    ownfactors.rename(user, _number(request), request.POST.get("name", ""))


def _remove(request: HttpRequest, user: Any) -> None:
    ownfactors.remove_passkey(user, _number(request))


def _remove_app(_: HttpRequest, user: Any) -> None:
    ownfactors.remove_app(user)


def _new_app(request: HttpRequest, user: Any) -> HttpResponse:
    return _app(request, factors.new_app(user))


def _set_app(request: HttpRequest, user: Any) -> HttpResponse | None:
    """A session that the app of before opened goes on: its owner has just shown the new one."""
    if ownfactors.set_app(user, request.POST.get("code", "")):
        if isinstance(user.otp_device, Totp):
            otp_login(request, ownfactors.held(user)[0])
        return None
    app = factors.waiting(user)
    return _app(request, app, staff.WRONG_APP) if app else None


def _codes(request: HttpRequest, user: Any) -> HttpResponse:
    shown = factors.as_listed(list(ownfactors.new_codes(user)))
    return _rendered(request, "codes", "Your codes", {"codes": shown})


ACTS: dict[str, Act] = {
    "add": _add, "rename": _rename, "remove": _remove, "new-app": _new_app, "set-app": _set_app,
    "remove-app": _remove_app, "codes": _codes,
}  # fmt: skip


def _number(request: HttpRequest) -> int:
    said = request.POST.get("number", "")
    if not said.isascii() or not said.isdecimal() or len(said) > DIGITS_MAX:
        raise Http404
    return int(said)


def _app(request: HttpRequest, app: Totp, wrong: str = "") -> HttpResponse:
    return _rendered(request, "app", "Your app", {"wrong": wrong, **app_words(app)})


def _page(request: HttpRequest, wrong: str = "", status: int = HTTPStatus.OK) -> HttpResponse:
    user: Any = request.user
    held = ownfactors.held(user)
    rows = [
        {
            "number": each.pk, "name": each.name, "made": moment(each.made),
            "used": f"last used {moment(each.used)} UTC" if each.used else "never used",
            "this": each == user.otp_device,
        }
        for each in held if not isinstance(each, Totp)
    ]  # fmt: skip
    context = {
        "wrong": wrong, "rows": rows, "open": typed_lately(request), "password_max": PASSWORD_MAX,
        "has_app": len(held) > len(rows), "this_app": isinstance(user.otp_device, Totp),
        "is_last": len(held) < 2, "codes_left": factors.left(user), "name_max": passkeys.NAME_MAX,
    }  # fmt: skip
    return _rendered(request, "factors", TITLE, context, status)


def _rendered(
    request: HttpRequest, name: str, title: str, words: dict[str, Any], status: int = HTTPStatus.OK
) -> HttpResponse:
    context = {**site.each_context(request), "title": title, "scripts": Media(js=SCRIPTS), **words}
    return render(request, f"admin/{name}.html", context, status=status)


site.add("Your account", Page("factors/", "factors", page, permission=""))
