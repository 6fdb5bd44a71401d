"""Mounted under /api/."""

from django.urls import path

from chatsite.leaving import views

urlpatterns = [
    path("export", views.take_along),
]
