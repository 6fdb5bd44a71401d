"""The page behind a link of `staff_add` or `staff_reset_factor`: the code that was told beside it,
then password, second factor, ten codes."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.widgets import Script
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts import agents
from accounts.models import User
from chatsite.edge.refusals import Refusal
from chatsite.running.clock import now_ms
from moderation import factors, passkeys, signin, staff
from moderation.models import ADDRESS_MAX, Totp
from moderation.passwords import PASSWORD_MAX
from moderation.site import as_json, refused, site

SCRIPTS: Any = (Script("js/pages/staffjoin.js", type="module"), signin.PASSKEY_SCRIPT)
TOKEN_MAX = 2 * staff.TOKEN_LEN  # characters


class WayInForm(forms.Form):
    token = forms.CharField(max_length=TOKEN_MAX, label="The part of your link behind #")
    told = forms.CharField(
        max_length=signin.CODE_MAX,
        label="Code",
        help_text="It was told to you beside the link, on another way.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "autofocus": True}),
    )

    class Media:
        js = SCRIPTS


class JoinForm(WayInForm):
    token = forms.CharField(max_length=TOKEN_MAX, widget=forms.HiddenInput)
    told = forms.CharField(max_length=signin.CODE_MAX, widget=forms.HiddenInput)
    password = forms.CharField(
        max_length=PASSWORD_MAX,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password", "minlength": 8}),
        help_text="Eight characters or more, and none that many people have.",
    )
    again = forms.CharField(
        max_length=PASSWORD_MAX,
        strip=False,
        label="The password once more",
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    code = forms.CharField(
        max_length=signin.CODE_MAX,
        required=False,
        label="Code of the app",
        help_text="The six digits that it shows now.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "inputmode": "numeric"}),
    )
    passkey = forms.CharField(required=False, widget=forms.HiddenInput)  # a script fills it in

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if cleaned.get("password") != cleaned.get("again"):
            self.add_error("again", "The two passwords differ.")
        if not cleaned.get("code") and not cleaned.get("passkey"):
            self.add_error("code", "Type the code of your app, or make a passkey.")
        return cleaned


@never_cache
@require_http_methods(["GET", "POST"])
def join(request: HttpRequest) -> HttpResponse:
    """A script fills the token in; without one the person does."""
    if request.method == "GET":
        return _page(request, WayInForm())
    try:
        with signin.counted_by_address(request) as succeeded:
            try:
                response = _step(request)
            except staff.Unusable as unusable:
                return _page(request, _without(request, str(unusable)))
            succeeded()
            return response
    except Refusal as refusal:
        return refused(refusal)


def _step(request: HttpRequest) -> HttpResponse:
    """Raises Unusable of the link or its code."""
    shown = _shown(request)
    if "options" in request.POST:
        user = staff.maker(shown, now_ms())
        return as_json(passkeys.creation(user, shown.browser, now_ms()))
    if "password" not in request.POST:
        app, before = staff.opened(shown, now_ms())
        initial = {"token": shown.token, "told": shown.code}
        return _page(request, JoinForm(initial=initial), app.user, before, **app_words(app))
    app = staff.waiting(shown, now_ms())
    form = JoinForm(request.POST)
    codes = _codes(form, shown, request) if form.is_valid() else None
    if codes is None:
        return _page(request, form, app.user)  # the secret is for who opened the link alone
    context = _context(request, "Your codes") | {"codes": factors.as_listed(codes)}
    return render(request, "admin/joined.html", context)


def _codes(form: JoinForm, shown: staff.Shown, request: HttpRequest) -> Any:
    """The ten codes, or None with what was wrong in the form."""
    given = form.cleaned_data
    name = agents.in_words(request.headers.get("User-Agent", ""))
    factor = staff.Factor(given["code"], given["passkey"], name)
    try:
        with signin.one_at_a_time():
            codes = staff.join(shown, given["password"], factor, now_ms())
    except ValidationError as error:
        form.add_error("password", error)
        return None
    except passkeys.BadPasskey as error:
        form.add_error(None, str(error))
        return None
    if codes is None:
        form.add_error("code", staff.WRONG_APP)
    return codes


def _shown(request: HttpRequest) -> staff.Shown:
    address = request.META.get("REMOTE_ADDR", "")[:ADDRESS_MAX]
    words = (request.POST.get("token", ""), request.POST.get("told", ""))
    return staff.Shown(*words, address, passkeys.browser(request))


def _without(request: HttpRequest, why: str) -> WayInForm:
    """The first page again."""
    form = WayInForm(request.POST)
    form.full_clean()
    form.add_error(None, why)
    return form


def _page(
    request: HttpRequest, form: forms.Form, user: User | None = None, before: str = "",
    **words: str,
) -> HttpResponse:  # fmt: skip
    """`user`: whose link was shown, with its code."""
    context = _context(request, "Set up your account") | {"form": form, "before": before}
    return render(request, "admin/join.html", context | {"joins": user, **words})


def app_words(app: Totp) -> dict[str, str]:
    """For `admin/_app.html`."""
    secret = factors.grouped(factors.secret_of(app))
    return {"secret": secret, "address": factors.address_of(app)}


def _context(request: HttpRequest, title: str) -> dict[str, Any]:
    return {**site.each_context(request), "title": title}
