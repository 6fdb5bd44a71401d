"""What a person sees, and what a script gets, when a request ends badly.

Under /api/ the answer is a Problem, as every other refusal there; elsewhere a page.
"""

import sys

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from chatsite.edge.wire import Problem, encoder
from chatsite.running import away
from messaging.backends.base import Busy

RETRY_SECONDS = 5  # a database that restarts is back by then, most often


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _answer(request, 400, "bad_request", "The request is not valid.")


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _answer(request, 403, "forbidden", "This is not allowed.")


def bad_csrf(request: HttpRequest, reason: str = "") -> HttpResponse:
    """settings.CSRF_FAILURE_VIEW: cookies are off, or the page is older than the sign-in."""
    return _answer(request, 403, "csrf", "This page is out of date. Reload it and try again.")


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _answer(request, 404, "unknown", "Not there, or not yours.")


def broken(request: HttpRequest) -> HttpResponse:
    """What a view or a middleware raised: a bug, or a database that is away."""
    error = sys.exc_info()[1]
    if isinstance(error, Busy) or away.told(error):
        return _busy(request)
    return _answer(request, 500, "broken", "Something broke on the server. Try again.")


def _busy(request: HttpRequest) -> HttpResponse:
    answer = _answer(request, 503, "busy", "The database is away. Try again.", RETRY_SECONDS * 1000)
    answer.headers["Retry-After"] = str(RETRY_SECONDS)
    return answer


def _answer(
    request: HttpRequest, status: int, code: str, message: str, retry_ms: int | None = None
) -> HttpResponse:
    if request.path.startswith("/api/"):
        body = encoder.encode(Problem(code, message, retry_ms))
        return HttpResponse(body, content_type="application/json", status=status)
    return render(request, f"errors/{status}.html", status=status)
