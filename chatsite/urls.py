"""Every address of the site."""

from django.conf import settings
from django.urls import include, path

_on_a_path = settings.ADMIN_PATH and not settings.ADMIN_HOST
urlpatterns = [
    path("api/", include("messaging.urls")),  # first: no page's address is compared with theirs
    path("api/", include("accounts.urls")),
    path("api/", include("media.urls")),
    path("api/", include("moderation.api_urls")),
    path("api/", include("chatsite.leaving.urls")),
    path("", include("accounts.page_urls")),
    path("", include("messaging.page_urls")),
    path("", include("moderation.page_urls")),
    *([path(settings.ADMIN_PATH[1:], include("moderation.urls"))] if _on_a_path else []),
]

handler400 = "chatsite.errors.bad_request"
handler403 = "chatsite.errors.forbidden"
handler404 = "chatsite.errors.not_found"
handler500 = "chatsite.errors.broken"
