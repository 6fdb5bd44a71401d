"""Where a request goes: WebSocket and long poll to the live session, the bytes of files to their
own application, all other HTTP to Django."""

import os
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chatsite.settings")

import django

django.setup()  # what follows imports models

from channels.routing import ProtocolTypeRouter, URLRouter
from django.urls import re_path

from chatsite.handler import OneHopHandler
from chatsite.hosts import AdminHost
from chatsite.origin import OurPages
from media.parts import Parts
from messaging.routing import http_urlpatterns, websocket_urlpatterns

_http: Any = OneHopHandler()
blobs: Any = re_path("^blobs/", Parts())  # type: ignore[arg-type]  # no view
rest: Any = re_path("", _http)
application = AdminHost(
    ProtocolTypeRouter(
        {
            "http": URLRouter([*http_urlpatterns, blobs, rest]),
            "websocket": OurPages(URLRouter(websocket_urlpatterns)),
        }
    ),
    _http,
)
