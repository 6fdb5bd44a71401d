import pytest
from django.core.cache import cache
from django.test import RequestFactory

from chatsite.edge import limits
from chatsite.edge.refusals import Refusal

NOW = 1_760_000_400_000  # the start of an hour
HOUR = 3_600_000
TWICE = limits.Limit("twice", 2, limits.HOUR)


def test_a_limit_counts_per_subject_and_window():
    limits.take(TWICE, "alice", NOW)
    limits.take(TWICE, b"alice", NOW + 1)
    with pytest.raises(Refusal) as refused:
        limits.take(TWICE, "alice", NOW + HOUR - 5)
    assert (refused.value.status, refused.value.code) == (429, "rate")
    assert refused.value.retry_ms == 5
    limits.take(TWICE, "bob", NOW + 2)
    limits.take(TWICE, "alice", NOW + HOUR)


def test_benchmarks_raise_the_limits(settings):
    settings.LIVE_RATE_FACTOR = 2
    for _ in range(4):
        limits.take(TWICE, "alice", NOW)
    with pytest.raises(Refusal):
        limits.take(TWICE, "alice", NOW)


def test_a_forgotten_counter_lets_pass(monkeypatch):
    monkeypatch.setattr(cache, "add", lambda *_: False, raising=False)
    limits.take(TWICE, "alice", NOW)


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),  # a listener for both families, where all were one
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("", ""),
    ],
)
def test_one_customer_is_one_address(address: str, counted: str):
    assert limits.address(RequestFactory(REMOTE_ADDR=address).get("/")) == counted


def test_cheap_reads_have_a_limit_too(monkeypatch, alice, browser):
    monkeypatch.setattr(limits, "take", lambda limit, *_: named.append(limit))
    named: list[limits.Limit] = []
    for path in ("/api/nonce", "/api/sessions", "/api/privacy", "/api/wraps"):
        assert browser.call("GET", path).status == 200
    assert set(named) == {limits.READS}
