"""One address for the pages. Device proofs name it, so keys made at another would not fit."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

# Other names of this machine. Elsewhere a proxy may hide the name that people typed: no redirect.
LOOPBACK = frozenset({"127.0.0.1", "[::1]"})


class OneAddress:
    """Middleware: redirects a page asked for by IP address to the same page at SITE_URL."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        host = request.get_host()
        by_number = host.rpartition(":")[0] in LOOPBACK or host in LOOPBACK
        if by_number and settings.SITE_LOCAL and request.method in ("GET", "HEAD"):
            return HttpResponseRedirect(settings.SITE_URL + request.get_full_path())
        return self.get_response(request)
