"""Mounted under /api/."""

from django.urls import URLPattern, URLResolver, path

from moderation import views

urlpatterns: list[URLPattern | URLResolver] = [
    path("moderation-key", views.sealing_key),
    path("reports", views.send),
    path("decisions", views.news),
    path("appeals", views.appeal),
]
