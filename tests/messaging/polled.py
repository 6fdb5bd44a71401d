"""The long poll, spoken to the whole ASGI application in this process: what Socket is for the
WebSocket."""

import asyncio
import contextlib
from typing import Any

from django.conf import settings
from websockets.exceptions import ConnectionClosed

from messaging import protocol
from messaging.sessions.node import here
from testkit.cast import Person
from testkit.client.poll import PollLine
from tests.messaging.socket import HERE, SOON, Closed, Socket, site


class PolledSocket(Socket):
    def __init__(self, cookie: str, origin: str = settings.SITE_URL, address: str = HERE) -> None:
        self.challenge: protocol.Challenge | None = None
        self.read = 0
        self.post = AsgiPost(cookie, origin, address)
        self._line = PollLine(self.post)
        self._kept: list[protocol.ServerFrame] = []

    async def open(self) -> "PolledSocket":
        await self._line.open()
        self.challenge = await self.next(protocol.Challenge)
        return self

    def send_text(self, text: str) -> None:
        with contextlib.suppress(ConnectionClosed):  # as the WebSocket takes it: nobody hears
            self._line.put(text)

    async def leave(self, code: int = 1000) -> None:
        """Hang up, and let the time pass after which the server believes it."""
        await self._line.close()
        poll: Any = here().polls.get(bytes(self._line.sid or b""))
        if poll is not None:
            poll._expire()
            await poll._session.end()

    async def _frame(self) -> protocol.ServerFrame:
        try:
            text = await asyncio.wait_for(self._line.recv(), SOON)
        except ConnectionClosed as closed:
            raise Closed(closed.rcvd.code if closed.rcvd else 1006) from None
        self.read += 1
        return protocol.parse_server(text)


class AsgiPost:
    """One browser's calls. `headers` of the last answer are kept."""

    def __init__(self, cookie: str, origin: str = settings.SITE_URL, address: str = HERE) -> None:
        self._address = address
        self._headers = [
            (b"host", settings.SITE_HOST.encode()),
            (b"origin", origin.encode()),
            (b"cookie", f"{settings.SESSION_COOKIE_NAME}={cookie}".encode()),
            (b"content-type", b"application/json"),
        ]
        self.headers: dict[bytes, bytes] = {}

    async def __call__(
        self, body: bytes, node: str = "", method: str = "POST"
    ) -> tuple[int, bytes]:
        asked: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        asked.put_nowait({"type": "http.request", "body": body, "more_body": False})
        events: list[dict[str, Any]] = []

        async def told(event: dict[str, Any]) -> None:
            events.append(event)

        scope: Any = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method,
            "scheme": "http", "path": "/live", "raw_path": b"/live",
            "query_string": f"n={node}".encode() if node else b"",
            "root_path": "", "headers": self._headers, "client": [self._address, 40000],
            "server": ["127.0.0.1", 8000],
        }  # fmt: skip
        served = asyncio.ensure_future(site(scope, asked.get, told))
        try:
            await asyncio.shield(served)
        except asyncio.CancelledError:
            asked.put_nowait({"type": "http.disconnect"})
            await served
            raise
        start, content = events
        self.headers = {name.lower(): value for name, value in start["headers"]}
        return start["status"], content["body"]


async def dial(who: Person, device: int = 0) -> PolledSocket:
    return await PolledSocket(who.devices[device].cookie).open()
