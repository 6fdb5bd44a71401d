"""How often a step is tried, and for how long."""

import pytest

from messaging.backends.base import Busy
from messaging.backends.cassandra import attempts


async def never(attempt: int) -> None:
    return None


async def test_so_often_and_then_it_is_busy() -> None:
    assert list(attempts.attempts(3)) == [0, 1, 2]
    with pytest.raises(Busy):
        await attempts.until_decided(never)


def test_none_begins_where_those_before_took_too_long(monkeypatch) -> None:
    numbers = attempts.attempts(3)
    assert next(numbers) == 0
    monkeypatch.setattr(attempts, "PATIENCE_SECONDS", -1.0)
    assert list(numbers) == []
