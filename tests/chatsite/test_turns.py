"""Threads of requests give way to the loop soon, and only then."""

import sys
from collections.abc import Iterator

import pytest

from chatsite.running.turns import LONG_SECONDS, SHORT_SECONDS, short_turns


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    seconds = sys.getswitchinterval()
    yield
    sys.setswitchinterval(seconds)


def interval() -> float:
    return round(sys.getswitchinterval(), 6)


def test_turns_are_short_while_any_request_runs() -> None:
    with short_turns():
        with short_turns():
            assert interval() == SHORT_SECONDS
        assert interval() == SHORT_SECONDS
    assert interval() == LONG_SECONDS


def test_a_request_that_fails_ends_them() -> None:
    with pytest.raises(ZeroDivisionError), short_turns():
        raise ZeroDivisionError
    assert interval() == LONG_SECONDS
