"""What a run does, drawn from a seed before it begins."""

from dataclasses import dataclass

FAULTS = (
    "kill", "pause", "clock", "cut", "stall", "deaf", "mute", "slow", "late", "lossy", "nervous",
    "away", "crash", "lost", "revoke", "restore",
)  # fmt: skip
"""kill: the server, -9, and started again · pause: SIGSTOP · clock: the server's, moved ·
cut: RST · stall: nothing moves · deaf, mute: half-open · slow: 1 KB/s · late: 200 ms each way ·
lossy: promises and announcements lost or replayed · nervous: the same send twice · away: no
network for long · crash: a browser, -9, with its disk · lost: a device and all that was in it ·
revoke: a device is taken off the list while another one is stalled · restore: an older backup is
put back"""


@dataclass(frozen=True)
class Plan:
    seed: int
    ops: int = 1500  # at least
    strikes: int = 8  # faults, at least: work goes on until then, however slow the machine is
    # person → devices: n = browser modules in Node, p = the Python client
    people: tuple[tuple[str, str], ...] = (
        ("alice", "nnp"), ("bob", "np"), ("carol", "np"), ("dave", "nnp"),
    )  # fmt: skip
    pairs: tuple[tuple[str, str], ...] = (("alice", "bob"), ("carol", "dave"), ("alice", "dave"))
    faults: tuple[str, ...] = FAULTS
    ops_a_second: float = 60.0
    fault_seconds: tuple[float, float] = (0.5, 2.5)  # between two, and of each
    quiet_seconds: float = 60.0  # after the storm, at most
    presence: bool = True
    fresh: str = "np"  # devices that sign in at the end, one of each for each person in turn
    mutant: str = "none"  # of the server
    browser_mutant: str = ""
    clocks_differ: bool = True
