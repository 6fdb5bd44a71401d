"""A body is refused before it is kept: by its own size, and by what all bodies hold."""

import contextlib
import select
from socket import socket

from chatsite.door.bodies import BUDGET, FORM_MAX
from chatsite.edge.endpoints import BODY_MAX
from messaging.polling import BODY_MAX as CALL_MAX
from moderation.protocol import REPORT_BODY_MAX
from testkit.running import Site
from tests.chatsite.door.stranger import (
    ask,
    dial,
    eventually,
    memory,
    read_all,
    read_head,
    request,
    status,
)

MB = 1024 * 1024
LIMITS = {
    "/api/start": BODY_MAX, "/api/reports": REPORT_BODY_MAX, "/live": CALL_MAX, "/help": FORM_MAX,
}  # fmt: skip


def head(site: Site, path: str, *headers: str) -> bytes:
    return request(site, path, f"Origin: {site.url}", *headers, method="POST")


def test_what_is_within_the_limit_of_its_path_comes_through(site: Site) -> None:
    for path, largest in LIMITS.items():
        data = head(site, path, f"Content-Length: {largest}") + b" " * largest
        assert status(ask(site, data)) in {400, 403, 405}, path


def test_what_is_announced_above_it_is_refused_before_it_comes(site: Site) -> None:
    for path, largest in LIMITS.items():
        with dial(site) as link:
            link.sendall(head(site, path, f"Content-Length: {largest + 1}"))
            answer = read_all(link)
        assert status(answer) == 413, path
        assert b'"too_big"' in answer


def test_what_comes_by_chunks_is_refused_where_it_passes_the_limit(site: Site) -> None:
    assert status(ask(site, request(site))) == 200
    before = memory(site)
    chunk = b"100000\r\n" + b"x" * MB + b"\r\n"
    with dial(site) as link:
        link.sendall(head(site, "/api/start", "Transfer-Encoding: chunked"))
        sent = 0
        with contextlib.suppress(OSError):
            while sent < 600 and not select.select([link], [], [], 0)[0]:
                link.sendall(chunk)
                sent += 1
        assert sent < 60, "nobody reads it any more"
        assert status(read_head(link)) == 413
    assert memory(site) - before < 16 * MB


def test_all_bodies_together_have_a_budget(site: Site) -> None:
    """Each of them within its limit, and none of them whole."""
    part = b"x" * (BODY_MAX - 1)
    announced = head(site, "/api/start", f"Content-Length: {BODY_MAX}")
    links: list[socket] = []
    try:
        for _ in range(BUDGET // BODY_MAX + 40):
            links.append(dial(site))
            links[-1].sendall(announced + part)
        answered: list[socket] = []
        assert eventually(
            site, lambda: answered.extend(select.select(links, [], [], 0)[0]) or answered
        )
        answer = read_head(answered[0])
        assert status(answer) == 503
        assert b"Retry-After: " in answer
        assert status(ask(site, request(site))) == 200, "who sends no body has room"
    finally:
        for link in links:
            link.close()
    whole = announced + part + b"x"
    assert eventually(site, lambda: status(ask(site, whole)) == 403), "what was held is given back"
