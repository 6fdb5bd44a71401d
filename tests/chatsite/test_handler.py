"""A request through the whole application, as daphne hands it over."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.conf import settings
from django.contrib.staticfiles.storage import staticfiles_storage
from django.http import HttpResponse
from django.test import RequestFactory

from chatsite import handler
from chatsite.asgi import application
from chatsite.staticfiles import StaticFiles

pytestmark = pytest.mark.django_db(transaction=True)
site: Any = application


async def ask(
    path: str,
    method: str = "GET",
    headers: dict[str, str] | None = None,
    body: bytes = b"",
    *,
    address: str = "127.0.0.1",
    app: Any = site,
) -> tuple[int, dict[str, str], bytes]:
    sent: list[Any] = []
    raw = {"host": settings.SITE_HOST, **(headers or {})}
    scope = {
        "type": "http", "method": method, "path": path, "raw_path": path.encode(),
        "query_string": b"", "root_path": "", "client": [address, 40000],
        "server": ["127.0.0.1", 8000],
        "headers": [(name.encode(), value.encode()) for name, value in raw.items()],
    }  # fmt: skip

    async def receive() -> Any:
        return {"type": "http.request", "body": body}

    async def send(message: Any) -> None:
        sent.append(message)

    await app(scope, receive, send)
    start, *rest = sent
    answered = {name.decode().lower(): value.decode() for name, value in start["headers"]}
    return start["status"], answered, b"".join(part["body"] for part in rest)


async def test_a_page():
    status, headers, body = await ask("/")
    assert (status, headers["cache-control"]) == (200, "no-store")
    assert settings.SITE_NAME.encode() in body


async def test_a_file_comes_whole():
    path = staticfiles_storage.url("js/text.js")
    status, headers, body = await ask(path)
    assert (status, int(headers["content-length"])) == (200, len(body))
    assert (await ask(path, headers={"if-none-match": headers["etag"]}))[0] == 304
    assert (await ask(path, method="HEAD"))[2] == b""


def test_nobody_misses_a_file_while_the_folder_is_read(monkeypatch):
    """By the first request of a process for any of them; a page asks for many at once."""
    monkeypatch.setattr(StaticFiles, "_found", {})
    files = StaticFiles(lambda _: HttpResponse(status=404))
    request = RequestFactory().get(staticfiles_storage.url("js/text.js"))
    with ThreadPoolExecutor(handler.THREADS) as threads:
        answers = list(threads.map(files, [request] * 4 * handler.THREADS))
    assert {answer.status_code for answer in answers} == {200}
    for answer in answers:
        answer.close()


async def test_an_asynchronous_view_finds_the_loop():
    status, _, body = await ask("/api/connections")
    assert (status, b"sign_in" in body) == (401, True)


async def test_many_requests_share_a_few_threads():
    before = threading.active_count()
    answers = await asyncio.gather(*(ask("/help") for _ in range(5 * handler.THREADS)))
    assert {status for status, *_ in answers} == {200}
    ours = [each for each in threading.enumerate() if each.name.startswith("http_")]
    assert len(ours) <= handler.THREADS
    assert threading.active_count() <= before + handler.THREADS


class Slow(handler.OneHopHandler):
    """Some pages take until the test lets them go."""

    def __init__(self) -> None:
        super().__init__()
        self.go = threading.Event()

    def get_response(self, request: Any) -> Any:
        if request.path == "/help":
            self.go.wait()
        return super().get_response(request)


async def test_slow_requests_of_one_address_hold_up_no_other():
    slow = Slow()
    asked = [
        asyncio.create_task(ask("/help", address=f"2001:db8::{number:x}", app=slow))
        for number in range(2 * handler.THREADS)
    ]
    try:
        other = asyncio.create_task(ask("/", address="2001:db8:0:1::1", app=slow))
        assert (await asyncio.wait_for(other, 30))[0] == 200
        assert not any(task.done() for task in asked)
    finally:
        slow.go.set()
    assert {status for status, *_ in await asyncio.gather(*asked)} == {200}


async def test_a_client_that_leaves_before_its_body_is_there():
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": "/api/start", "headers": []}
    await site(scope, receive, send)
    assert sent == []


async def test_what_cannot_be_a_request_is_refused():
    assert (await ask("/api/start", "POST", {"content-length": "7"}, b"\xff{}"))[0] in (400, 403)
    assert (await ask("/", headers={"host": "evil.example"}))[0] == 400


FIELD = b'Content-Disposition: form-data; name="csrfmiddlewaretoken"'
FORM = b"--x\r\n" + FIELD + b"\r\n\r\n\\ud800\r\n--x--\r\n"
UNREADABLE = ("text/plain; a*=foo''%41", "multipart/form-data; boundary*=idna''%41")


@pytest.mark.parametrize("charset", ["idna", "base64", "unicode_escape", "utf-7", "nothing"])
async def test_a_form_is_utf_8_whatever_it_says(charset: str) -> None:
    headers = {
        "content-type": f"multipart/form-data; boundary=x; charset={charset}",
        "content-length": str(len(FORM)),
        "cookie": f"{settings.CSRF_COOKIE_NAME}={'a' * 32}",  # only then the form is read
    }
    assert (await ask("/sign-in", "POST", headers, FORM))[0] == 403


@pytest.mark.parametrize("kind", UNREADABLE)
async def test_a_type_that_cannot_be_read_is_refused(kind: str) -> None:
    assert (await ask("/sign-in", "POST", {"content-type": kind}))[0] == 400


@pytest.mark.parametrize("length", ["9" * 5000, "-1", "x", "5,5", "\u0665"])
async def test_a_length_that_is_no_number_is_refused(length: str) -> None:
    headers = {
        "content-type": "application/x-www-form-urlencoded",
        "content-length": length,
        "cookie": f"{settings.CSRF_COOKIE_NAME}={'a' * 32}",  # only then the form is read
    }
    assert (await ask("/sign-in", "POST", headers, FORM))[0] == 400
