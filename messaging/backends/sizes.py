"""Where a page of rows ends that is bounded in bytes."""

from collections.abc import Iterable, Sequence

from messaging.domain import Row

STEP_ROWS = 17  # a third of a page: read at a time where nobody can know how long the texts are


def content(rows: Iterable[Row]) -> int:
    """Bytes of all their texts."""
    return sum(len(row.text or b"") for row in rows)


def ending(sizes: Sequence[int], most: int) -> int:
    """How many of these are the first ones up to that with which they are more than `most`."""
    used = 0
    for count, size in enumerate(sizes, 1):
        used += size
        if used > most:
            return count
    return len(sizes)
