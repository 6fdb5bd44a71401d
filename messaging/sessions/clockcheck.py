"""Whether the clock of this node is wrong: others take it for dead by its clock, or for alive.

It is, where it differs from that of the registry and from the median of all nodes. By the registry
alone one wrong clock would empty every node; and since the median is some node's own clock, there
is always one that stays.
"""

import logging

from presence.backends.base import Renewed

MOST_MS = 3_000
TIMES = 2  # in a row: a node that stands still within a beat seems to be late once

logger = logging.getLogger(__name__)


class ClockCheck:
    def __init__(self) -> None:
        self.offset = 0  # ms ahead of the registry
        self._wrong = 0  # times in a row
        self._looks = 0

    @property
    def wrong(self) -> bool:
        return self._wrong >= TIMES

    @property
    def verdict(self) -> bool | None:
        """Whether it is wrong; None = it was not looked at so often yet."""
        return self.wrong if self._looks >= TIMES else None

    def beaten(self, renewed: Renewed) -> None:
        """Look at what a beat has told."""
        self.offset, before = renewed.offset, self.wrong
        median = _median(self.offset, renewed.others)
        differs = min(abs(self.offset), abs(self.offset - median)) > MOST_MS
        self._wrong = self._wrong + 1 if differs else 0
        self._looks += 1
        if self.wrong and not before:
            ahead = (self.offset / 1000, (self.offset - median) / 1000)
            logger.error(
                "the clock of this node is %+.1f s off that of Redis and %+.1f s off the other "
                "nodes'; nobody new is led here until it is right",
                *ahead,
            )
        elif before and not self.wrong:
            logger.warning("the clock of this node is right again")


def _median(own: int, others: tuple[int, ...]) -> int:
    """Of two in the middle the one that is nearer to the registry."""
    clocks = sorted((own, *others))
    half = len(clocks) // 2
    return min(clocks[(len(clocks) - 1) // 2], clocks[half], key=abs)
