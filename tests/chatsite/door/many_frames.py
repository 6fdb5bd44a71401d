"""`python -m tests.chatsite.door.many_frames`: one packet of 3,000 frames to one socket.

Prints how many came through, whether in order, how many at most between two turns of the loop,
and whether the connection was read meanwhile and afterwards.
"""

import asyncio
import os
from typing import Any

import django

from tests.chatsite.door.stranger import frame

FRAMES = 3000


async def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chatsite.settings")
    django.setup()
    from daphne.ws_protocol import WebSocketFactory
    from django.conf import settings
    from twisted.internet.testing import StringTransport

    from chatsite.door.sockets import Socket

    settings.LIVE_RATE_FACTOR = 1000

    class Fed(Socket):
        came: list[bytes] = []

        def onMessage(self, payload: bytes, isBinary: bool) -> None:  # noqa: N802, N803
            self.came.append(payload)

    line, fed = StringTransport(), Fed()
    fed.factory = WebSocketFactory(None)
    fed.makeConnection(line)
    fed.state = fed.STATE_OPEN
    fed.current_frame, fed.inside_message, fed.websocket_version = None, False, 13
    fed.dataReceived(b"".join(frame(0x1, b"%d" % number) for number in range(FRAMES)))
    most, before, meanwhile = len(fed.came), len(fed.came), line.producerState == "producing"
    while len(fed.came) < FRAMES:
        await asyncio.sleep(0)
        most, before = max(most, len(fed.came) - before), len(fed.came)
    await asyncio.sleep(0)
    in_order: Any = fed.came == [b"%d" % number for number in range(FRAMES)]
    after = line.producerState == "producing"
    print(len(fed.came), in_order, most, meanwhile, after)  # noqa: T201


if __name__ == "__main__":
    asyncio.run(main())
