"""How fast a device may speak, and an account with all its devices.

The node keeps this, not the session: who comes back goes on where they left. In the memory of the
process, since it is asked at each frame; another node counts for itself.
"""

from messaging import protocol
from messaging.sessions.window import Buckets

STATE_ROWS = 1000  # of a state that cost as much as one; who has more conversations pays for more
PREVIEWS = 20  # newest rows of conversations that cost as much as one `get`
LOOKS_PER_SECOND, LOOKS_BURST = 1, 20  # at who is here; more are put off, and nobody is told so
ACCOUNT_TIMES = 3  # what all devices of an account have together, in what one has


class Rate:
    """Of one kind of thing that devices do."""

    def __init__(self, per_second: float, burst: float) -> None:
        self._devices = Buckets(per_second, burst)
        self._accounts = Buckets(ACCOUNT_TIMES * per_second, ACCOUNT_TIMES * burst)

    def take(self, uid: bytes, device: bytes, now: float) -> int:
        """0, or how many ms the device must wait. Where it must wait for itself, its account's
        other devices lose nothing."""
        return self._devices.take((uid, device), now) or self._accounts.take(uid, now)

    def pay(self, uid: bytes, device: bytes, now: float, count: int) -> None:
        """What was let in cost so many more than one, as shows when it is done: others that come
        after it wait so much longer. Negative: it was not done after all."""
        if count:
            self._devices.pay((uid, device), now, count)
            self._accounts.pay(uid, now, count)


def more(things: int, each: int) -> int:
    """What so many things cost beyond the one that was taken, where one pays for `each` of them."""
    return max(0, things - 1) // each


class Rates:
    def __init__(self, times: float) -> None:
        """`times`: 1; a benchmark needs more."""
        frames = (protocol.FRAMES_PER_SECOND * times, protocol.FRAMES_BURST * times)
        self.frames = Rate(*frames)
        self.sends = Rate(protocol.SENDS_PER_SECOND * times, protocol.SENDS_BURST * times)
        self.gets = Rate(protocol.GETS_PER_SECOND * times, protocol.GETS_BURST * times)
        self.states = Rate(protocol.STATES_PER_SECOND * times, protocol.STATES_BURST * times)
        self.looks = Rate(LOOKS_PER_SECOND * times, LOOKS_BURST * times)
        self.calls = Buckets(*frames)  # of the long poll, by web session; each costs like a frame
