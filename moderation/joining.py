"""The page behind a link of `staff_add` or `staff_reset_factor`: password, app, ten codes."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.widgets import Script
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from chatsite.edge.refusals import Refusal
from chatsite.running.clock import now_ms
from moderation import factors, signin, staff
from moderation.models import Totp
from moderation.site import refused, site

TOKEN_MAX = 2 * staff.TOKEN_LEN  # characters


class TokenForm(forms.Form):
    token = forms.CharField(max_length=TOKEN_MAX, label="The part of your link behind #")

    class Media:
        js = (Script("js/pages/staffjoin.js", type="module"),)


class JoinForm(TokenForm):
    token = forms.CharField(max_length=TOKEN_MAX, widget=forms.HiddenInput)
    password = forms.CharField(
        max_length=signin.PASSWORD_MAX,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text="Eight characters or more, and none that many people have.",
    )
    again = forms.CharField(
        max_length=signin.PASSWORD_MAX,
        strip=False,
        label="The password once more",
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    code = forms.CharField(
        max_length=signin.CODE_MAX,
        label="Code",
        help_text="The six digits that your app shows now.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "inputmode": "numeric"}),
    )

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if cleaned.get("password") != cleaned.get("again"):
            self.add_error("again", "The two passwords differ.")
        return cleaned


@never_cache
@require_http_methods(["GET", "POST"])
def join(request: HttpRequest) -> HttpResponse:
    """A script fills the token in; without one the person does."""
    if request.method == "GET":
        return _page(request, TokenForm())
    try:
        with signin.counted_by_address(request) as succeeded:
            response = _joined(request)
            if response is not None:
                succeeded()
                return response
    except Refusal as refusal:
        return refused(refusal)
    gone = TokenForm(request.POST)
    gone.full_clean()
    gone.add_error("token", staff.GONE)
    return _page(request, gone)


def _joined(request: HttpRequest) -> HttpResponse | None:
    """None: there is no such link."""
    token = request.POST.get("token", "")
    app = staff.opened(token, now_ms())
    if app is None:
        return None
    if "password" not in request.POST:
        return _page(request, JoinForm(initial={"token": token}), app)
    form = JoinForm(request.POST)
    codes = _codes(form) if form.is_valid() else None
    if codes is None:
        return _page(request, form, app)
    shown = [f"{code[:5]}-{code[5:]}" for code in codes]
    return render(request, "admin/joined.html", _context(request, "Your codes") | {"codes": shown})


def _codes(form: JoinForm) -> Any:
    """The ten codes, or None with what was wrong in the form."""
    given = form.cleaned_data
    try:
        with signin.one_at_a_time():
            codes = staff.join(given["token"], given["password"], given["code"], now_ms())
    except ValidationError as error:
        form.add_error("password", error)
        return None
    except staff.Unusable as error:
        form.add_error(None, str(error))
        return None
    if codes is None:
        form.add_error("code", "The app shows another code. Is the clock of your phone right?")
    return codes


def _page(request: HttpRequest, form: forms.Form, app: Totp | None = None) -> HttpResponse:
    context = _context(request, "Set up your account") | {"form": form}
    if app is not None:
        secret = factors.secret_of(app)
        groups = " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))
        context |= {"name": app.user.username, "secret": groups, "address": factors.address_of(app)}
    return render(request, "admin/join.html", context)


def _context(request: HttpRequest, title: str) -> dict[str, Any]:
    return {**site.each_context(request), "title": title}
