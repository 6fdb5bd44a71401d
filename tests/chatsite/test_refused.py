"""Refusals are counted by where and what, and by nothing that comes from outside."""

import re

import pytest

from accounts import protocol
from chatsite.edge import endpoints
from chatsite.edge.wire import B32, encoder
from chatsite.running import metrics
from moderation.models import FIGURE_MAX
from tests.accounts.conftest import alice
from tests.accounts.people import Browser, Person
from tests.chatsite.test_refusals import codes
from tests.media.carrying import ask
from tests.moderation.conftest import Member, admin, member

__all__ = ["admin", "alice", "member"]
WHERE = {*endpoints._COUNTED.values(), "api", "part", "live", "admin"}


@pytest.fixture(autouse=True)
def _from_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics.REFUSED, "_counts", {})


def counted() -> dict[str, float]:
    return metrics.REFUSED.numbers()


def test_an_endpoint_counts_where_it_is_and_what_it_says(alice: Person) -> None:
    browser = Browser()
    wrong = protocol.SignIn(name="alice", auth=B32(bytes(32)))
    assert browser.call("POST", "/api/sign-in", wrong).status == 403
    assert browser.send("POST", "/api/sign-up/start", b"{", {}).status == 400
    assert browser.send("GET", "/api/notes", b"", {}).status == 401
    assert browser.send("POST", "/api/reports", b"{", {}).status == 401
    assert browser.send("POST", "/api/blobs", encoder.encode(wrong), {}).status == 401
    assert counted() == {
        "sign_in_wrong": 1, "sign_up_bad_body": 1, "api_sign_in": 1, "report_sign_in": 1,
        "upload_sign_in": 1,
    }  # fmt: skip


async def test_parts_count_theirs() -> None:
    assert (await ask("PUT", "/blobs/x/0", "Ticket x")).status == 404
    assert (await ask("GET", f"/blobs/{'0' * 32}/0")).status == 401
    assert counted() == {"part_unknown": 1, "part_denied": 1}


@pytest.mark.django_db
def test_the_admin_counts_its_own(member: Member) -> None:
    client = member("auditor")
    for _ in range(11):
        client.post("/factors/", {"password": "x"})
    assert counted() == {"admin_rate": 1}


def test_every_kind_fits_a_figure_and_a_line() -> None:
    longest = max(map(len, WHERE)) + 1
    for code in codes():
        assert re.fullmatch("[a-z0-9_]+", code)
        assert longest + len(code) <= FIGURE_MAX, code
