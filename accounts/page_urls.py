from django.urls import path

from accounts import pages

urlpatterns = [
    path("", pages.landing),
    path("sign-up", pages.sign_up),
    path("sign-in", pages.sign_in),
    path("reset", pages.reset),
    path("settings", pages.preferences),
    path("help", pages.about),
    path("site.webmanifest", pages.manifest),
]
