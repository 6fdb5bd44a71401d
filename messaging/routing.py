from typing import Any

from django.urls import path

from messaging.consumers import ChatConsumer
from messaging.polling import LongPollConsumer

live: Any = ChatConsumer.as_asgi()  # no view, whatever path() thinks
live_by_calls: Any = LongPollConsumer.as_asgi()
websocket_urlpatterns: list[Any] = [path("live", live)]
http_urlpatterns: list[Any] = [path("live", live_by_calls)]
