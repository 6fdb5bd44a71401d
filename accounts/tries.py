"""Tries of a secret, counted in SQL: a restart must not forget them."""

from accounts.models import Failure
from chatsite.edge.limits import DAY, HOUR, too_many
from e2ee.records import FACTOR_CODE, FACTOR_PASSWORD

# Wrong secrets of one account, an hour and a day (4.18). Somebody who forgot the password and
# tried it often still has the code, which nobody guesses: its limit is for what a try costs.
TRIES = {FACTOR_PASSWORD: (10, 50), FACTOR_CODE: (20, 100)}


def count(subject: bytes, kind: int, by_device: bool, now_ms: int) -> Failure:
    """Count a try of a factor of this kind as failed before it is looked at, so that a thousand at
    once are no way around it; `succeeded` takes it back. Raises Refusal 429 beyond the limits.

    Somebody outside can use up the sign-ins of an account, but not the unlocks of its listed
    devices: those are counted against tries by devices alone.
    """
    Failure.objects.filter(at__lte=now_ms - DAY * 1000).delete()
    this = Failure.objects.create(subject=subject, kind=kind, at=now_ms, by_device=by_device)
    # No transaction around the two: each try must be seen by those that count after it.
    same = Failure.objects.filter(subject=subject, kind=kind)
    counted = same.filter(by_device=True) if by_device else same
    an_hour, a_day = TRIES[kind]
    tries = counted.order_by("-at", "-pk").values_list("at", flat=True)
    newest_first = list(tries[: a_day + 1])
    wait = max(
        _wait(newest_first, an_hour, HOUR, now_ms),
        _wait(newest_first, a_day, DAY, now_ms),
    )
    if wait > 0:
        this.delete()  # a refused try is not looked at: it tells and costs nothing
        raise too_many(wait)
    return this


def succeeded(this: Failure) -> None:
    this.delete()


def _wait(newest_first: list[int], count: int, seconds: int, now_ms: int) -> int:
    """How long until fewer than `count` tries lie in the window; the first one is this one."""
    if len(newest_first) <= count:
        return 0
    return newest_first[count] + seconds * 1000 - now_ms
