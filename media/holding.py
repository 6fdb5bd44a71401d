"""Blobs of messages that somebody reported: their parts stay until it is let go, whatever becomes
of the message. A hold gives nobody leave to read.

One can only be had on a blob that a message has. So a blob that is to be deleted and is not held
never will be, and the sweep meets no hold that comes late.
"""

from collections.abc import Collection

from django.db import transaction
from django.db.models import F, Q, QuerySet

from chatsite.edge.refusals import Unknown
from media import tickets
from media.backends import store
from media.blobs import reached
from media.models import Blob, BlobHold, BlobLink, State
from media.stores import Missing


def hold(report: bytes, conv: bytes | None, client_ids: Collection[bytes], now: int) -> int:
    """Keep the blobs that these messages have, and of no others: how many. What was deleted or has
    expired has none any more. Repeatable; in the caller's transaction."""
    there = Q(expires=None) | Q(expires__gt=now)
    links = BlobLink.objects.filter(there, conv=conv, client_id__in=client_ids)
    with transaction.atomic():
        # First the rows of the blobs, as in rows.unlinked: a deletion waits, or we wait for it.
        keys = list(links.values_list("blob_id", flat=True))
        Blob.objects.filter(pk__in=keys).update(version=F("version") + 1)
        found = links.filter(blob__state=State.LINKED).values_list("blob_id", "client_id")
        BlobHold.objects.filter(report=report).exclude(client_id__in=client_ids).delete()
        holds = [BlobHold(blob_id=key, report=report, client_id=mid) for key, mid in found]
        BlobHold.objects.bulk_create(holds, ignore_conflicts=True)
    return len(holds)


def let_go(report: bytes) -> int:
    """How many it held. Those that no message has, and no other report holds, go with the sweep."""
    count, _ = BlobHold.objects.filter(report=report).delete()
    return count


def reports() -> QuerySet[BlobHold, bytes]:
    """Ids of those that hold something, each as often as it does."""
    return BlobHold.objects.values_list("report", flat=True)


def held(report: bytes) -> set[tuple[bytes, bytes]]:
    """(client_id, blob) of what is kept for it."""
    found = BlobHold.objects.filter(report=report).values_list("client_id", "blob__blob")
    return {(bytes(mid), bytes(blob)) for mid, blob in found}


def row_of(report: bytes, client_id: bytes, blob: bytes) -> Blob | None:
    return Blob.objects.filter(blob=blob, holds__report=report, holds__client_id=client_id).first()


async def part(row: Blob, n: int) -> bytes:
    """Sealed, and through this node, whichever way parts travel otherwise. The caller has asked who
    may. Raises Unknown, StorageAway."""
    if not 0 <= n < tickets.parts_of(row.size, row.part):
        raise Unknown
    try:
        with reached():
            async with store().get(row.blob, n) as found:
                return b"".join([chunk async for chunk in found.chunks])
    except Missing:
        raise Unknown from None
