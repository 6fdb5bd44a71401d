"""A part of a file is let in by its ticket, before its body; an answer that breaks off ends the
connection."""

import base64
import secrets

import pytest

from chatsite.door.bodies import BUDGET, FORM_MAX, KEPT, SHARE, Shares
from media import tickets
from media.tickets import Upload
from testkit.cast import now_ms
from testkit.running import Site
from tests.chatsite.door.stranger import (
    ask,
    dial,
    eventually,
    memory,
    read_all,
    request,
    reset,
    status,
)

MB = 1024 * 1024
PART = 4 * MB


def head(site: Site, blob: bytes, ticket: str, length: int, n: int = 0) -> bytes:
    headers = (f"Authorization: Ticket {ticket}", f"Content-Length: {length}")
    return request(site, f"/blobs/{blob.hex()}/{n}", *headers, method="PUT")


def ticket(site: Site, blob: bytes, owner: bytes | None = None, size: int = PART) -> str:
    line = (site.var / "secrets" / "ticket").read_text().strip()
    kid, _, key = line.partition(":")
    keys = [(kid, base64.b64decode(key))]
    upload = Upload(owner or secrets.token_bytes(16), secrets.token_bytes(16), blob, size, PART)
    return tickets.make(
        keys, tickets.Ticket(upload, bytes(16)), now_ms=now_ms(), random=secrets.token_bytes(16)
    )[0]


def test_without_a_good_ticket_nothing_of_the_body_is_read(site: Site) -> None:
    blob = secrets.token_bytes(16)
    good = ticket(site, blob)
    for what, length, wanted in (
        ("x", PART, 401), (good, PART + 1, 413), (good, PART - 1, 400), (good, 0, 400),
        (ticket(site, secrets.token_bytes(16)), PART, 404),
    ):  # fmt: skip
        with dial(site) as link:
            link.sendall(head(site, blob, what, length))
            assert status(read_all(link)) == wanted, length


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_only_a_part_that_is_put_may_be_large(site: Site, method: str) -> None:
    path = f"/blobs/{secrets.token_bytes(16).hex()}/0"
    long = f"Content-Length: {FORM_MAX + 1}"
    assert status(ask(site, request(site, path, long, method=method))) == 413
    chunk = b"%x\r\n" % (FORM_MAX + 1) + bytes(FORM_MAX + 1)
    head = request(site, path, "Transfer-Encoding: chunked", method=method)
    assert status(ask(site, head + chunk)) == 413


def test_what_has_a_ticket_and_no_row_is_read_and_refused(site: Site) -> None:
    blob = secrets.token_bytes(16)
    data = head(site, blob, ticket(site, blob), PART) + bytes(PART)
    assert status(ask(site, data)) == 404


def test_more_parts_than_there_is_room_for_are_told_to_wait(site: Site) -> None:
    before = memory(site)
    blob = secrets.token_bytes(16)
    links = []
    for _ in range(BUDGET // PART):
        link = dial(site)
        link.sendall(head(site, blob, ticket(site, blob), PART) + b"x")
        links.append(link)
    with dial(site) as link:
        link.sendall(head(site, blob, ticket(site, blob), PART))
        answer = read_all(link)
    assert (status(answer), b"Retry-After: 1" in answer) == (503, True)
    assert status(ask(site, request(site))) == 200, "other requests have a budget of their own"
    for link in links:
        link.close()
    assert memory(site) - before < BUDGET + 16 * MB


def test_a_few_who_take_all_they_may_leave_room_for_others() -> None:
    """Somebody who has a part under way gets none of the half that is for those who have none."""
    shares = Shares(BUDGET, SHARE, KEPT)
    few = [shares.of(bytes([n]) * 16) for n in range(3)]
    taken = [[one.take(PART) for _ in range(BUDGET // PART)].count(True) for one in few]
    assert (taken[0], sum(taken)) == (SHARE // PART, (BUDGET - KEPT) // PART + 1)
    others = [shares.of(bytes([n]) * 16) for n in range(3, 10)]
    assert all(one.take(PART) for one in others)
    assert not shares.of(b"x" * 16).take(PART)
    others[0].give(PART)
    assert shares.of(b"x" * 16).take(PART)


def test_parts_whose_client_has_gone_leave_nothing(site: Site) -> None:
    blob = secrets.token_bytes(16)
    data = head(site, blob, ticket(site, blob), PART) + bytes(PART)
    assert status(ask(site, data)) == 404
    before = memory(site)
    for _ in range(60):
        link = dial(site)
        link.sendall(data)
        reset(link)
    assert eventually(site, lambda: status(ask(site, data)) == 404)
    assert memory(site) - before < 48 * MB


def test_one_person_takes_no_more_than_a_share(site: Site) -> None:
    """However slowly they send. What they took is theirs again with the end of its connection."""
    blob, owner = secrets.token_bytes(16), secrets.token_bytes(16)
    theirs = head(site, blob, ticket(site, blob, owner), PART)
    links = []
    for _ in range(SHARE // PART):
        link = dial(site)
        link.sendall(theirs + b"x")
        links.append(link)
    answer = ask(site, theirs)
    assert (status(answer), b"Retry-After: 1" in answer) == (503, True)
    assert b'"share"' in answer
    others = head(site, blob, ticket(site, blob), PART) + bytes(PART)
    assert status(ask(site, others)) == 404, "let in: only its row is missing"
    links.pop().close()
    assert eventually(site, lambda: status(ask(site, theirs + bytes(PART))) == 404)
    for link in links:
        link.close()
