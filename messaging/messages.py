"""Use cases of messages: send, page through them, erase.

`send` holds the policy of what the server accepts of an envelope that it cannot open.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from django.conf import settings

from chatsite.edge.refusals import Refusal
from chatsite.edge.wire import B32, Id
from chatsite.running import metrics
from e2ee import franking
from e2ee.envelope import Envelope, check_sent_by, parse_envelope
from e2ee.errors import M1Error
from messaging import conversations, protocol
from messaging.backends import log
from messaging.backends.sizes import content
from messaging.blobs import Linked, blobs
from messaging.domain import (
    KIND_NOTIFY,
    KIND_SILENT,
    Contact,
    Draft,
    EpochHead,
    Gone,
    Row,
    Uid,
)
from messaging.hub import Hub

ROW_OVERHEAD = 420  # bytes of a row on the wire beside its body, at most
PAGE_TEXT = protocol.PAGE_BYTES * 3 // 4  # bytes of texts that fit into a page, in base64
BLOB_OVERHEAD = 30  # and of each blob id
EXPIRES_AFTER_MS = 60_000  # blobs after their message, whose time may be ahead of this clock

# The newest epoch, if a message may be sent under this one; else it raises StaleEpoch.
Epochs = Callable[[Contact, int], Awaitable[EpochHead]]


class Unsupported(Refusal):
    """The envelope is not of protocol m1, or says other things than its frame."""

    code = "unsupported"


@dataclass(frozen=True, slots=True)
class Author:
    uid: Uid
    device: bytes


async def send(
    hub: Hub, author: Author, frame: protocol.Send, to: Contact, usable: Epochs, now: int
) -> Row:
    """Append one envelope, then announce it to every other live device of both people.

    Idempotent by client_id. `to` is the author's side of the conversation, `usable` says which
    epochs may be used. A message to somebody who blocks the author is kept and announced
    to the author alone, with the same answer. Blobs are linked before the append, and released
    after it where their message is erased. Raises NotConnected, Unsupported, StaleEpoch, and what
    MessageLog.append and Blobs.link raise.
    """
    conversations.require_connected(to)
    envelope = _opened(author, frame)
    draft = _draft(author, frame, envelope, to, await usable(to, frame.epoch))
    if frame.blobs:
        await _link(author, frame, to, now)
    if draft.erase:
        await blobs().erasing(draft.conv, author.uid, *draft.erase, now)
    row = await log().append(draft, _seal(envelope, to.peer), now)
    metrics.APPENDS.add()
    if frame.blobs and row.gone:  # a repeat of what was erased meanwhile
        await blobs().release(draft.conv, author.uid, draft.client_id, now)
    if draft.erase:
        await blobs().release(draft.conv, author.uid, draft.erase[1], now)
    await _announce(hub, author, frame, row, to)
    return row


async def page(
    reader: Contact, *, before: int | None, after: int | None, limit: int, now: int
) -> tuple[list[protocol.Msg], bool]:
    """Rows of one conversation as its reader may see them, and whether there are more.

    Newest first below `before` (or from the end), or oldest first above `after`; never what the
    reader has cleared. Ends early at PAGE_BYTES, and few texts are read that do not fit.
    """
    if after is not None:
        after = max(after, reader.cleared)
    rows = await log().page(reader.conv, limit, now, before=before, after=after, size=PAGE_TEXT)
    seen = [row for row in rows if row.seq > reader.cleared]
    cut = content(seen) > PAGE_TEXT  # of what is withheld nothing is shown
    frames = await frames_of(seen, reader.owner, now)
    shown = fitting(frames)
    more = cut or len(shown) < len(frames) or len(seen) == limit
    at_start = after is None and bool(shown) and shown[-1].seq == reader.cleared + 1
    return shown, more and not at_start


async def last(readers: Sequence[Contact], now: int) -> list[protocol.Msg]:
    """The newest row of each conversation that has one its reader may see and has not cleared."""
    if not readers:
        return []
    found = await log().last(readers[0].owner, [reader.conv for reader in readers], now)
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
        used += BLOB_OVERHEAD * len(frame.blobs or ())
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
    except M1Error as error:
        raise Unsupported from error
    if (header.kind, header.ttl) != (frame.kind, frame.ttl):
        raise Unsupported
    if (frame.erase and frame.kind != KIND_SILENT) or (frame.blobs and frame.kind != KIND_NOTIFY):
        raise Unsupported
    if frame.ttl and not protocol.TTL_MIN <= frame.ttl <= protocol.TTL_MAX:
        raise Unsupported
    if frame.blobs and len(set(frame.blobs)) != len(frame.blobs):
        raise Unsupported
    return envelope


async def _link(author: Author, frame: protocol.Send, to: Contact, now: int) -> None:
    """Blobs of a message that is there already may have gone with it: then it is a repeat."""
    expires = now + frame.ttl * 1000 + EXPIRES_AFTER_MS if frame.ttl else None
    message = Linked(author.uid, frame.conv, frame.client_id, frame.after_seq, expires, to.withheld)
    try:
        await blobs().link(message, frame.blobs or [], now)
    except Refusal:
        if await log().find(frame.conv, frame.client_id, frame.after_seq) is None:
            raise


def _draft(
    author: Author, frame: protocol.Send, envelope: Envelope, to: Contact, head: EpochHead
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
        url=" ".join(blob.hex() for blob in frame.blobs or ()),
        withheld=to.withheld,
        erase=(frame.erase.seq, frame.erase.client_id) if frame.erase else None,
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


async def _announce(hub: Hub, author: Author, frame: protocol.Send, row: Row, to: Contact) -> None:
    """Tell both; of a withheld message only the author's devices. Earlier ones that the peer
    never got are not counted to them, so that the two are then told different numbers."""

    async def tell(*users: Uid) -> None:
        msg = _frame(row, users[0], {row.client_id: frame.salt})
        msg.erase = frame.erase
        await hub.deliver(users, msg, but=author.device)

    if to.withheld or row.withheld:
        await tell(author.uid)
    elif row.hid:
        await tell(author.uid)
        await tell(to.peer)
    else:
        await tell(to.peer, author.uid)


def _frame(row: Row, reader: Uid, salts: dict[bytes, bytes]) -> protocol.Msg:
    """A row as its reader may see it, on a page as in an announcement. `salts`: of those with a
    ttl."""
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
        ord=row.ord_for(reader),
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
