"""Where a request goes: WebSocket and long poll to the live session, all other HTTP to Django."""

import os
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chatsite.settings")

import django

django.setup()  # what follows imports models

from channels.routing import ProtocolTypeRouter, URLRouter
from django.urls import re_path

from chatsite.handler import OneHopHandler
from chatsite.origin import OurPages
from messaging.routing import http_urlpatterns, websocket_urlpatterns

_http: Any = OneHopHandler()
rest: Any = re_path("", _http)
application = ProtocolTypeRouter(
    {
        "http": URLRouter([*http_urlpatterns, rest]),
        "websocket": OurPages(URLRouter(websocket_urlpatterns)),
    }
)
