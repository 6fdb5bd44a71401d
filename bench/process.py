"""What a process costs, as Linux counts it: all its threads."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.running import ROOT, Site, new_site

PAGE = os.sysconf("SC_PAGE_SIZE")
FAST = {"LIVE_RATE_FACTOR": "1000000"}  # nobody is told to slow down


@dataclass
class Cost:
    messages: int = 0
    cpu: float = 0.0
    wall: float = 0.0

    @property
    def per_1000(self) -> float:
        return self.cpu / self.messages * 1000


@contextmanager
def measured(pid: int) -> Iterator[Cost]:
    """CPU of the block; its wall time, unless the block has taken that itself."""
    cost = Cost(cpu=-cpu_seconds(pid), wall=-time.perf_counter())
    yield cost
    cost.cpu += cpu_seconds(pid)
    if cost.wall < 0:
        cost.wall += time.perf_counter()


def cpu_seconds(pid: int) -> float:
    """By the process's own clock: /proc counts in hundredths of a second."""
    return time.clock_gettime(~pid << 3 | 2)  # clock_getcpuclockid(3), which Python has not


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
def a_site(env: dict[str, str]) -> Iterator[Site]:
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
