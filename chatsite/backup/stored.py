"""Pictures and files between a backup and the store that the site has, whichever it is: after the
databases out of it, and back with them."""

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

from chatsite import copying
from chatsite.backup import Failed, manifest, room
from chatsite.backup.blobs import whole
from chatsite.backup.manifest import Manifest
from chatsite.copying import blobs, sites
from chatsite.running.progress import Progress
from media.backends import store
from media.stores import BlobStore

T = TypeVar("T")


def fetch(partial: Path, progress: Progress) -> None:
    """Those of the accounts in `partial`. What was deleted meanwhile is not there. Raises
    Problem."""
    wanted = whole(partial / manifest.DATABASES["default"])
    room.require(partial, sum(wanted.values()))
    every = [bytes.fromhex(name) for name in wanted]
    _run(partial, lambda here, there: blobs.copy(there, here, every, progress))


def put_back(folder: Path, said: Manifest, progress: Progress) -> None:
    """Those of the backup in `folder`, which `said` names. What the store has is not sent again.
    Raises Problem."""
    every = sorted({bytes.fromhex(name.split("/")[2]) for name in said.blobs})

    async def both(here: BlobStore, there: BlobStore) -> list[str]:
        await blobs.copy(here, there, every, progress)
        return await blobs.differences(here, there, every, progress)

    if found := _run(folder, both):
        raise Failed("; ".join(found))


def _run(folder: Path, use: Callable[[BlobStore, BlobStore], Coroutine[Any, Any, T]]) -> T:
    """`use`: of the store in the backup, and of that of the site."""

    async def run() -> T:
        here, there = sites.in_files(folder).blobs(), store()
        try:
            return await use(here, there)
        finally:
            await here.close()
            await there.close()

    try:
        return asyncio.run(run())
    except copying.Problem as problem:  # it had begun
        raise Failed(str(problem)) from problem
