"""What is asked of something that is away, and what not."""

import pytest

from chatsite.running.breaker import AWAY_AFTER, PROBE_SECONDS, Away, Breaker


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def breaker(clock: Clock) -> Breaker:
    return Breaker("it", answers=(ValueError,), ticks=clock)


def asked(breaker: Breaker, error: Exception | None = None) -> bool:
    """Whether the call was made."""
    made = False
    try:
        with breaker.tried():
            made = True
            if error is not None:
                raise error
    except (Away, OSError, ValueError):
        pass
    return made


def test_after_some_failures_in_a_row_one_call_a_second_is_made(
    breaker: Breaker, clock: Clock
) -> None:
    for _ in range(AWAY_AFTER):
        assert not breaker.away
        assert asked(breaker, OSError())
        clock.now += 0.125
    assert breaker.away
    assert not asked(breaker)
    clock.now += PROBE_SECONDS
    assert asked(breaker, OSError())
    assert not asked(breaker)
    clock.now += PROBE_SECONDS
    assert asked(breaker)
    assert asked(breaker)
    assert not breaker.away


@pytest.mark.parametrize("answer", [None, ValueError()])
def test_what_answers_between_is_not_away(breaker: Breaker, answer: Exception | None) -> None:
    for error in (*[OSError()] * (AWAY_AFTER - 1), answer, *[OSError()] * (AWAY_AFTER - 1)):
        assert asked(breaker, error)
    assert not breaker.away


def test_calls_that_fail_side_by_side_are_one_failure(breaker: Breaker, clock: Clock) -> None:
    calls = [breaker.noted() for _ in range(10)]
    for call in calls:
        call.__enter__()
    for call in calls:
        clock.now += 0.01
        assert not call.__exit__(OSError, OSError(), None)  # it is raised
    assert not breaker.away
