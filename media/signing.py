"""Use case of direct transfer: calls by which a browser reaches parts in the store itself.

Policy: `_to_put`, `_to_get`: who may. What was handed out cannot be taken back, so it is good for
minutes, and for one part; with deletion the object itself goes. To put, it is good for bytes that
were told before, so that nothing is changed by it later, and its row outlives it: whatever comes
after a deletion is deleted again.
"""

from django.conf import settings

from accounts.sessions import Bound
from chatsite.edge.refusals import Unknown, bad
from chatsite.running import threads
from media import protocol, reading, refusals, rows, tickets
from media.backends import store
from media.models import State
from media.stores import SIGNED_SECONDS, Signed

# Some servers look at the time when a call begins, and it may take a while.
PUT_MS = (SIGNED_SECONDS + 600) * 1000


async def signed(
    who: Bound, blob: bytes, wanted: protocol.NewUrls, now: int
) -> protocol.SignedUrls:
    """In the order of the parts. Raises Unknown, Whole, ByNode, Refusal, and what the two stores
    raise that are asked."""
    sums = [bytes(one) for one in wanted.sums]
    if sums and len(sums) != len(wanted.parts):
        bad("sums", "Say the SHA-256 of each part, or of none.")
    size, part = await (_to_put(who, blob) if sums else _to_get(who, blob, now))
    lengths = [tickets.length_of(size, part, n) for n in wanted.parts]
    if min(lengths) <= 0:
        raise Unknown
    if settings.MEDIA_TRANSFER != "direct":
        raise refusals.ByNode
    if sums and not await threads.run(rows.sign, who.uid, blob, part, now + PUT_MS, now):
        raise Unknown
    calls = await threads.run(_calls, blob, wanted.parts, lengths, sums)
    return protocol.SignedUrls(
        urls=[protocol.SignedUrl(url=one.url, headers=list(one.headers.items())) for one in calls]
    )


async def _to_put(who: Bound, blob: bytes) -> tuple[int, int]:
    """Size and part of a blob of theirs that takes parts."""
    row = await threads.run(rows.owned, who.uid, blob)
    if row is None:
        raise Unknown
    if row.state != State.GRANTED:
        raise refusals.Whole
    return row.size, row.part


async def _to_get(who: Bound, blob: bytes, now: int) -> tuple[int, int]:
    """The same of one that they may read."""
    try:
        shown = await reading.shown_to(who, blob, now)
    except reading.SignedOut:
        raise Unknown from None
    if shown is None:
        raise Unknown
    return shown.size, shown.part


def _calls(blob: bytes, parts: list[int], lengths: list[int], sums: list[bytes]) -> list[Signed]:
    """Takes 0.3 ms each."""
    if sums:
        found = [store().sign_put(blob, *one) for one in zip(parts, lengths, sums, strict=True)]
    else:
        found = [store().sign_get(blob, n) for n in parts]
    return [one for one in found if one is not None]
