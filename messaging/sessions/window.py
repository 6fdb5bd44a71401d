"""What bounds a session: the send window and the token buckets. Pure state."""

from collections import deque
from collections.abc import Hashable

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
        """`frames` were received in all. False: more than were sent. An old number is ignored."""
        more = frames - self.acknowledged
        if more > len(self._sizes):
            return False
        for _ in range(more):
            self.unacknowledged_bytes -= self._sizes.popleft()
        self.acknowledged = max(self.acknowledged, frames)
        return True


class Bucket:
    """A token bucket: `burst` at once, `per_second` in the long run."""

    __slots__ = ("_burst", "_rate", "_tokens", "at")

    def __init__(self, per_second: float, burst: float) -> None:
        self._rate = per_second
        self._burst = burst
        self._tokens = burst
        self.at = 0.0  # when _tokens was right; seconds

    def take(self, now: float) -> bool:
        """`now` in seconds of a clock that does not jump."""
        tokens = self._filled(now)
        self.at = now
        self._tokens = tokens - 1 if tokens >= 1 else tokens
        return tokens >= 1

    def pay(self, now: float, count: float) -> None:
        """What was taken cost so many more; there may be less than nothing in it then."""
        self._tokens = self._filled(now) - count
        self.at = now

    def is_full(self, now: float) -> bool:
        return self._filled(now) >= self._burst

    def _filled(self, now: float) -> float:
        return min(self._burst, self._tokens + (now - self.at) * self._rate)

    def wait_ms(self) -> int:
        """Until the next token, as of the last `take`."""
        return max(1, int((1 - self._tokens) / self._rate * 1000) + 1)


class Buckets:
    """A bucket for each key, forgotten when it is full again: there are no more of them than keys
    that took from one within the time in which the emptiest fills."""

    def __init__(self, per_second: float, burst: float) -> None:
        self._rate, self._burst = per_second, burst
        self._of: dict[Hashable, Bucket] = {}  # whose took last stands last

    def __len__(self) -> int:
        return len(self._of)

    def take(self, key: Hashable, now: float) -> int:
        """From the bucket of this key. 0, or the ms until there is something in it again."""
        self._forget(now)
        bucket = self._of.pop(key, None) or Bucket(self._rate, self._burst)
        self._of[key] = bucket
        return 0 if bucket.take(now) else bucket.wait_ms()

    def pay(self, key: Hashable, now: float, count: float) -> None:
        """What was taken with this key cost so many more, or less where it is negative."""
        bucket = self._of.pop(key, None) or Bucket(self._rate, self._burst)
        self._of[key] = bucket
        bucket.pay(now, count)

    def _forget(self, now: float) -> None:
        while self._of:
            key, bucket = next(iter(self._of.items()))
            if not bucket.is_full(now):
                return
            del self._of[key]
