"""A stranger's input is refused in words of its own: never a 500, a 1011 or a traceback."""

import os
import random

import pytest

from testkit.running import Site
from tests.chatsite.door.stranger import (
    ask,
    dial,
    eventually,
    frame,
    read_all,
    read_head,
    request,
    status,
    upgrade,
)

# Short, and always the same. A long one by hand: FUZZ_SEED=7 FUZZ_MUTANTS=200000 pytest -k mutant
SEED = int(os.environ.get("FUZZ_SEED", "8"))
MUTANTS = int(os.environ.get("FUZZ_MUTANTS", "2000"))
TOKEN = "a" * 32
FORM = (
    f'--b\r\nContent-Disposition: form-data; name="csrfmiddlewaretoken"\r\n\r\n{TOKEN}\r\n--b--\r\n'
)


def post(site: Site, path: str, body: bytes, *headers: str) -> bytes:
    length = f"Content-Length: {len(body)}"
    return request(site, path, length, f"Origin: {site.url}", *headers, method="POST") + body


@pytest.fixture(autouse=True)
def _says_nothing_of_it(site: Site):
    said = len(site.log.read_text())
    yield
    said_since = site.log.read_text()[said:]
    assert "Traceback" not in said_since, said_since[-4000:]


@pytest.mark.parametrize(
    "target", ["@evil.example/", "*", "help", "?x", "http://localhost/help", "/help\xb0"]
)
def test_a_target_that_is_no_path_is_refused(site: Site, target: str) -> None:
    assert status(ask(site, request(site))) == 200
    answer = ask(site, request(site, target))
    assert status(answer) == 400
    assert b"evil" not in answer


@pytest.mark.parametrize(
    "origin", ["http://[", "http://[::1", "http://a:b", "//[", "http://:99999"]
)
def test_an_origin_that_cannot_be_taken_apart_is_refused(site: Site, origin: str) -> None:
    assert status(ask(site, post(site, "/live", b"{"))) == 400
    for path in ("/live", "/api/start"):
        wrong = request(site, path, f"Origin: {origin}", "Content-Length: 1", method="POST") + b"{"
        assert status(ask(site, wrong)) in {400, 403}
    with dial(site) as link:
        link.sendall(upgrade(site, origin=origin))
        assert status(read_head(link)) == 400


@pytest.mark.parametrize("path", ["/other", "/", "/live/x", "/live%2f", "/help", "/%ff"])
def test_no_socket_is_elsewhere(site: Site, path: str) -> None:
    with dial(site) as link:
        link.sendall(upgrade(site))
        assert status(read_head(link)) == 101
    with dial(site) as link:
        link.sendall(upgrade(site, path))
        assert status(read_all(link)) == 404


def test_nobody_tells_the_site_where_it_is_mounted(site: Site) -> None:
    for value in ("/elsewhere", "\xff"):
        answer = ask(site, request(site, "/help", f"Daphne-Root-Path: {value}"))
        assert status(answer) == 200
        assert b"elsewhere" not in answer
        with dial(site) as link:
            link.sendall(upgrade(site, "/live", f"Daphne-Root-Path: {value}"))
            assert status(read_head(link)) == 101


HEADERS = [
    "Cookie", "User-Agent", "Referer", "Host", "Content-Type", "X-CSRFToken", "Accept-Language",
    "Sec-WebSocket-Protocol", "Sec-WebSocket-Extensions", "X-Forwarded-For", "If-None-Match",
    "If-Modified-Since", "Range", "Expect", "Connection", "Upgrade", "Content-Length",
]  # fmt: skip


@pytest.mark.parametrize("header", HEADERS)
@pytest.mark.parametrize(
    "value", ["\xff", "\xc3(", "9" * 5000, ",;=\"'"], ids=["latin1", "no UTF-8", "long", "marks"]
)
def test_no_header_breaks_anything(site: Site, header: str, value: str) -> None:
    line = f"{header}: {value}"
    for data in (
        request(site, "/help", line),
        post(site, "/live", b"{}", line),
        post(site, "/api/start", b"{}", line),
        upgrade(site, "/live", line),
    ):
        with dial(site) as link:
            link.sendall(data)
            assert status(read_head(link)) < 500


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("multipart/form-data; boundary=b", FORM.encode()),
        ("multipart/form-data; boundary=b", FORM[:60].encode()),
        ("multipart/form-data", FORM.encode()),
        ("multipart/form-data; boundary=\xff", FORM.encode()),
        ("application/x-www-form-urlencoded", f"csrfmiddlewaretoken={TOKEN}&a=%ff".encode()),
        ("application/x-www-form-urlencoded; charset=utf-16", b"a=\xff"),
        ("application/json", b'{"name": "\xff"}'),
        ("application/json; charset=none", b"\xff\xfe"),
    ],
)
def test_a_body_of_another_kind_is_refused(site: Site, kind: str, body: bytes) -> None:
    csrf = f"Cookie: csrf={TOKEN}"
    with_token = post(
        site, "/api/start", b"{}", csrf, f"X-CSRFToken: {TOKEN}", "Content-Type: application/json"
    )
    assert b"bad_body" in ask(site, with_token), "else the token proves nothing"
    for path in ("/api/start", "/live", "/help", "/people"):
        data = post(site, path, body, csrf, f"Content-Type: {kind}")
        assert 300 <= status(ask(site, data)) < 500


def test_a_thousand_refusals_in_one_packet_are_one(site: Site) -> None:
    with dial(site) as link:
        link.sendall(b"GET /help HTTP/1.1\r\nHost: a\r\nA: \x0b\r\n\r\n" * 1500)
        answer = read_all(link)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert answer.count(b"HTTP/1.1") == 1


def corpus(site: Site) -> list[bytes]:
    chunked = request(site, "/api/start", "Transfer-Encoding: chunked", method="POST")
    return [
        request(site),
        request(site, "/live", "Content-Length: 2", f"Origin: {site.url}", method="POST") + b"{}",
        post(site, "/api/start", b'{"name":"x"}', f"Cookie: csrf={TOKEN}; session=x"),
        chunked + b"5\r\nhello\r\n0\r\nA: b\r\n\r\n",
        upgrade(site),
        upgrade(site) + frame(1, b'{"t":"hello"}') + frame(9, b"x") + frame(8, b"\x03\xe8"),
        upgrade(site) + frame(1, b"a", final=False) + frame(0, b"b") + frame(2, b"\xff" * 200),
    ]  # fmt: skip


def mutant(seeds: list[bytes], chance: random.Random) -> bytes:
    """Bytes changed, dropped, doubled, put in; parts of two inputs joined."""
    data = chance.choice(seeds)
    for _ in range(chance.randint(1, 6)):
        other = chance.choice(seeds)
        start = chance.randrange(len(data) + 1)
        end = start + chance.randint(0, 8)
        piece = chance.choice(
            [
                b"",
                bytes([chance.randrange(256)]),
                chance.randbytes(chance.randint(1, 8)),
                chance.choice([b"\r\n", b"\x00", b"%", b"9" * 30, b":", b"[", b"\x7f"]),
                2 * data[start : start + 64],
                other[chance.randrange(len(other)) :],
            ]
        )
        data = data[:start] + piece + data[end:]
    return data


def test_no_mutant_of_a_request_or_a_frame_breaks_anything(site: Site) -> None:
    chance, seeds = random.Random(SEED), corpus(site)
    for data in seeds:
        with dial(site) as link:
            link.sendall(data)
            assert status(read_head(link)) < 500, data
    for _ in range(MUTANTS):
        data = mutant(seeds, chance)
        with dial(site) as link:
            link.sendall(data)
            link.shutdown(1)
            answer = read_head(link)
            assert not answer or status(answer) < 500, data
    assert eventually(site, lambda: True)
