"""The sign-in of the admin site. It is the one place where the server itself runs a slow hash,
which takes 100 MB and a thread: tries are counted before it, and few wait for it."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import path

from accounts import tries
from accounts.models import Failure
from chatsite.edge import limits
from chatsite.edge.refusals import Refusal
from chatsite.running.clock import now_ms
from e2ee.encoding import cat, h
from e2ee.records import FACTOR_PASSWORD

WAITING_MAX = 4  # for the hash that runs
BUSY_RETRY_MS = 2000

_places = threading.BoundedSemaphore(1 + WAITING_MAX)
_hashing = threading.Lock()


def sign_in(request: HttpRequest) -> HttpResponse:
    """The admin site's own form, behind the limits on tries of a secret (4.18): by address and by
    name, whether or not anybody has that name."""
    if request.method != "POST":
        return admin.site.login(request)
    try:
        with _counted(_subjects(request)) as succeeded, _one_at_a_time():
            response = admin.site.login(request)
            if response.status_code == HTTPStatus.FOUND:
                succeeded()
            return response
    except Refusal as refusal:
        return HttpResponse(refusal.message, "text/plain", refusal.status, headers=refusal.headers)


urlpatterns = [path("admin/login/", sign_in), path("admin/", admin.site.urls)]


def _subjects(request: HttpRequest) -> list[bytes]:
    name = request.POST.get("username", "")
    address = _subject("m1:staff-address", limits.address(request))
    return [address, _subject("m1:staff-name", name)]


def _subject(label: str, text: str) -> bytes:
    return h(cat(label, text.encode()))[:16]


@contextmanager
def _counted(subjects: list[bytes]) -> Iterator[Callable[[], None]]:
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


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Raises Refusal 503 where too many wait already."""
    if not _places.acquire(blocking=False):
        raise Refusal(503, "busy", "Others are signing in. Try again.", BUSY_RETRY_MS)
    try:
        with _hashing:
            yield
    finally:
        _places.release()
