"""Use cases of messages: send, page through them, erase.

`send` holds the policy of what the server accepts of an envelope that it cannot open.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings

from accounts.wire import B32, Id
from e2ee import franking
from e2ee.envelope import Envelope, check_sent_by, parse_envelope
from e2ee.errors import Refused as BadEnvelope
from messaging import fanout, protocol
from messaging.backends import log
from messaging.backends.base import Refusal, StaleEpoch, Unknown
from messaging.domain import (
    Appended,
    Contact,
    ContactState,
    Draft,
    Gone,
    Head,
    Row,
    Uid,
)  # fmt: skip

ROW_OVERHEAD = 420  # bytes of a row on the wire beside its body, at most


class NotConnected(Refusal):
    """The two are not connected (any more)."""


class Unsupported(Refusal):
    """The envelope is not of protocol m1, or says other things than its frame."""


@dataclass(frozen=True, slots=True)
class Author:
    uid: Uid
    device: bytes


async def send(
    author: Author, frame: protocol.Send, to: Contact, head: Head | None, now: int
) -> Appended:
    """Append one envelope, then announce it to every other live device of both people.

    Idempotent by client_id. `to` is the author's side of the conversation, `head` its newest
    epoch. A message to somebody who blocks the author is kept and announced to the author
    alone, with the same answer. Raises NotConnected, Unsupported, Unknown (the row to erase is
    not there or not the author's), and what MessageLog.append raises.
    """
    if to.state is not ContactState.CONNECTED:
        raise NotConnected
    envelope = _opened(author, frame)
    if head is None or frame.epoch > head.n:
        raise StaleEpoch(head.n if head else 0)
    if frame.erase:
        await _require_own(author, frame)
    draft = _draft(author, frame, envelope, to, head)
    row = await log().append(draft, _seal(envelope, to.peer), now)
    if frame.erase:
        await log().redact(frame.conv, frame.erase.seq, frame.erase.client_id)
    readers = [author.uid] if to.withheld else [to.peer, author.uid]
    await fanout.deliver(readers, _announcement(author, frame, envelope, row), but=author.device)
    return row


async def page(
    reader: Contact, *, before: int | None, after: int | None, limit: int, now: int
) -> tuple[list[protocol.Msg], bool]:
    """Rows of one conversation as its reader may see them, and whether there are more.

    Newest first below `before` (or from the end), or oldest first above `after`; never what the
    reader has cleared. Ends early at PAGE_BYTES.
    """
    if after is not None:
        after = max(after, reader.cleared)
    rows = await log().page(reader.conv, limit, now, before=before, after=after)
    seen = [row for row in rows if row.seq > reader.cleared]
    frames = await frames_of(seen, reader.owner, now)
    shown = fitting(frames)
    more = len(shown) < len(frames) or len(seen) == limit
    at_start = after is None and bool(shown) and shown[-1].seq == reader.cleared + 1
    return shown, more and not at_start


async def last(readers: Sequence[Contact], now: int) -> list[protocol.Msg]:
    """The newest row of each conversation that has one its reader has not cleared."""
    found = await log().last([reader.conv for reader in readers], now)
    rows = [
        found[reader.conv]
        for reader in readers
        if reader.conv in found and found[reader.conv].seq > reader.cleared
    ]
    return [frame for row in rows for frame in await frames_of([row], readers[0].owner, now)]


async def frames_of(rows: Sequence[Row], reader: Uid, now: int) -> list[protocol.Msg]:
    """Rows of one conversation as frames; what has a ttl gets its salt, or is gone."""
    timed = [row.client_id for row in rows if row.expires is not None and row.gone is None]
    salts = await log().salts(rows[0].conv, timed, now) if timed else {}
    return [_frame(row, reader, salts) for row in rows]


def fitting(frames: list[protocol.Msg]) -> list[protocol.Msg]:
    """The first of them that fit into a frame, and one at least."""
    used = 0
    for index, frame in enumerate(frames):
        used += ROW_OVERHEAD + len(frame.body or b"") * 4 // 3
        if used > protocol.PAGE_BYTES and index:
            return frames[:index]
    return frames


def _opened(author: Author, frame: protocol.Send) -> Envelope:
    try:
        envelope = parse_envelope(frame.body)
        header = envelope.header
        check_sent_by(
            header, conn=frame.conv, sender=author.uid, device=author.device,
            mid=frame.client_id, n=frame.epoch,
        )  # fmt: skip
    except BadEnvelope as error:
        raise Unsupported from error
    if (header.kind, header.ttl) != (frame.kind, frame.ttl):
        raise Unsupported
    if frame.ttl and not protocol.TTL_MIN <= frame.ttl <= protocol.TTL_MAX:
        raise Unsupported
    if frame.blobs:  # attachments do not exist yet
        raise Unsupported
    return envelope


async def _require_own(author: Author, frame: protocol.Send) -> None:
    assert frame.erase
    rows = await log().page(frame.conv, 1, 0, after=frame.erase.seq - 1)
    wanted = (frame.erase.seq, frame.erase.client_id, author.uid)
    if [(row.seq, row.client_id, row.sender) for row in rows] != [wanted]:
        raise Unknown


def _draft(
    author: Author, frame: protocol.Send, envelope: Envelope, to: Contact, head: Head
) -> Draft:
    return Draft(
        conv=frame.conv,
        client_id=frame.client_id,
        after_seq=frame.after_seq,
        sender=author.uid,
        peer=to.peer,
        device=author.device,
        ctr=envelope.header.ctr,
        kind=frame.kind,
        epoch=frame.epoch,
        head=head,
        ttl=frame.ttl,
        text=frame.body,
        salt=frame.salt,
        withheld=to.withheld,
    )


def _seal(envelope: Envelope, recipient: Uid):  # type: ignore[no-untyped-def]
    kid, key = settings.SECRETS["franking"][0]
    digest = envelope.ciphertext_hash

    def seal(server_ms: int) -> tuple[str, bytes]:
        return kid, franking.tag(
            key, kid, envelope.header, recipient=recipient, ciphertext_hash=digest,
            server_ms=server_ms,
        )  # fmt: skip

    return seal


def _announcement(
    author: Author, frame: protocol.Send, envelope: Envelope, row: Appended
) -> protocol.Msg:
    return protocol.Msg(
        conv=frame.conv,
        seq=row.seq,
        client_id=frame.client_id,
        sender=Id(author.uid),
        device=Id(author.device),
        ctr=envelope.header.ctr,
        time=row.time,
        ord=row.ord,
        kind=frame.kind,
        epoch=frame.epoch,
        ttl=frame.ttl,
        body=frame.body,
        salt=frame.salt,
        r=B32(row.tag),
        kid=row.kid,
        erase=frame.erase,
    )


def _frame(row: Row, reader: Uid, salts: dict[bytes, bytes]) -> protocol.Msg:
    if row.withheld and row.sender != reader:
        return protocol.Msg(conv=Id(row.conv), seq=row.seq, gone=Gone.WITHHELD.value)
    frame = protocol.Msg(
        conv=Id(row.conv),
        seq=row.seq,
        client_id=Id(row.client_id),
        sender=Id(row.sender),
        device=Id(row.device),
        ctr=row.ctr,
        time=row.time,
        ord=row.ord,
        kind=row.kind,
        epoch=row.epoch,
        ttl=row.ttl,
    )
    salt = row.salt if row.expires is None else salts.get(row.client_id)
    if row.gone or salt is None:
        frame.gone = (row.gone or Gone.EXPIRED).value
        return frame
    frame.body, frame.salt, frame.kid = row.text, B32(salt), row.kid
    frame.r = B32(row.tag) if row.tag else None
    frame.blobs = [Id(bytes.fromhex(name)) for name in row.url.split()] or None
    return frame
