"""What a run does, drawn from a seed before it begins."""

import random
from dataclasses import dataclass

DEVICE_FAULTS = (
    "cut", "stall", "deaf", "mute", "slow", "late", "lossy", "nervous", "away", "cut_parts",
    "crash", "lost", "revoke", "suspend",
)  # fmt: skip
"""cut: RST · stall: nothing moves · deaf, mute: half-open · slow: 1 KB/s · late: 200 ms each way ·
lossy: promises and announcements lost or replayed · nervous: the same send twice · away: no
network for long · cut_parts: RST in the middle of each part of a file · crash: a browser, -9, with
its disk · lost: a device and all that was in it · revoke: a device is taken off the list while
another one is stalled · suspend: a person, until a time or until it is taken back"""

FAULTS = ("kill", "pause", "clock", *DEVICE_FAULTS, "restore")
"""kill: the server, -9, and started again · pause: SIGSTOP · clock: the server's, moved ·
restore: an older backup is put back"""

SERVICES = ("redis", "postgres", "cassandra", "s3")
CLUSTER_FAULTS = (
    "kill", "pause", "clock", *DEVICE_FAULTS, "rolling", "displace",
    "redis_kill", "redis_pause", "redis_full", "cassandra_kill", "cassandra_pause",
    "s3_kill", "s3_pause", "postgres_restart", "haproxy_restart",
    *(f"{how}_{service}" for service in SERVICES for how in ("sever", "freeze", "lose")),
    "shed_cassandra",
)  # fmt: skip
"""kill, pause, clock: of one node · rolling: each node drains and is restarted, one after the
other · displace: a device dials one node after the other while its old sockets live ·
redis_kill: -9, and back empty · sever: a node's connections to a service are reset and refused ·
freeze: they stand still · lose: what is said on them is lost, then they are reset · shed: single
statements are lost, and nobody hears of it"""
DIRECT_FAULTS = ("direct_away", "direct_slow", "direct_cut")
"""Between devices and the S3 server, where files go straight to it: RST and refused, slow, RST at
90 % of a part of 256 KiB."""
RING_FAULTS = ("cassandra_kill_two", "cassandra_pause_two")
"""Two of three: no majority is left."""


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
    nodes: int = 1
    direct: bool = False  # files pass the nodes by, to the S3 server of several of them and from it
    faults: tuple[str, ...] = FAULTS
    ops_a_second: float = 60.0
    fault_seconds: tuple[float, float] = (0.5, 2.5)  # between two, and of each
    storm_seconds: float = 900.0  # it ends then, whatever hangs
    quiet_seconds: float = 60.0  # after it, at most
    measured: float = 0.5  # of the faults of several nodes: until all are in step again
    hush: str = ""  # people stop writing at each fault's "begin" or "end", until all have the same
    # by themselves: nobody is in front of a device that would ask for what it lacks
    presence: bool = True
    fresh: str = "np"  # devices that sign in at the end, one of each for each person in turn
    mutant: str = "none"  # of the server
    browser_mutant: str = ""
    clocks_differ: bool = True

    @property
    def canary(self) -> str:
        """Stands in every text: no file of the server may hold it."""
        return f"zebra-{random.Random(f'canary {self.seed}').randbytes(6).hex()}"
