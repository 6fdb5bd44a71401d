"""Which host is asked first."""

from dataclasses import dataclass, field
from uuid import uuid4

import pytest
from cassandra.connection import DefaultEndPoint
from cassandra.policies import RoundRobinPolicy, SimpleConvictionPolicy
from cassandra.pool import Host

from messaging.backends.cassandra import hosts
from messaging.backends.cassandra.hosts import SpeakingFirst


@dataclass
class Request:
    """What the driver knows of one that is over."""

    attempted_hosts: list[Host]
    coordinator_host: Host | None = None
    _errors: dict[Host, Exception] = field(default_factory=dict)


def host(number: int) -> Host:
    return Host(DefaultEndPoint(f"127.0.0.{number}"), SimpleConvictionPolicy, host_id=uuid4())


A, B, C = host(1), host(2), host(3)
REFUSED = ConnectionError()


@pytest.fixture
def order() -> SpeakingFirst:
    policy = SpeakingFirst(RoundRobinPolicy())
    policy.populate(None, [A, B, C])
    return policy


def asked_last(order: SpeakingFirst) -> set[Host]:
    """Of those that are always last, however often the order goes round."""
    plans = [list(order.make_query_plan()) for _ in range(3)]
    assert all(set(plan) == {A, B, C} for plan in plans)
    last = {plan[-1] for plan in plans}
    return last if len(last) < 3 else set()


@pytest.mark.parametrize(
    ("request_", "silent"),
    [
        (Request([A], A), set()),
        (Request([A, B], B), {A}),  # B was asked as well, and answered
        (Request([A], None), {A}),  # nobody answered in time
        (Request([A, B], None), {A}),
        (Request([A, B], B, {A: REFUSED}), set()),  # that is no silence
        (Request([A, B], A, {A: REFUSED}), {B}),
        (Request([A, B], A), set()),  # it was slow, and B had no time
        (Request([], None), set()),
    ],
)
def test_who_was_asked_first_and_said_nothing(order, request_, silent) -> None:
    order.learn(request_)
    assert asked_last(order) == silent


def test_who_speaks_is_trusted_again(order) -> None:
    order.learn(Request([A], None))
    order.learn(Request([B], B))
    assert asked_last(order) == {A}
    order.learn(Request([B, A], A))
    assert asked_last(order) == {B}


def test_silence_is_forgotten_in_time(order, monkeypatch) -> None:
    order.learn(Request([A], None))
    monkeypatch.setattr(hosts, "SILENT_SECONDS", 0.0)
    order.learn(Request([A], None))
    assert asked_last(order) == set()


def test_all_that_are_silent_are_asked_all_the_same(order) -> None:
    for one in (A, B, C):
        order.learn(Request([one], None))
    assert len(list(order.make_query_plan())) == 3


def test_a_host_that_goes_takes_its_silence_along(order) -> None:
    order.learn(Request([A], None))
    order.on_remove(A)
    order.on_add(A)
    assert asked_last(order) == set()
