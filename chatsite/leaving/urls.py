"""Mounted under /api/."""

from django.urls import path

from chatsite.leaving import views

urlpatterns = [
    path("export", views.take_along),
    path("deletion", views.delete),
    path("deletion/step", views.go_on),
]
