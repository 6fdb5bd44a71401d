"""What `manage.py doctor` finds out, and how a check says it.

Checks of a service stand beside its adapter, those of the site itself in chatsite/doctor/."""

import time
from collections.abc import Callable
from enum import StrEnum
from typing import NamedTuple

APART_SECONDS = 0.5  # of two clocks: what NTP keeps them well below
FAR_APART_SECONDS = 3.0  # leases are taken for over too early, or too late
ASKED = 3  # times; the quickest answer counts


class Level(StrEnum):
    OK = "ok"
    WARNING = "warning"  # it works, and is not as it should be
    WRONG = "wrong"


class Finding(NamedTuple):
    """`todo`: the next step, where there is one to do."""

    level: Level
    text: str
    todo: str = ""


def ok(text: str) -> Finding:
    return Finding(Level.OK, text)


def warning(text: str, todo: str) -> Finding:
    return Finding(Level.WARNING, text, todo)


def wrong(text: str, todo: str) -> Finding:
    return Finding(Level.WRONG, text, todo)


def latency(ask: Callable[[], object]) -> str:
    """How long an answer takes, as people read it."""
    took = []
    for _ in range(ASKED):
        since = time.perf_counter()
        ask()
        took.append(time.perf_counter() - since)
    return f"{min(took) * 1000:.1f} ms"


def clock(whose: str, asked: float, theirs: float, answered: float) -> Finding:
    """Their time, compared with ours before and after: seconds since 1970."""
    apart = max(asked - theirs, theirs - answered, 0.0)
    if apart <= APART_SECONDS:
        return ok(f"the clock of {whose} agrees with this one")
    say = wrong if apart > FAR_APART_SECONDS else warning
    way = "ahead of" if theirs > answered else "behind"
    return say(
        f"the clock of {whose} is {apart:.1f} s {way} this one",
        "set both clocks by NTP: leases, TTLs and limits are counted by them",
    )
