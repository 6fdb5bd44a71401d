"""The table of contents of the site."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("", include("accounts.page_urls")),
    path("", include("messaging.page_urls")),
    path("api/", include("accounts.urls")),
    path("api/", include("messaging.urls")),
    path("admin/", admin.site.urls),
]

handler400 = "chatsite.errors.bad_request"
handler403 = "chatsite.errors.forbidden"
handler404 = "chatsite.errors.not_found"
handler500 = "chatsite.errors.broken"
