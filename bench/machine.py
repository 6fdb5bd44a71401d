"""When, where and on which code figures were taken: they mean nothing without."""

import os
import platform
import subprocess
from datetime import UTC, datetime
from pathlib import Path

from testkit.running import ROOT


def taken() -> str:
    """One sentence."""
    now = datetime.now(UTC)
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"Taken on {now.day} {now:%B %Y} on code {_code()}: {len(os.sched_getaffinity(0))} cores of"
        f" {_processor()}, {memory:.0f} GiB, Linux {platform.release()},"
        f" Python {platform.python_version()}."
    )


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _code() -> str:
    said = subprocess.run(
        ["git", "describe", "--always", "--dirty", "--exclude=*"],
        cwd=ROOT, check=False, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    return said.stdout.strip() or "of no repository"
