"""Mounted under /api/."""

from django.urls import URLPattern, URLResolver, path

from chatsite.edge.endpoints import by_method
from media import views

urlpatterns: list[URLPattern | URLResolver] = [
    path("blobs", views.grant),
    path("blobs/<str:blob>", by_method(GET=views.resume, DELETE=views.cancel)),
    path("blobs/<str:blob>/whole", views.whole),
    path("blobs/<str:blob>/urls", views.urls),
    path("storage", views.storage),
]
