"""A log that anybody can fill is of no use."""

import logging

import pytest
from django.test import Client

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
