from django.urls import path

from moderation import pages

urlpatterns = [
    path("suspended", pages.suspended),
    path("decisions", pages.decisions),
]
