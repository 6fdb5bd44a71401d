"""How long a thread may keep the loop from its turn."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

# Python's own 5 ms are there for each write to a socket again, while requests run in threads.
SHORT_SECONDS = 0.0005
LONG_SECONDS = 0.005  # beside the writer alone, short turns cost a tenth of a message's CPU

_beside = 0  # blocks that are open now


@contextmanager
def short_turns() -> Iterator[None]:
    """Requests run beside the loop. Called on the loop alone; blocks may overlap."""
    global _beside
    _beside += 1
    sys.setswitchinterval(SHORT_SECONDS)
    try:
        yield
    finally:
        _beside -= 1
        if not _beside:
            sys.setswitchinterval(LONG_SECONDS)
