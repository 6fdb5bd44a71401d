"""The table of contents of what arrives: WebSocket and long poll to the live session, all other
HTTP to Django."""

import os
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chatsite.settings")

from django.core.asgi import get_asgi_application

_http: Any = get_asgi_application()  # sets Django up: what follows imports models

from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import AllowedHostsOriginValidator
from django.urls import re_path

from messaging.routing import http_urlpatterns, websocket_urlpatterns

rest: Any = re_path("", _http)
application = ProtocolTypeRouter(
    {
        "http": URLRouter([*http_urlpatterns, rest]),
        "websocket": AllowedHostsOriginValidator(URLRouter(websocket_urlpatterns)),
    }
)
