from django.urls import path

from messaging.consumers import ChatConsumer

websocket_urlpatterns = [path("live", ChatConsumer.as_asgi())]  # type: ignore[arg-type]  # no view
