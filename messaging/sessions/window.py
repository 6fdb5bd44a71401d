"""What bounds a session: the send window and the token buckets. Pure state."""

from collections import deque

from messaging.protocol import WINDOW_BYTES, WINDOW_FRAMES


class Window:
    """Frames that were sent and not acknowledged; servers give no back-pressure to trust."""

    __slots__ = ("_sizes", "acknowledged", "unacknowledged_bytes")

    def __init__(self) -> None:
        self.acknowledged = 0  # frames
        self.unacknowledged_bytes = 0
        self._sizes: deque[int] = deque()  # of the frames after `acknowledged`

    def sent(self, size: int) -> bool:
        """Count one frame. False: the reader is too slow."""
        self._sizes.append(size)
        self.unacknowledged_bytes += size
        return len(self._sizes) <= WINDOW_FRAMES and self.unacknowledged_bytes <= WINDOW_BYTES

    def acknowledge(self, frames: int) -> bool:
        """`frames` were received in all. False: more than were sent. An old number is no news."""
        news = frames - self.acknowledged
        if news > len(self._sizes):
            return False
        for _ in range(news):
            self.unacknowledged_bytes -= self._sizes.popleft()
        self.acknowledged = max(self.acknowledged, frames)
        return True


class Bucket:
    """A token bucket: `burst` at once, `per_second` in the long run."""

    __slots__ = ("_at", "_burst", "_rate", "_tokens")

    def __init__(self, per_second: float, burst: float) -> None:
        self._rate = per_second
        self._burst = burst
        self._tokens = burst
        self._at = 0.0  # when _tokens was right

    def take(self, now: float) -> bool:
        """`now` in seconds of a clock that does not jump."""
        tokens = min(self._burst, self._tokens + (now - self._at) * self._rate)
        self._at = now
        self._tokens = tokens - 1 if tokens >= 1 else tokens
        return tokens >= 1

    def wait_ms(self) -> int:
        """Until the next token, as of the last `take`."""
        return max(1, int((1 - self._tokens) / self._rate * 1000) + 1)
