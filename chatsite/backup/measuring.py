"""What a backup would hold, before one is made."""

from pathlib import Path

from django.db.models import Sum

from accounts.models import User
from chatsite.backup import making, room
from chatsite.copying import blobs


def measure(target: Path, copied: dict[str, Path], *, files: bool) -> list[str]:
    """A sentence for each kind of data. `copied`: files of databases, where the site has these.
    Raises Problem where `target` could not be made, or the disk has no room for what is known."""
    making.require_free(target)
    sizes = {path.name: path.stat().st_size for path in copied.values()}
    said = [f"{name} with {size:,} bytes" for name, size in sizes.items()]
    if not copied:
        said.append(f"{User.objects.count():,} accounts, and their conversations, of servers")
    size = 0
    if files:
        size = blobs.whole().aggregate(size=Sum("size"))["size"] or 0
        said.append(f"{blobs.whole().count():,} pictures and files with {size:,} bytes")
    room.require(target.parent, sum(sizes.values()) + size)
    return said
