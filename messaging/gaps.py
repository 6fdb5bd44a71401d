"""Gaps beside a mark: which messages below a watermark were never delivered, or never read. Pure.

A mark is one number, and passes over messages that it did not reach. What it passed over stands in
a gap for good: no later mark fills it. Only the sender of the messages is told.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple

GAPS_MAX = 16  # told at once, the newest


class GapKind(IntEnum):
    WITHHELD = 1  # the peer blocked the sender: never delivered, never read
    PRIVATE = 2  # read while the peer told nobody: never shown as read


class Gap(NamedTuple):
    """Rows first … last. It may grow at its end."""

    kind: GapKind
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Marked:
    """How far a mark moved for the peer; 0 = not at all. `gaps`: what it passed over."""

    got: int = 0
    read: int = 0
    gaps: tuple[Gap, ...] = ()


def known_gaps(gaps: Iterable[Gap], got: int, read: int) -> tuple[Gap, ...]:
    """What a sender who sees these marks may know: nothing above them, and GAPS_MAX at most."""
    upto = {GapKind.WITHHELD: max(got, read), GapKind.PRIVATE: read}
    known = [
        Gap(kind, first, min(last, upto[kind]))
        for kind, first, last in gaps
        if first <= upto[kind]
    ]  # fmt: skip
    return tuple(sorted(known, key=lambda gap: gap.first)[-GAPS_MAX:])
