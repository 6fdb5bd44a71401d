"""What happens to the file of one secret. Each change is one rename: an interrupted command leaves
the file as it was, or as it shall be."""

import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path

from chatsite import env, keyfile
from chatsite.keyfile import Line


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Nobody else rotates meanwhile. The lock is the kernel's: it ends with the process."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def read(folder: Path, name: str) -> list[Line]:
    """Raises BadSetting."""
    env.secret(folder, name)
    return keyfile.parse((folder / name).read_text())


def store(folder: Path, name: str, lines: Sequence[Line]) -> None:
    keyfile.write(folder / name, "".join(f"{line}\n" for line in lines))


def announced(lines: Sequence[Line]) -> Line | None:
    return next((line for line in lines if line.announced), None)


def announce(lines: Sequence[Line]) -> list[Line]:
    """With a key that is known and not used yet; the same where there is one."""
    return list(lines) if announced(lines) else [replace(_new(lines), announced=True), *lines]


def rotated(lines: Sequence[Line], today: date) -> list[Line]:
    """The announced key comes into use, or else a new one. Older ones that have no day were
    replaced at a time that nobody wrote down: they count from today."""
    first = announced(lines) or _new(lines)
    older = [line for line in lines if line != first]
    return [
        replace(first, announced=False),
        *(line if line.replaced else replace(line, replaced=today) for line in older),
    ]


def _new(lines: Sequence[Line]) -> Line:
    """Under a kid that no key had before: the newest stays in the file."""
    numbers = [int(line.kid[1:]) for line in lines if line.kid[1:].isdecimal()]
    return keyfile.new(f"k{max(numbers, default=len(lines)) + 1}")
