"""A log that anybody can fill is of no use."""

import logging

import pytest
from django.test import Client

from chatsite.logs import KINDS_MAX, LINE_MAX, Line, Seldom
from tests.accounts.people import Browser

pytestmark = pytest.mark.django_db


def levels(caplog: pytest.LogCaptureFixture) -> list[int]:
    return [record.levelno for record in caplog.records if record.name == "django.request"]


@pytest.fixture(autouse=True)
def _everything(caplog: pytest.LogCaptureFixture):
    with caplog.at_level(logging.DEBUG):
        yield


def test_refusals_of_the_api_are_told_at_debug(caplog: pytest.LogCaptureFixture):
    assert Browser().call("GET", "/api/nonce").status == 401
    assert Client().get("/api/not-there").status_code == 404
    assert levels(caplog) == [logging.DEBUG, logging.DEBUG]


def test_pages_that_are_not_there_are_told_at_info(caplog: pytest.LogCaptureFixture):
    assert Client().get("/wp-admin").status_code == 404
    assert levels(caplog) == [logging.INFO]


def test_faults_of_ours_are_told_in_full(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
):
    def broken(*_):
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr("accounts.sessions.current", broken)
    client = Client(raise_request_exception=False)
    assert client.get("/").status_code == 500
    assert levels(caplog) == [logging.ERROR]


def record(name: str, text: str, *args: object, error: BaseException | None = None):
    info = (type(error), error, None) if error else None
    return logging.LogRecord(name, logging.WARNING, __file__, 1, text, args, info)


def test_what_strangers_cause_is_told_once_a_minute_and_counted():
    now = 0.0
    seldom = Seldom(lambda: now)
    first = record("django.security.DisallowedHost", "Invalid HTTP_HOST header: %r", "a")
    assert seldom.filter(first)
    for _ in range(7):
        assert not seldom.filter(record(first.name, "Invalid HTTP_HOST header: %r", "b"))
    assert seldom.filter(record(first.name, "another kind"))
    assert seldom.filter(record("django.request", "%s: %s", "Broken", "/", error=ValueError()))
    assert seldom.filter(record("django.request", "%s: %s", "Broken", "/", error=KeyError()))
    now = 60.0
    later = record(first.name, "Invalid HTTP_HOST header: %r", "c")
    assert seldom.filter(later)
    assert later.getMessage() == "Invalid HTTP_HOST header: 'c' (and 7 like it before)"


def test_what_the_site_itself_says_is_told_each_time():
    seldom = Seldom(lambda: 0.0)
    assert all(seldom.filter(record("messaging.expiry", "the same")) for _ in range(3))


def test_kinds_without_end_are_not_kept():
    seldom = Seldom(lambda: 0.0)
    for number in range(3 * KINDS_MAX):
        assert seldom.filter(record("daphne.server", f"{number}"))
    assert len(seldom._kinds) <= KINDS_MAX


def test_no_line_is_longer_than_its_limit_and_a_bad_host_has_no_traceback():
    try:
        raise ValueError("a host")
    except ValueError as error:
        said = record("django.security.DisallowedHost", "%s\n%s", "x" * 20_000, "y", error=error)
        said.exc_info = (type(error), error, error.__traceback__)
    line = Line("%(message)s")
    assert "Traceback" in line.format(said)
    said.exc_text = None
    assert Seldom().filter(said)
    long, short = line.format(said).split("\n")
    assert len(long) < LINE_MAX + 40
    assert long.endswith("x… (19000 characters more)")
    assert short == "y"
