"""`python -m tests.chatsite.door.echo`: the server, with an application that says to a request or
a socket whom the site takes it for. For a testkit.running.Site, on the port that the site was
given.
"""

import json
import os
from typing import Any

import django


async def application(scope: Any, receive: Any, send: Any) -> None:
    names = [name for name, _ in scope["headers"]]
    forwarded = [name.decode() for name in names if b"forwarded" in name or b"real" in name]
    said = json.dumps([scope["client"][0], scope.get("scheme"), sorted(forwarded)])
    if scope["type"] == "websocket":
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.send", "text": said})
        await receive()  # the opening
        await receive()  # the end
        return
    length = (b"Content-Length", str(len(said)).encode())
    await send({"type": "http.response.start", "status": 200, "headers": [length]})
    await send({"type": "http.response.body", "body": said.encode()})


def run() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chatsite.settings")
    django.setup()
    from chatsite.door import reactor

    reactor.install()
    from django.conf import settings

    from chatsite.server import ChatServer

    ChatServer(application, settings.HOST, settings.PORT, "a-node").run()


if __name__ == "__main__":
    run()
