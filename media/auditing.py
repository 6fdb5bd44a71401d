"""The truth test: every blob that a message names has all its parts, and every part has an owner.

Reads the whole message store, the whole table of blobs and the whole listing of their store, each
once and in pages. What looks wrong is looked at again by itself, since people go on meanwhile.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from chatsite.running import threads
from chatsite.running.clock import now_ms
from chatsite.running.progress import Say
from media import rows, tickets
from media.backends import store
from media.models import Blob, BlobLink
from media.ownership import NAME_BLOB
from media.stores import Stored
from messaging.backends import log, tables
from messaging.backends.tables import BROWSE_MAX, Table
from messaging.domain import Gone, Row

ROWS = 1_000  # of the table of blobs, at a time


class Unlinked(NamedTuple):
    """A message and a blob that it names, which is whole, its sender's, and without this link."""

    blob: bytes
    row: Row


@dataclass
class Truth:
    """Counts, and ids of what is wrong: people lose something there."""

    messages: int = 0  # that name blobs
    named: int = 0  # blobs that messages name
    stored: int = 0  # blobs in the store
    released: int = 0  # blobs of erased messages, which had stayed
    lost: set[bytes] = field(default_factory=set)  # named, and there is no row or no link
    broken: set[bytes] = field(default_factory=set)  # whole by its row, and parts are missing
    unlinked: list[Unlinked] = field(default_factory=list)  # of the lost: `link_again` helps

    @property
    def holds(self) -> bool:
        return not self.lost and not self.broken

    def __str__(self) -> str:
        return (
            f"{self.messages} messages name {self.named} files; the store has {self.stored}. "
            f"{len(self.lost)} of them lost, {len(self.broken)} broken"
        )


async def audit(say: Say, now: int, *, dry: bool = False) -> Truth:
    """Also takes blobs from messages that are erased, unless it is `dry`: a process that ended
    between the two had no time to. Raises Busy and StoreAway."""
    truth = Truth()
    await _read_messages(truth, say, now, dry=dry)
    await _read_store(truth, say)
    return truth


async def _read_messages(truth: Truth, say: Say, now: int, *, dry: bool) -> None:
    cursor, read = None, 0
    while True:
        browsed = await tables().browse(Table.CONVERSATION, cursor, BROWSE_MAX, sure=True)
        found = [one for one in browsed.records if isinstance(one, Row)]
        truth.messages += sum(bool(row.url) for row in found)
        truth.named += sum(len(row.url.split()) for row in found)
        lost = await _lost_for_good(found)
        truth.lost |= {one.blob for one in lost}
        truth.unlinked += await threads.run(_whole, lost)
        erased = [row for row in found if row.gone is Gone.ERASED]
        truth.released += await threads.run(_release, erased, now, dry)
        read += len(found)
        say("messages read", read)
        cursor = browsed.cursor
        if cursor is None:
            return


async def link_again(lost: Sequence[Unlinked], now: int) -> int:
    """Give messages the blobs that they name; how many have theirs again. Repeatable."""
    linked = 0
    for blob, row in lost:
        to = rows.Link(row.conv, row.client_id, row.seq - 1, row.expires, row.withheld)
        linked += await threads.run(rows.link, row.sender, [blob], to, now)
    return linked


async def _lost_for_good(found: Sequence[Row]) -> list[Unlinked]:
    """Of those whose message still has them: it may be erased by now, or have expired."""
    lost = {one.blob for one in await threads.run(_lost, found)}
    again: list[Row] = []
    for row in found:
        if lost & _named(row):
            again += await log().page(row.conv, 1, now_ms(), after=row.seq - 1)
    return await threads.run(_lost, again)


def _named(row: Row) -> set[bytes]:
    return {bytes.fromhex(name) for name in row.url.split()}


def _lost(found: Iterable[Row]) -> list[Unlinked]:
    wanted = {(blob, row.conv, row.client_id): row for row in found for blob in _named(row)}
    links = BlobLink.objects.filter(client_id__in={client_id for *_, client_id in wanted})
    there = {
        (bytes(blob), bytes(conv), bytes(client_id))
        for blob, conv, client_id in links.values_list("blob__blob", "conv", "client_id")
    }
    return [Unlinked(key[0], row) for key, row in wanted.items() if key not in there]


def _whole(lost: Sequence[Unlinked]) -> list[Unlinked]:
    return [
        one
        for one in lost
        if Blob.objects.filter(
            blob=one.blob, owner=one.row.sender, conv=one.row.conv, state__in=rows.SENDABLE
        ).exists()
    ]


def _release(erased: Sequence[Row], now: int, dry: bool) -> int:
    names = {(row.conv, row.sender, row.client_id) for row in erased}
    links = BlobLink.objects.select_related("blob").filter(
        client_id__in={client_id for *_, client_id in names}
    )
    stale = [one for one in links if (one.conv, one.blob.owner, one.client_id) in names]
    if not dry:
        rows.unlinked(BlobLink.objects.filter(pk__in=[link.pk for link in stale]), now)
    return len(stale)


async def _read_store(truth: Truth, say: Say) -> None:
    """Two lists in the order of ids, side by side."""
    after: bytes | None = None
    suspects: list[Blob] = []
    while page := await store().blobs(after):
        truth.stored += sum(one.blob != NAME_BLOB for one in page)
        suspects += await threads.run(_differing, page, after, page[-1].blob)
        after = page[-1].blob
        say("files read", truth.stored)
    suspects += await threads.run(_differing, [], after, None)
    for row in suspects:
        if await _is_broken(row):
            truth.broken.add(row.blob)


def _differing(page: Sequence[Stored], after: bytes | None, last: bytes | None) -> list[Blob]:
    """Rows of whole blobs above `after` and up to `last` of which the store has less or more."""
    there = {one.blob: (one.parts, one.size) for one in page}
    found = Blob.objects.filter(state__in=rows.SENDABLE)
    if after is not None:
        found = found.filter(blob__gt=after)
    if last is not None:
        found = found.filter(blob__lte=last)
    return [
        row
        for row in found.iterator(ROWS)
        if there.get(row.blob) != (tickets.parts_of(row.size, row.part), row.size)
    ]


async def _is_broken(row: Blob) -> bool:
    if (await threads.run(rows.owned, row.owner, row.blob)) is None:
        return False  # deleted meanwhile
    sizes = await store().sizes(row.blob)
    count = tickets.parts_of(row.size, row.part)
    return any(sizes.get(n) != tickets.length_of(row.size, row.part, n) for n in range(count))
