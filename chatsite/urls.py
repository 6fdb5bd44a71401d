"""Every address of the site."""

from django.conf import settings
from django.urls import include, path

from accounts import staff

urlpatterns = [
    path("api/", include("messaging.urls")),  # first: no page's address is compared with theirs
    path("api/", include("accounts.urls")),
    path("api/", include("media.urls")),
    path("api/", include("moderation.api_urls")),
    path("", include("accounts.page_urls")),
    path("", include("messaging.page_urls")),
    *(staff.urlpatterns if settings.ADMIN_ENABLED else []),
]

handler400 = "chatsite.errors.bad_request"
handler403 = "chatsite.errors.forbidden"
handler404 = "chatsite.errors.not_found"
handler500 = "chatsite.errors.broken"
