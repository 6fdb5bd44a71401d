from typing import Any

from django.urls import path

from messaging.consumers import ChatConsumer

live: Any = ChatConsumer.as_asgi()  # no view, whatever path() thinks
websocket_urlpatterns: list[Any] = [path("live", live)]
