"""Mounted at the root of the site."""

from django.urls import URLPattern, URLResolver, path, re_path

from messaging import pages

urlpatterns: list[URLPattern | URLResolver] = [
    path("chats", pages.inbox),
    re_path(r"^chats/(?P<conv>[0-9a-f]{32})\Z", pages.conversation),
    path("people", pages.people),
    path("invite", pages.invite),
]
