"""What a person sees, and what a script gets, when a request ends badly.

Under /api/ the answer is a Problem, as every other refusal there; elsewhere a page.
"""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from accounts.wire import Problem, encoder


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
    return _answer(request, 500, "broken", "Something broke on the server. Try again.")


def _answer(request: HttpRequest, status: int, code: str, message: str) -> HttpResponse:
    if request.path.startswith("/api/"):
        body = encoder.encode(Problem(code, message))
        return HttpResponse(body, content_type="application/json", status=status)
    return render(request, f"errors/{status}.html", status=status)
