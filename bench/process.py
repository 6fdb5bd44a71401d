"""What processes cost, as Linux counts it: all their threads, and their children."""

import contextlib
import os
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from testkit.running import ROOT, Site, new_site

PAGE = os.sysconf("SC_PAGE_SIZE")
TICKS = os.sysconf("SC_CLK_TCK")  # a second, as /proc counts
LISTENING = "0A"  # as /proc/net/tcp has it
SERVER = "server"
FAST = {"LIVE_RATE_FACTOR": "1000000"}  # nobody is told to slow down


@dataclass
class Cost:
    """Of some work: `spent` is CPU seconds, by process."""

    messages: int = 0
    spent: dict[str, float] = field(default_factory=dict)
    wall: float = 0.0
    _since: float = field(default_factory=time.perf_counter)

    @property
    def cpu(self) -> float:
        return sum(self.spent.values())

    @property
    def per_1000(self) -> float:
        return self.cpu / self.messages * 1000

    def stop_clock(self) -> None:
        """The wall time ends here, although what follows in the block still costs."""
        self.wall = self.wall or time.perf_counter() - self._since


@contextmanager
def measured(pids: Mapping[str, int]) -> Iterator[Cost]:
    """The block's CPU by process, and its wall time."""
    before = {name: cpu_seconds(pid) for name, pid in pids.items()}
    cost = Cost()
    yield cost
    cost.stop_clock()
    cost.spent = {name: cpu_seconds(pid) - before[name] for name, pid in pids.items()}


def cpu_seconds(pid: int) -> float:
    """Of the process and of its children: PostgreSQL has one for each connection. Those that live
    have a clock of their own; /proc counts in hundredths of a second, and has those that ended."""
    living = sum(cpu_seconds(child) for child in children(pid))
    try:
        own = time.clock_gettime(~pid << 3 | 2)  # clock_getcpuclockid(3), which Python has not
        ended = sum(int(ticks) for ticks in _stat(pid)[13:15]) / TICKS  # cutime, cstime
    except OSError:  # it has just ended, and its parent has what it cost
        return 0.0
    return own + ended + living


def children(pid: int) -> list[int]:
    lists = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for each in lists for child in each.read_text().split()]


def listener(host: str, port: int) -> int:
    """The process that listens there. Java does so as IPv6, whatever the address."""
    address = f"{int.from_bytes(socket.inet_aton(host), 'little'):08X}:{port:04X}"
    mapped = f"{'0' * 16}FFFF0000{address}"
    for table in ("tcp", "tcp6"):
        for line in Path("/proc/net", table).read_text().splitlines()[1:]:
            _, local, _, state, *_ = line.split()
            if state == LISTENING and local in (address, mapped):
                return _holder(f"socket:[{line.split()[9]}]")
    raise LookupError(f"nobody listens on {host}:{port}")


def _holder(link: str) -> int:
    """Of several the first: PostgreSQL's backends are younger than their parent."""
    for pid in sorted(int(path.name) for path in Path("/proc").glob("[0-9]*")):
        with contextlib.suppress(OSError):  # it has just ended, or is somebody else's
            if link in map(os.readlink, Path(f"/proc/{pid}/fd").iterdir()):
                return pid
    raise LookupError(f"the process that holds {link} cannot be seen")


def _stat(pid: int) -> list[str]:
    """From the state on: the name before it may hold anything."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def resident_bytes(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE


def peak_bytes(pid: int) -> int:
    """The most that was resident since the process began."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    [kib] = [line.split()[1] for line in lines if line.startswith("VmHWM:")]
    return int(kib) * 1024


def pid_of(site: Site) -> int:
    assert site.process
    return site.process.pid


@contextmanager
def a_site(env: Mapping[str, str]) -> Iterator[Site]:
    """With its data where the real data is: a file system in memory has no disk to wait for."""
    folder = ROOT / "var"
    folder.mkdir(exist_ok=True)
    site = new_site(env, folder)
    try:
        yield site
    finally:
        site.remove()


def start(site: Site, profile: str | None) -> None:
    if profile:
        site.env = {**site.env, "BENCH_PROFILE": profile}
        site.command = ("-m", "bench.profiled")
    site.start()
