"""What a stranger sends to the whole site, and no answer that is a fault of ours."""

import random
from typing import Any

import pytest
from django.conf import settings
from django.core.cache import cache
from django.urls import get_resolver

from chatsite.asgi import application
from chatsite.running import threads
from messaging import protocol
from testkit.cast import Person
from tests.fuzz.mutate import DEEP, near
from tests.fuzz.targets import TARGETS
from tests.messaging.conftest import (  # noqa: F401 -- fixtures
    alice,
    database_access,
    enrol,
    signed_up,
)
from tests.messaging.socket import Socket, arrived

REQUESTS = 300
FRAMES = 60
METHODS = ("GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH")
TYPES = (
    b"application/json", b"application/json; charset=utf-16", b"text/plain; charset=base64", b"",
    b"multipart/form-data; boundary=x", b"multipart/form-data", b"multipart/form-data; boundary=",
    b"application/x-www-form-urlencoded", b"application/x-www-form-urlencoded; charset=rot13",
    b"multipart/form-data; boundary=x; charset=idna", b"text/plain; x*=nothing''%41",
)  # fmt: skip
FORM = b'--x\r\nContent-Disposition: form-data; name="csrfmiddlewaretoken"\r\n\r\n%s\r\n--x--\r\n'
HEADERS = {
    b"origin": (b"http://[", b"null", b"http://localhost:99999", b"\xff"),
    b"cookie": (b"session=\xff\xfe", b"session=%00; csrf=\0", b"language=../x", b"a" * 3000),
    b"accept-language": (b"de-" * 500, b"\xff", b"x;q=1e400"),
    b"x-device-proof": (b"a.b.c", b"\xff.\xff.\xff", b"." * 900),
    b"x-enrolment": (b"\xff" * 40,),
    b"content-length": (b"9" * 5000, b"-1", b"x"),
    b"referer": (b"http://[", b"\xff"),
    b"user-agent": (b"\0\xff",),
}  # fmt: skip
site: Any = application


def _paths() -> list[str]:
    ids = ("00" * 16, "x", "0", "\0", "\u202e")
    found = [""]
    for pattern in get_resolver().url_patterns:
        for each in getattr(pattern, "url_patterns", [pattern]):
            prefix = str(pattern.pattern) if each is not pattern else ""
            found.append(prefix + str(each.pattern))
    return [
        f"/{path}".replace("<", "\n<").split("\n")[0] + each
        for path in found
        for each in ("", *ids)
    ]


async def _status(method: str, path: str, headers: list[tuple[bytes, bytes]], body: bytes) -> int:
    scope: dict[str, Any] = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method,
        "scheme": "http", "path": path, "raw_path": path.encode(), "root_path": "",
        "query_string": b"after=%FF%00&next=http://[", "headers": headers,
        "client": ["127.0.0.1", 40000], "server": ["127.0.0.1", 8000],
    }  # fmt: skip
    events: list[dict[str, Any]] = [{"type": "http.request", "body": body}]
    told: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return events.pop() if events else {"type": "http.disconnect"}

    async def send(event: dict[str, Any]) -> None:
        told.append(event)

    await site(scope, receive, send)
    return int(told[0]["status"]) if told else 0  # 0: the client is gone


def _request(dice: random.Random, cookie: bytes) -> tuple[list[tuple[bytes, bytes]], bytes]:
    headers = {
        b"host": settings.SITE_HOST.encode(), b"origin": settings.SITE_URL.encode(),
        b"x-csrftoken": b"a" * 32, b"cookie": cookie, b"content-type": dice.choice(TYPES),
    }  # fmt: skip
    for name, values in HEADERS.items():
        if dice.random() < 0.15:
            headers[name] = dice.choice(values)
    body = dice.choice((b"", FORM, FORM % (b"a" * 32), b"csrfmiddlewaretoken=%FF", b"[" * DEEP))
    if dice.random() < 0.5:
        body = near(dice, dice.choice(TARGETS).corpus)
    return list(headers.items()), body


@pytest.mark.parametrize("who", ["a stranger", "an account"])
async def test_no_request_is_answered_with_a_fault(who: str) -> None:
    dice, paths = random.Random(who), _paths()
    session = "nobody"
    if who == "an account":
        ann = await threads.run(signed_up, "ann")
        session = ann.browsers[0].session_key
    jar = f"{settings.SESSION_COOKIE_NAME}={session}; {settings.CSRF_COOKIE_NAME}={'a' * 32}"
    for path in ("/live", *paths, *dice.choices(paths, k=REQUESTS)):
        cache.clear()
        method = dice.choice(METHODS)
        headers, body = _request(dice, jar.encode())
        status = await _status(method, path, headers, body)
        assert status < 500 or status == 503, (method, path, headers, body)


async def test_no_frame_before_hello_is_a_fault_of_ours(alice: Person) -> None:  # noqa: F811
    dice = random.Random(4)
    corpus = TARGETS[0].corpus
    deserved = {protocol.CLOSE_BAD_FRAME, protocol.CLOSE_SIGN_IN, protocol.CLOSE_RATE}
    for text in (b"[" * DEEP, b'{"t":' * DEEP, *(near(dice, corpus) for _ in range(FRAMES))):
        socket = await Socket().open()
        socket.send_text(text.decode("utf-8", "replace"))
        assert await socket.closed() in deserved
    await arrived(alice)
