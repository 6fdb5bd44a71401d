"""The admin site: its own address, staff with a second factor alone, and what each role may see.

Pages register with `site`; a page that is no model's hangs in `pages`, behind a permission.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls import path, reverse
from django.utils import timezone

from chatsite.edge.refusals import Refusal
from chatsite.running import metrics
from chatsite.running.clock import now_ms
from moderation import audit, passkeys, signin
from moderation.passwords import PASSWORD_MAX

UNUSED = ("autocomplete", "view_on_site")  # of Django's, which reach into any model
SESSION = timedelta(hours=8)  # a working day; then the password and a code again
TYPED, TYPED_MS = "password-typed", 600_000  # of a session: when (ms), and for how long it counts


@dataclass(frozen=True, slots=True)
class Page:
    """`route`: below the site's address. `permission`: empty = for all staff. `title`: in the list
    of the section, empty = not there."""

    route: str
    name: str
    view: Callable[..., HttpResponse]
    permission: str
    title: str = ""


class StaffSite(AdminSite):
    """Django's admin, for staff who showed both factors in this session."""

    login_form = signin.StaffForm
    enable_nav_sidebar = False
    site_url = None  # it is not the chat's door
    index_title = "Overview"

    def __init__(self) -> None:
        super().__init__(name="admin")
        self.sections: dict[str, list[Page]] = {}
        self.overview: Callable[[HttpRequest], dict[str, Any]] = lambda _: {}  # above the sections

    def add(self, section: str, *pages: Page) -> None:
        """Pages that are no model's, under a heading of their own."""
        self.sections.setdefault(section, []).extend(pages)

    def has_permission(self, request: HttpRequest) -> bool:
        user: Any = request.user
        return super().has_permission(request) and user.is_verified()

    def login(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        view = super().login
        if request.method != "POST":
            return view(request, extra_context)
        if "options" in request.POST:
            return as_json(passkeys.question(passkeys.browser(request), now_ms()))
        name = request.POST.get("username", "")
        return _counted(request, name, lambda: view(request, extra_context), self._entered)

    def index(self, request: HttpRequest, extra_context: Any = None) -> Any:
        return super().index(request, {**(extra_context or {}), **self.overview(request)})

    def password_change(self, request: HttpRequest, extra_context: Any = None) -> Any:
        """It hashes the old one, so it counts as a try to sign in."""
        view = super().password_change
        if request.method != "POST":
            return view(request, extra_context)
        name = request.user.get_username()
        return _counted(request, name, lambda: view(request, extra_context), self._changed)

    def _changed(self, request: HttpRequest) -> None:
        name = request.user.get_username()
        audit.write(name, "password_changed", name, {})

    def _entered(self, request: HttpRequest) -> None:
        request.session.set_expiry(timezone.now() + SESSION)  # a number would begin again and again
        user: Any = request.user
        audit.write(user.username, "signed_in", "admin", {"factor": str(user.otp_device)})

    def get_urls(self) -> list[Any]:
        own = [self._path(page) for pages in self.sections.values() for page in pages]
        others = [each for each in super().get_urls() if getattr(each, "name", "") not in UNUSED]
        return [*own, *others]

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        named = f"{settings.SITE_NAME} admin"
        return super().each_context(request) | {
            **{"site_header": named, "site_title": named},
            "passkeys": passkeys.offered(),
        }

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        found: list[Any] = super().get_app_list(request, app_label)
        if app_label is not None:
            return found
        return [*found, *(each for each in map(self._listed(request), self.sections) if each)]

    def _listed(self, request: HttpRequest) -> Callable[[str], dict[str, Any] | None]:
        def section(name: str) -> dict[str, Any] | None:
            shown = [
                {
                    "name": page.title,
                    "object_name": page.name,
                    "admin_url": reverse(f"admin:{page.name}"),
                    "view_only": True,
                }
                for page in self.sections[name]
                if page.title and _may(request, page)
            ]
            slug = name.lower().replace(" ", "-")
            return (
                {"name": name, "app_label": slug, "app_url": "", "models": shown} if shown else None
            )

        return section

    def _path(self, page: Page) -> Any:
        def guarded(request: HttpRequest, **words: Any) -> HttpResponse:
            if not _may(request, page):
                raise PermissionDenied
            return page.view(request, **words)

        return path(page.route, self.admin_view(guarded), name=page.name)


def typed_lately(request: HttpRequest) -> bool:
    """Whether who sits there has typed the password a moment ago, beside that of the sign-in: a
    cookie that was stolen since then is worth nothing here."""
    return now_ms() - int(request.session.get(TYPED, -TYPED_MS)) < TYPED_MS


def use_up(request: HttpRequest) -> None:
    """What was typed was for one change."""
    request.session.pop(TYPED, None)


def type_again(request: HttpRequest, password: str) -> bool:
    """Whether it is the password of who is signed in; it is a try to sign in. Raises Refusal 429,
    and 503 where too many wait."""
    user: Any = request.user
    with signin.counted(request, user.get_username()) as succeeded:
        right = len(password) <= PASSWORD_MAX and user.check_password(password)
        if right:
            succeeded()
            request.session.cycle_key()  # a copy of the cookie does not come along
            request.session[TYPED] = now_ms()
    return bool(right)


def _may(request: HttpRequest, page: Page) -> bool:
    return not page.permission or request.user.has_perm(page.permission)


def as_json(text: str) -> HttpResponse:
    """What a script of a page asked for."""
    return HttpResponse(text, "application/json")


def _counted(
    request: HttpRequest,
    name: str,
    view: Callable[[], HttpResponse],
    done: Callable[[HttpRequest], None],
) -> HttpResponse:
    """What a view answers that runs the slow hash; one that succeeds leads elsewhere."""
    try:
        with signin.counted(request, name) as succeeded:
            response = view()
            if response.status_code == HTTPStatus.FOUND:
                succeeded()
                done(request)
            return response
    except Refusal as refusal:
        return refused(refusal)


def refused(refusal: Refusal) -> HttpResponse:
    metrics.refused("admin", refusal.code)
    return HttpResponse(refusal.message, "text/plain", refusal.status, headers=refusal.headers)


site = StaffSite()
