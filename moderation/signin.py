"""Signing in to the admin: name, password and second factor, with one answer for all that is wrong.

It is the one place where the server itself runs a slow hash, which takes 100 MB and a thread: tries
are counted before it, and few wait for it.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django import forms
from django.contrib.admin.forms import AdminAuthenticationForm
from django.forms.widgets import Script
from django.http import HttpRequest
from django_otp.models import Device

from accounts import tries
from accounts.models import Failure, User
from chatsite.edge import limits
from chatsite.edge.refusals import Refusal
from chatsite.running.clock import now_ms
from e2ee.encoding import cat, h
from e2ee.records import FACTOR_PASSWORD
from moderation import factors, passkeys
from moderation.passwords import PASSWORD_MAX

WAITING_MAX = 4  # for the hash that runs
BUSY_RETRY_MS = 2000
NAME_MAX = 150  # characters of what is compared at all
CODE_MAX = 20
PASSKEY_SCRIPT = Script("js/pages/staffpasskey.js", type="module")

_places = threading.BoundedSemaphore(1 + WAITING_MAX)
_hashing = threading.Lock()


class StaffForm(AdminAuthenticationForm):
    """The password is hashed only where a code stands beside it, or what an authenticator answered
    to a fresh challenge."""

    username = forms.CharField(
        max_length=NAME_MAX,
        widget=forms.TextInput(attrs={"autofocus": True, "autocomplete": "username"}),
    )
    password = forms.CharField(
        max_length=PASSWORD_MAX,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    code = forms.CharField(
        max_length=CODE_MAX,
        required=False,
        label="Code",
        help_text="Six digits of your app, or a code from your list.",
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code"}),
    )
    passkey = forms.CharField(required=False, widget=forms.HiddenInput)  # a script fills it in
    error_messages = {
        "invalid_login": "Name, password and second factor do not fit together.",
        "inactive": "Name, password and second factor do not fit together.",
    }

    class Media:
        js = (PASSKEY_SCRIPT,)

    def clean(self) -> dict[str, Any]:
        if self.errors:
            return self.cleaned_data
        proves = self._second_factor(self.cleaned_data)
        cleaned: dict[str, Any] = super().clean()
        user: Any = self.get_user()
        user.otp_device = proves(user)
        if user.otp_device is None:
            raise self.get_invalid_login_error()
        return cleaned

    def _second_factor(self, given: dict[str, Any]) -> Callable[[User], Device | None]:
        """What is to be asked once the password was right."""
        code, said = given["code"], given["passkey"]
        if not said and not code:
            raise forms.ValidationError("Type a code, or use a passkey.")
        if not said:
            return lambda user: factors.proved(user, code)
        request: Any = self.request
        now = now_ms()
        try:
            answer = passkeys.answered(said, passkeys.browser(request), now)
        except passkeys.BadPasskey as error:
            raise forms.ValidationError(str(error)) from error
        return lambda user: passkeys.proved(user, answer, now)


@contextmanager
def counted(request: HttpRequest, name: str) -> Iterator[Callable[[], None]]:
    """Inside, the slow hash may run, as a try by this address and for this name, whether or not
    anybody has it. The block says where it succeeded. Raises Refusal 429, or 503 where too many
    wait."""
    known = _subject("m1:staff-name", name.strip()[:NAME_MAX])  # the form takes spaces away, too
    with _failing([_address(request), known]) as succeeded, one_at_a_time():
        yield succeeded


@contextmanager
def counted_by_address(request: HttpRequest) -> Iterator[Callable[[], None]]:
    """The same where nobody is named yet."""
    with _failing([_address(request)]) as succeeded:
        yield succeeded


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """Raises Refusal 503 where too many wait already."""
    if not _places.acquire(blocking=False):
        raise Refusal(503, "busy", "Others are signing in. Try again.", BUSY_RETRY_MS)
    try:
        with _hashing:
            yield
    finally:
        _places.release()


def forget(user: User) -> None:
    """The tries that somebody wasted on the name."""
    Failure.objects.filter(subject=_subject("m1:staff-name", user.username)).delete()


def _address(request: HttpRequest) -> bytes:
    return _subject("m1:staff-address", limits.address(request))


def _subject(label: str, text: str) -> bytes:
    return h(cat(label, text.encode()))[:16]


@contextmanager
def _failing(subjects: list[bytes]) -> Iterator[Callable[[], None]]:
    """Each subject has one more failure, unless the block says that it succeeded, or is refused
    before anything was looked at."""
    begun: list[Failure] = []
    now = now_ms()

    def take_back() -> None:
        while begun:
            tries.succeeded(begun.pop())

    try:
        for subject in subjects:
            begun.append(tries.count(subject, FACTOR_PASSWORD, False, now))
        yield take_back
    except Refusal:
        take_back()
        raise
