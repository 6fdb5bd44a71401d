"""A WebSocket from any page carries the cookies of the site, so the page must be one of ours."""

from typing import Any

from channels.security.websocket import WebsocketDenier

from chatsite.edge import origins

_deny: Any = WebsocketDenier()


class OurPages:
    def __init__(self, application: Any) -> None:
        self.application = application

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        said = [value for name, value in scope["headers"] if name == b"origin"]
        ours = len(said) == 1 and origins.is_ours(said[0].decode("latin1"))
        await (self.application if ours else _deny)(scope, receive, send)
