"""A folder takes the place of another one, which stays beside it."""

import os
import re
from pathlib import Path

from chatsite.backup import Failed, Problem
from chatsite.backup.making import sync_folder

MOUNTS = Path("/proc/self/mountinfo")  # of Linux; proc(5): the fifth word of a line is the place
OCTAL = re.compile(rb"\\([0-7]{3})")


def require_movable(folder: Path, mounts: Path = MOUNTS) -> None:
    """`folder`: without symbolic links. Raises Problem where it, or something in it, is a mount:
    the one cannot be renamed, the other would come back over what was restored."""
    for place in _mounted(folder, mounts):
        if place.is_relative_to(folder):
            raise Problem(
                f"Something is mounted at {place}, so {folder} cannot be moved aside. Unmount it, "
                "or let CHAT_VAR name a folder inside of one mount, with all that belongs to it; "
                "then restore again."
            )


def swap(place: Path, aside: Path, ready: Path) -> None:
    """`ready` is in `place` now, and what was there in `aside`; or nothing has changed. Raises
    Failed."""
    try:
        place.rename(aside)
        ready.rename(place)
    except BaseException as error:  # also Ctrl-C
        if aside.exists() and not place.exists():
            aside.rename(place)
        if not isinstance(error, OSError):
            raise
        raise Failed(
            f"{place} could not be replaced ({error.strerror}); it is as it was."
        ) from error
    sync_folder(place.parent)


def _mounted(folder: Path, mounts: Path) -> list[Path]:
    try:
        lines = mounts.read_bytes().splitlines()
    except OSError:  # not on Linux
        return [folder] if folder.is_mount() else []
    places = (OCTAL.sub(lambda found: bytes([int(found[1], 8)]), line.split()[4]) for line in lines)
    return [Path(os.fsdecode(place)) for place in places]
