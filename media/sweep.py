"""What happens to blobs that nobody wants: uploads that were never sent, messages that were never
appended, those that expired, those that are to be deleted, and parts that have no row.

One process of the site does it, every minute; `manage.py prune_attachments` does it by hand. Each
step is a compare-and-set, so that it meets a link or a release that comes at the same time.
"""

import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from django.db.models import QuerySet

from chatsite.running import jobs, metrics, threads
from chatsite.running.clock import now_ms
from chatsite.running.progress import Say, unsaid
from media import blobs, erasures, ownership, rows
from media.backends import store
from media.models import Blob, BlobLink, Erasure
from media.stores import StoreAway, Undeletable
from messaging.backends import log, tables
from messaging.backends.base import Busy
from messaging.domain import Gone

EVERY_SECONDS = 60
ORPHANS_SECONDS = 86_400  # between two looks for parts that have no row: it lists the whole store
UNCLAIMED_MS = 86_400_000  # from the last grant until an upload is given up
FORGOTTEN_MS = 2 * 86_400_000  # from the last `send` until a message counts as never appended
ORPHAN_MS = 3 * 86_400_000  # since the newest part
BATCH = 200
TOLD_MAX = 10  # blobs that cannot be deleted, in one line of the log

logger = logging.getLogger(__name__)


@dataclass
class Swept:
    """Counts, of one round."""

    unclaimed: int = 0  # uploads that were given up
    expired: int = 0  # blobs whose message has expired
    unsent: int = 0  # blobs whose message was never appended
    erased: int = 0  # blobs whose message was emptied, and who did that did not come to the end
    deleted: int = 0  # blobs that are gone, with their parts
    orphans: int = 0  # blobs in the store that have no row
    stuck: list[bytes] = field(default_factory=list)  # blobs that the store does not delete

    def __str__(self) -> str:
        return (
            f"{self.unclaimed} never sent, {self.expired} expired, {self.unsent} of no message, "
            f"{self.erased} of erased ones, {self.orphans} of nobody; {self.deleted} deleted, "
            f"{len(self.stuck)} not deletable"
        )


async def every_minute(clock: Callable[[], int] = now_ms) -> None:
    """Until it is cancelled, by one process of the site."""

    async def work() -> None:
        _tell((await sweep(clock())).stuck)

    await _repeat("blobs", work, EVERY_SECONDS)


async def every_day(clock: Callable[[], int] = now_ms) -> None:
    """The same, for parts that have no row."""

    async def work() -> None:
        _tell((await remove_orphans(clock())).stuck)

    await _repeat("orphans", work, ORPHANS_SECONDS)


async def _repeat(job: str, work: Callable[[], Awaitable[object]], rest: float) -> None:
    async def one_round() -> None:
        try:
            await work()
        except ownership.Foreign as error:
            metrics.BLOBS_FOREIGN.add()
            logger.error("%s", error)

    what = f"deleting files that nobody has ({job})"
    await jobs.repeat(job, what, one_round, rest, (Busy, StoreAway))


async def sweep(now: int, say: Say = unsaid) -> Swept:
    """One round, repeatable. `say` hears how many are deleted. Raises Busy, StoreAway, Foreign."""
    swept = Swept()
    swept.unclaimed = await threads.run(rows.give_up, now - UNCLAIMED_MS, now)
    while ended := await threads.run(rows.expire, now, BATCH):
        swept.expired += ended
    await _look_for_messages(swept, now)
    await _end_erasures(swept, now)
    await _remove_what_goes(swept, now, say)
    return swept


async def remove_orphans(now: int, say: Say = unsaid, *, dry: bool = False) -> Swept:
    """Parts of blobs that have no row, of days ago: an upload that went on while it was cancelled.
    `say` hears how many were looked at. Raises Busy, StoreAway, and Foreign where the store is
    not ours."""
    await ownership.require(claim=not dry)
    swept, after, read = Swept(), None, 0
    while page := await store().blobs(after):
        after = page[-1].blob
        old = [one.blob for one in page if one.changed <= now - ORPHAN_MS]
        old = [blob for blob in old if blob != ownership.NAME_BLOB]
        for blob in await threads.run(rows.unknown, old):
            if dry or await _is_removed(blob, store().delete(blob), swept):
                swept.orphans += 1
        read += len(page)
        say("files of the store read", read)
    return swept


async def _remove_what_goes(swept: Swept, now: int, say: Say) -> None:
    after = 0
    while going := await threads.run(rows.going, after, BATCH):
        if not after:
            await ownership.require(claim=False)
        after = going[-1].pk
        for row in going:
            if await _is_removed(row.blob, blobs.remove(row, now), swept):
                metrics.BLOBS_DELETED.add()
                swept.deleted += 1
            say("files deleted", swept.deleted)


async def _is_removed(blob: bytes, removing: Awaitable[bool | None], swept: Swept) -> bool:
    """One that stays does not hold up the rest."""
    try:
        return await removing is not False
    except Undeletable:
        swept.stuck.append(blob)
        return False


def _tell(stuck: Sequence[bytes]) -> None:
    if stuck:
        some = ", ".join(blob.hex() for blob in stuck[:TOLD_MAX])
        logger.error("the store does not delete %d files, among them %s", len(stuck), some)


async def _look_for_messages(swept: Swept, now: int) -> None:
    """A link is looked at soon after it was made, while its message is near the end of the log,
    and a last time when nobody repeats that any more."""
    while due := await threads.run(rows.due, now, BATCH):
        for link in due:
            found = await log().find(link.conv, link.client_id, link.after_seq)
            if found is not None and await _is_gone(link, link.blob.owner, found):
                swept.erased += await threads.run(rows.unlinked, _same(link), now)
            elif found is not None:
                await threads.run(rows.confirm, link)
            elif link.made > now - FORGOTTEN_MS:
                await threads.run(rows.look_again, link, link.made + FORGOTTEN_MS)
            else:
                swept.unsent += await threads.run(rows.unlinked, _same(link), now)


async def _end_erasures(swept: Swept, now: int) -> None:
    """Those whose process ended between the content of a message and its blobs."""
    while due := await threads.run(erasures.due, now, BATCH):
        for one in due:
            if await _is_gone(one, one.sender, one.seq):
                swept.erased += await threads.run(
                    erasures.end, one.conv, one.sender, one.client_id, now
                )
            await threads.run(erasures.forget, one)


async def _is_gone(of: BlobLink | Erasure, sender: bytes, seq: int) -> bool:
    """Not by a row of the other: a store in partitions may have one by the same name. With a ttl
    the link says when. A log that is damaged holds up no other."""
    found = await tables().rows(of.conv, seq - 1, 1)
    name = (sender, of.client_id)
    return any(
        (row.sender, row.client_id) == name
        and (row.gone is Gone.ERASED or (row.gone is Gone.EXPIRED and row.expires is None))
        for row in found
    )


def _same(link: BlobLink) -> QuerySet[BlobLink]:
    """The link, if it was not made again meanwhile."""
    return BlobLink.objects.filter(pk=link.pk, made=link.made)


def counted(now: int) -> Swept:
    """What a round would find now, as far as SQL knows."""
    old = Blob.objects.filter(state__in=rows.UNCLAIMED, changed__lte=now - UNCLAIMED_MS)
    return Swept(
        unclaimed=old.count(),
        expired=BlobLink.objects.filter(expires__lte=now).count(),
        deleted=rows.ending(now).count(),
    )
