"""On the admin's own host there is the admin, and no live session and no file of the chats."""

from typing import Any

from moderation import door


class AdminHost:
    def __init__(self, site: Any, django: Any) -> None:
        self._site, self._django = site, django

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        application = self._site
        said = [value for name, value in scope.get("headers", ()) if name == b"host"]
        if any(door.names_admin(host.decode("latin1")) for host in said):
            application = self._django if scope["type"] == "http" else _deny
        await application(scope, receive, send)


async def _deny(_scope: Any, receive: Any, send: Any) -> None:
    """A WebSocket, which is refused before it is one."""
    await receive()
    await send({"type": "websocket.close"})
