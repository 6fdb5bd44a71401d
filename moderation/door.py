"""Where the admin answers: at its own address, to the networks of staff, and nothing else there.

A host name of its own keeps it out of the origin of the chats: a hole in it reaches none of
their keys, and its cookies go nowhere else (docs/encryption.md 5).
"""

from collections.abc import Callable

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseForbidden
from django.http.request import split_domain_port
from django.utils import translation
from django_otp.middleware import OTPMiddleware

from chatsite.edge import addresses

URLS = "moderation.urls"
UNNAMED = (
    "The proxy before this site does not say in X-Forwarded-For whose request this is, so nobody "
    "is let in here (docs/operations.md, The admin)."
)


def names_admin(host: str) -> bool:
    """Whether a `Host` header names the admin's own host, at whichever port: cookies know none."""
    return bool(settings.ADMIN_HOST) and split_domain_port(host)[0] == settings.ADMIN_HOST


class AdminDoor:
    """Middleware: `request.is_admin` says whose request it is. Strangers to the admin's networks
    hear that there is no such page. Where a proxy names no client, its own address says nothing
    about who asks, and nobody comes in."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        own_host = names_admin(request.get_host())
        request.is_admin = own_host or _is_below(request.path)  # type: ignore[attr-defined]
        if own_host:
            request.urlconf = URLS
        if request.is_admin:  # type: ignore[attr-defined]
            if addresses.UNNAMED in request.headers:
                return HttpResponseForbidden(UNNAMED, "text/plain; charset=utf-8")
            if not _is_let_in(request):
                raise Http404
        return self.get_response(request)


class StaffFactor(OTPMiddleware):
    """Middleware: whether both factors were shown. No page of the chats asks. The admin's own words
    are English, so those that come from Django are English, too."""

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if getattr(request, "is_admin", False):
            with translation.override(settings.LANGUAGE_CODE):
                return super().__call__(request)  # type: ignore[no-any-return]
        return self.get_response(request)  # type: ignore[no-any-return]


def _is_below(path: str) -> bool:
    """Of an admin on a path of the site."""
    root: str = settings.ADMIN_PATH
    return bool(root) and not settings.ADMIN_HOST and f"{path}/".startswith(root)


def _is_let_in(request: HttpRequest) -> bool:
    try:
        address = addresses.parse(request.META.get("REMOTE_ADDR", ""))
    except ValueError:
        return False
    return any(address in network for network in settings.ADMIN_NETWORKS)
