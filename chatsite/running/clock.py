"""The server's clock. Use cases take the time as an argument; only the edges read it."""

import time


def now_ms() -> int:
    """Milliseconds since 1970."""
    return time.time_ns() // 1_000_000
