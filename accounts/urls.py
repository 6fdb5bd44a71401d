"""Mounted under /api/."""

from django.urls import URLPattern, URLResolver, path

from accounts import reset_views, views
from chatsite.edge.endpoints import by_method

urlpatterns: list[URLPattern | URLResolver] = [
    path("start", views.start),
    path("sign-up/start", views.sign_up_start),
    path("sign-up", views.sign_up),
    path("sign-in", views.sign_in),
    path("standing", reset_views.standing),
    path("reset/start", reset_views.start),
    path("reset/open", reset_views.opened),
    path("reset/finish", reset_views.finish),
    path(
        "email",
        by_method(
            GET=reset_views.read_email, PUT=reset_views.put_email, DELETE=reset_views.remove_email
        ),
    ),
    path("email/confirm", reset_views.confirm_email),
    path("nonce", views.nonce),
    path("live-token", views.live_token),
    path("sessions", by_method(GET=views.list_sessions, DELETE=views.sign_out)),
    path("sessions/<str:session>", views.sign_out_other),
    path("unlock", views.unlock),
    path("vault", views.read_vault),
    path("wraps", views.read_wraps),
    path("links", by_method(GET=views.read_links, POST=views.store_link)),
    path("links/read", views.read_lists),
    path("password", views.put_password),
    path("code", views.put_code),
    path("factors/<str:factor>", views.drop_factor),
    path("notes", by_method(GET=views.read_notes, PUT=views.put_note)),
    path("profile", views.rename),
    path("privacy", by_method(GET=views.read_privacy, PUT=views.put_privacy)),
]
