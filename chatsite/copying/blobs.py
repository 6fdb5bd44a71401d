"""Pictures and files: the parts of every blob that a message may have. A repeat sends what is
missing or has another size."""

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import TypeVar

from django.db.models import Q, QuerySet

from chatsite.copying import several
from chatsite.running import tasks
from chatsite.running.progress import Progress
from media.models import Blob, BlobHold, State
from media.stores import BlobStore, Missing, StoreAway

T = TypeVar("T")


def whole() -> QuerySet[Blob]:
    """What was not sent as a whole is sent again by its owner's browser."""
    held = Q(pk__in=BlobHold.objects.values("blob"))
    return Blob.objects.filter(held | Q(state__in=(State.WHOLE, State.LINKED)))


def wanted() -> list[bytes]:
    """Their ids."""
    return [bytes(blob) for blob in whole().order_by("blob").values_list("blob", flat=True)]


async def copy(
    source: BlobStore, target: BlobStore, every: Sequence[bytes], progress: Progress
) -> None:
    """Raises Problem."""

    async def one(blob: bytes) -> None:
        have = await _patiently(lambda: target.sizes(blob))
        for n, size in (await _patiently(lambda: source.sizes(blob))).items():
            if have.get(n) != size:
                await _patiently(partial(_part, source, target, blob, n))

    await _each("pictures and files", every, one, progress)


async def differences(
    source: BlobStore, target: BlobStore, every: Sequence[bytes], progress: Progress
) -> list[str]:
    """Blobs that the target has otherwise, in words."""
    found: list[str] = []

    async def one(blob: bytes) -> None:
        here = await _patiently(lambda: source.sizes(blob))
        there = await _patiently(lambda: target.sizes(blob))
        if here != there:
            found.append(
                f"file {blob.hex()}: {len(here)} parts here, {len(there)} there, or others"
            )

    await _each("pictures and files compared", every, one, progress)
    return found


async def _part(source: BlobStore, target: BlobStore, blob: bytes, n: int) -> None:
    try:
        async with source.get(blob, n) as part:
            data = b"".join([chunk async for chunk in part.chunks])
    except Missing:  # between the listing and now: the comparison names it
        return
    await target.put(blob, n, data)


async def _each(
    what: str, every: Sequence[bytes], one: Callable[[bytes], Awaitable[None]], progress: Progress
) -> None:
    async def step(blob: bytes) -> None:
        await one(blob)
        progress.step()

    progress.begin(what, len(every))
    await tasks.each(every, step)
    progress.end()


async def _patiently(call: Callable[[], Awaitable[T]]) -> T:
    return await several.patiently(
        call, StoreAway, lambda away: f"A store of files takes no more: {away}"
    )
