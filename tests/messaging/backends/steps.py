"""A call that is broken off at each of its steps in turn."""

from collections.abc import Awaitable, Callable
from typing import Protocol

from messaging.backends.base import Busy

STEPS_MAX = 20


class Fault(Protocol):
    """From the n-th statement on the store is gone, until it is healed; `after`: the n-th is done
    before."""

    def arm(self, statement: int, after: bool) -> None: ...
    def heal(self) -> None: ...


async def at_each_step(
    fault: Fault, call: Callable[[], Awaitable[object]], check: Callable[[], Awaitable[object]]
) -> int:
    """Break the call before and after each statement; check that a retry mends it. How many
    steps there were."""
    for statement in range(1, STEPS_MAX):
        for after in (False, True):
            fault.arm(statement, after)
            try:
                await call()
                broke = False
            except Busy:
                broke = True
            fault.heal()
            if not broke:
                return statement - 1
            await check()
    raise AssertionError("more steps than expected")
