"""The server's clock in a test's hand: milliseconds of error in a small file, read at every look.

The server runs under tests/chaos/mutant.py, which puts this in; libfaketime is not needed.
"""

import mmap
import struct
import time
from pathlib import Path

_SIZE = struct.Struct("<q")


def make(path: Path) -> None:
    path.write_bytes(_SIZE.pack(0))


def move(path: Path, ms: int) -> None:
    with path.open("r+b") as file:
        file.write(_SIZE.pack(ms))


def install(path: Path) -> None:
    """time.time and time.time_ns of this process obey the file from now on."""
    with path.open("rb") as file:
        error = mmap.mmap(file.fileno(), _SIZE.size, prot=mmap.PROT_READ)
    true_ns = time.time_ns

    def time_ns() -> int:
        return true_ns() + _SIZE.unpack(error)[0] * 1_000_000

    time.time_ns = time_ns
    time.time = lambda: time_ns() / 1e9
