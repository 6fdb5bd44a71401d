"""Whether a folder has room for what is about to be written there."""

import shutil
from pathlib import Path

from chatsite.backup import Problem

SPARE_BYTES = 16 << 20  # free beside the copies: a site needs room on its disk


def require(folder: Path, size: int) -> None:
    """Raises Problem where fewer than so many bytes, and some to spare, are free."""
    needed = SPARE_BYTES + size
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise Problem(f"{folder} has {_mb(free)} free; the backup needs {_mb(needed)}.")


def _mb(size: int) -> str:
    return f"{size / 1_000_000:,.0f} MB"
