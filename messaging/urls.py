"""Mounted under /api/."""

from django.urls import URLPattern, URLResolver, path

from chatsite.edge.endpoints import by_method
from messaging import views

urlpatterns: list[URLPattern | URLResolver] = [
    path("people", views.find_person),
    path("connections", by_method(GET=views.list_connections, POST=views.act)),
    path("connections/all", views.answer_all),
    path("invites", by_method(GET=views.list_invites, POST=views.make_invite)),
    path("invites/show", views.show_invite),
    path("invites/accept", views.accept_invite),
    path("invites/<str:invite>", views.withdraw_invite),
    path("epochs/read", views.read_epochs),
    path("epochs/<str:conv>", views.publish_epoch),
    path("boxes", views.put_boxes),
]
