"""Mounted under /api/."""

from django.urls import URLPattern, URLResolver, path

from accounts.api import by_method
from messaging import views

urlpatterns: list[URLPattern | URLResolver] = [
    path("people", views.find_person),
    path("connections", by_method(GET=views.list_connections, POST=views.act)),
    path("invites", by_method(GET=views.list_invites, POST=views.make_invite)),
    path("invites/use", views.use_invite),
    path("invites/<str:invite>", views.revoke_invite),
    path("epochs/<str:conv>", by_method(GET=views.read_epochs, POST=views.publish_epoch)),
    path("epochs/<str:conv>/<int:n>/box", views.put_box),
]
