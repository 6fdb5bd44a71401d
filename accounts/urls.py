"""Mounted under /api/."""

from django.urls import URLPattern, URLResolver, path

from accounts import views
from accounts.api import by_method

urlpatterns: list[URLPattern | URLResolver] = [
    path("start", views.start),
    path("sign-up/start", views.sign_up_start),
    path("sign-up", views.sign_up),
    path("sign-in", views.sign_in),
    path("nonce", views.nonce),
    path("live-token", views.live_token),
    path("sessions", by_method(GET=views.list_sessions, DELETE=views.sign_out)),
    path("sessions/<str:session>", views.sign_out_other),
    path("unlock", views.unlock),
    path("vault", views.read_vault),
    path("wraps", views.read_wraps),
    path("links", by_method(GET=views.read_links, POST=views.store_link)),
    path("password", views.put_password),
    path("code", views.put_code),
    path("factors/<str:factor>", views.drop_factor),
    path("notes", by_method(GET=views.read_notes, PUT=views.put_note)),
    path("profile", views.rename),
]
