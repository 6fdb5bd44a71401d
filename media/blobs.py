"""Use cases of uploads: leave to send parts, the word that all were sent, cancelling, room.

SQL runs in threads, the store is asked on the loop. Every call may be repeated.
"""

import secrets
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from typing import Literal

from django.conf import settings

from chatsite.edge.refusals import Conflict, Unknown, bad
from chatsite.edge.wire import Id
from chatsite.running import threads
from e2ee.padding import padme
from media import ownership, protocol, refusals, rows, tickets
from media.backends import store
from media.models import Blob, State
from media.stores import StoreAway, StoreFull
from media.tickets import Ticket, Upload
from messaging import conversations

SITE_SECONDS = 10.0  # for which it is remembered what all files take
NEAR = 10  # of the site's limit: in its last tenth nothing is remembered
PARTS_MAX = 10_000  # of a blob; a client that needs more takes larger ones
CHUNK_MIN = 1 << 16  # bytes of a file that are sealed at a time, at least
SEAL_HEADER, SEAL_TAG = 54, 16  # bytes that sealing adds, once and for each chunk


async def grant(wanted: Upload, session: bytes, now: int) -> protocol.Grant:
    """Leave to upload it, for this session (its hash). Raises Unknown, NotConnected, FileTooLarge,
    Quota, Going, SiteFull, Taken, StorageAway."""
    _require_size(wanted)
    if wanted.blob == ownership.NAME_BLOB:
        raise refusals.Taken
    member = await conversations.require_member(wanted.owner, wanted.conv)
    conversations.require_connected(member)
    try:
        row = await threads.run(_granted, wanted, now)
    except refusals.Taken:
        row = await _in_smaller_parts(wanted, now)
    await threads.run(rows.touch, row, now)
    return await _told(row, session, now)


async def _in_smaller_parts(wanted: Upload, now: int) -> Blob:
    """Some lines carry no large part: an upload of which none has arrived begins again. One that is
    still on its way has another length then, and counts as missing. Raises Taken, StorageAway."""
    row = await threads.run(rows.owned, wanted.owner, wanted.blob)
    if row is None or (row.conv, row.size) != (wanted.conv, wanted.size) or wanted.part >= row.part:
        raise refusals.Taken
    with reached():
        arrived = await store().sizes(wanted.blob)
    if arrived or not await threads.run(rows.divided, row, wanted.part, now):
        raise refusals.Taken
    return await _own(wanted.owner, wanted.blob)


async def resume(owner: bytes, session: bytes, blob: bytes, now: int) -> protocol.Grant:
    """The grant with a fresh ticket. Raises Unknown, StorageAway."""
    row = await _own(owner, blob)
    await threads.run(rows.touch, row, now)
    return await _told(row, session, now)


async def whole(owner: bytes, session: bytes, blob: bytes, now: int) -> protocol.Grant:
    """Every part was sent: none is taken any more, and a message may have the blob. Raises
    Unknown, StorageAway, and Conflict with the grant where a part is missing."""
    row = await _own(owner, blob)
    if row.state == State.GRANTED:
        told = await _told(row, session, now)
        if told.present != [(0, tickets.parts_of(row.size, row.part) - 1)]:
            raise Conflict(told)
        await threads.run(rows.moved, row, [State.GRANTED], State.WHOLE, now)
        row = await _own(owner, blob)  # cancelled meanwhile, or whole by another call
    return await _told(row, session, now)


async def cancel(owner: bytes, blob: bytes, now: int) -> None:
    """Before a message has it. Raises Unknown, Linked."""
    row = await _own(owner, blob)
    if not await threads.run(rows.moved, row, rows.UNCLAIMED, State.DELETING, now):
        raise refusals.Linked
    # The row is left to the sweep, which deletes again: a part that was on its way may come now.
    # Where the store is another site's, or this database is a copy, it says so.
    with suppress(StoreAway, ownership.Foreign):
        await ownership.require(claim=False)
        await store().delete(blob)


async def remove(row: Blob, now: int) -> bool:
    """Parts first, then the row of a blob that is to be deleted; whether it is gone for good.
    Raises StoreAway; repeatable."""
    await store().delete(row.blob)
    return await threads.run(rows.remove, row, now)


async def storage(owner: bytes) -> protocol.Storage:
    used = await threads.run(rows.used_by, owner)
    return protocol.Storage(
        used=used, limit=settings.MEDIA_PERSON_QUOTA, file_max=settings.MEDIA_FILE_MAX
    )


def sealed_max(size: int) -> int:
    """Bytes that a file of `size` bytes has at most once it is sealed (docs/encryption.md 4.11)."""
    padded = padme(size)
    return SEAL_HEADER + padded + SEAL_TAG * max(1, -(-padded // CHUNK_MIN))


@contextmanager
def reached() -> Iterator[None]:
    """What the store says of itself, as a refusal."""
    try:
        yield
    except StoreFull:
        raise refusals.SiteFull from None
    except StoreAway as error:
        raise refusals.StorageAway(error) from None


def runs(numbers: Iterable[int]) -> list[tuple[int, int]]:
    """First and last of each run of numbers, which come in order."""
    found: list[tuple[int, int]] = []
    for n in numbers:
        if found and found[-1][1] == n - 1:
            found[-1] = (found[-1][0], n)
        else:
            found.append((n, n))
    return found


def _require_size(wanted: Upload) -> None:
    if wanted.size > sealed_max(settings.MEDIA_FILE_MAX):
        raise refusals.FileTooLarge(settings.MEDIA_FILE_MAX)
    if wanted.parts > PARTS_MAX:
        bad("parts", f"A file has at most {PARTS_MAX} parts.")


def _granted(wanted: Upload, now: int) -> Blob:
    try:
        new = rows.owned(wanted.owner, wanted.blob) is None
        with site.room(wanted.size) if new else nullcontext():
            return rows.grant(wanted, settings.MEDIA_PERSON_QUOTA, now)
    except rows.Taken:
        raise refusals.Taken from None
    except rows.OverQuota as over:
        raise refusals.Quota(over.limit, over.used) from None
    except rows.Going:
        raise refusals.Going from None


class Site:
    """What all files take, as it was a moment ago, with what this process granted since: to add
    them up reads the whole table. One process never passes the limit. Several may: by what they
    grant in the same moment, and before the last tenth by what others grant in SITE_SECONDS."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._used, self._until = 0, float("-inf")  # bytes; monotonic
        self._granting = 0  # bytes of grants that are under way here

    @contextmanager
    def room(self, size: int) -> Iterator[None]:
        """While so many bytes are granted. Raises SiteFull."""
        if not settings.MEDIA_SITE_QUOTA:
            yield
            return
        self._take(size, settings.MEDIA_SITE_QUOTA)
        granted = 0
        try:
            yield
            granted = size
        finally:
            with self._lock:
                self._granting -= size
                self._used += granted

    def _take(self, size: int, limit: int) -> None:
        with self._lock:
            more = self._granting + size
            near = self._used + more > limit - limit // NEAR
            if near or time.monotonic() >= self._until:
                self._used = rows.used_in_all()
                self._until = time.monotonic() + SITE_SECONDS
            if self._used + more > limit:
                raise refusals.SiteFull
            self._granting = more


site = Site()


async def _own(owner: bytes, blob: bytes) -> Blob:
    row = await threads.run(rows.owned, owner, blob)
    if row is None:
        raise Unknown
    return row


async def _told(row: Blob, session: bytes, now: int) -> protocol.Grant:
    upload = Upload(row.owner, row.conv, row.blob, row.size, row.part)
    ticket, expires = tickets.make(
        settings.SECRETS["ticket"], Ticket(upload, session), now_ms=now,
        random=secrets.token_bytes(16),
    )  # fmt: skip
    return protocol.Grant(
        blob=Id(row.blob),
        conv=Id(row.conv),
        size=row.size,
        part=row.part,  # type: ignore[arg-type]  # one of the three, as it came
        state=_STATES[State(row.state)],
        ticket=ticket,
        expires=expires,
        mode=settings.MEDIA_TRANSFER,
        present=await _present(upload, State(row.state)),
    )


async def _present(upload: Upload, state: State) -> list[tuple[int, int]]:
    if state != State.GRANTED:
        return [(0, upload.parts - 1)]
    with reached():
        sizes = await store().sizes(upload.blob)
    return runs(n for n in range(upload.parts) if sizes.get(n) == upload.length(n))


_STATES: dict[State, Literal["granted", "whole", "linked"]] = {
    State.GRANTED: "granted", State.WHOLE: "whole", State.LINKED: "linked"
}  # fmt: skip
