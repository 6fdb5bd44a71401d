"""What a process needs before it can serve: asked of each service that its engine names, in turn.

One that is away is waited for, aloud; one that answers and cannot be used ends the start.
"""

import time
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from chatsite.running import away

TRY_SECONDS = 0.5


class Unfit(Exception):
    """A service answers, and this site cannot use it; the message says why in one sentence."""


class Need(NamedTuple):
    """`check` gets `where`; it raises Unfit, and anything else while the service is away."""

    name: str
    check: Callable[[Any], None]
    where: Any


def wait_for(needs: Iterable[Need], say: Callable[[str], object], seconds: float) -> None:
    """Returns when all of them can be used. Raises Unfit."""
    for need in needs:
        _wait(need, say, time.monotonic() + seconds, seconds)


def _wait(need: Need, say: Callable[[str], object], until: float, seconds: float) -> None:
    said = False
    while True:
        try:
            return need.check(need.where)
        except Unfit:
            raise
        except Exception as error:  # each driver has its own
            reason = away.reason(error.__cause__ or error)
            if time.monotonic() > until:
                raise Unfit(f"{need.name} was away for {seconds:.0f} s: {reason}") from error
        if not said:
            say(f"Waiting for {need.name}: {reason}")
            said = True
        time.sleep(TRY_SECONDS)
