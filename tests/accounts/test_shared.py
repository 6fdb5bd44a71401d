"""What several processes share lies in the cache: limits, used nonces, leases. And without it."""

import logging
import secrets

import pytest

from chatsite.edge import limits
from chatsite.edge.limits import Limit
from chatsite.edge.refusals import Refusal
from chatsite.running import jobs
from chatsite.running.clock import now_ms
from tests.accounts.people import Browser, Person
from tests.faulty import AWAY_CACHE

FEW = Limit("few", 1, 60)
NOW = 1_790_000_000_000


def test_without_the_cache_a_process_counts_for_itself_and_says_so_once_a_minute(
    settings, caplog: pytest.LogCaptureFixture
):
    subject = secrets.token_hex(8)
    limits.take(FEW, subject, NOW)
    settings.CACHES = AWAY_CACHE
    before = limits.alone.count
    limits.alone._logged = 0
    with caplog.at_level(logging.WARNING):
        limits.take(FEW, subject, NOW)
        with pytest.raises(Refusal):
            limits.take(FEW, subject, NOW + 59_999 - NOW % 60_000)
        limits.take(FEW, subject, NOW + 60_000)
    assert limits.alone.count == before + 3
    assert caplog.text.count("each process counts for itself") == 2


@pytest.mark.django_db
def test_a_nonce_that_nobody_can_look_up_does_not_pass(alice: Person, browser: Browser, settings):
    assert browser.call("GET", "/api/notes").status == 200
    working = settings.CACHES
    settings.CACHES = AWAY_CACHE
    answer = browser.call("GET", "/api/notes")
    assert (answer.status, answer.code) == (503, "busy")
    assert answer.json["retry_ms"] > 0
    settings.CACHES = working
    assert browser.call("GET", "/api/notes").status == 200


def test_a_lease_is_its_owners_until_it_lapses(monkeypatch: pytest.MonkeyPatch):
    job = f"sweep{now_ms()}"
    assert jobs.take(job, 60, "one")
    assert not jobs.take(job, 60, "two")
    assert jobs.take(job, 60, "one")
    monkeypatch.setattr(jobs, "LEASE_SECONDS", -60)
    assert jobs.take(job, 60, "one")  # it is kept for no time at all
    assert jobs.take(job, 60, "two")


async def test_work_is_done_once_a_site(monkeypatch: pytest.MonkeyPatch):
    job, done = f"sweep{now_ms()}", []

    async def work() -> None:
        done.append(jobs._me)

    for process in ("one", "two", "one", "two"):
        monkeypatch.setattr(jobs, "_me", process)
        await jobs.once_a_site(job, work, 60)
    assert done == ["one", "one"]


async def test_without_the_cache_such_work_waits(settings, caplog: pytest.LogCaptureFixture):
    settings.CACHES = AWAY_CACHE

    async def work() -> None:
        raise AssertionError("nobody knows whether another process does it")

    await jobs.once_a_site("sweep", work, 60)
    assert "sweep waits" in caplog.text
