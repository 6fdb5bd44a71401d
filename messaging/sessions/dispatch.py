"""What each frame of a client does. `handle` is the one place where refusals become frames."""

import logging
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from accounts.wire import B32, Id
from messaging import fanout, messages, protocol, receipts
from messaging.backends import log
from messaging.backends.base import BadSeq, Busy, Refusal, Reused, StaleEpoch, Unknown
from messaging.domain import Contact, ContactState
from messaging.sessions import hello
from messaging.sessions.vector import state_frames, vec_hash

if TYPE_CHECKING:
    from messaging.sessions.live import Session

CODES: dict[type[Refusal], protocol.ErrorCode] = {
    Unknown: "unknown",
    BadSeq: "bad_seq",
    Reused: "reused",
    messages.NotConnected: "not_connected",
    messages.Unsupported: "unsupported",
}
logger = logging.getLogger(__name__)


async def handle(session: "Session", frame: protocol.ClientFrame) -> None:
    """Deal with one frame: hello first and once, anything else only after it."""
    if bool(session.uid) is isinstance(frame, protocol.Hello):
        return session.close(protocol.CLOSE_BAD_FRAME)
    try:
        await _HANDLERS[type(frame)](session, frame)
    except hello.Refused as refused:
        session.close(refused.code)
    except Busy as busy:
        session.reply(protocol.Busy(retry_ms=busy.retry_ms, **_names(frame)))
    except Refusal as refusal:
        session.reply(protocol.Error(code=CODES[type(refusal)], **_names(frame)))
    except Exception:
        logger.exception("session %s", session.conn.hex())
        session.close(protocol.CLOSE_INTERNAL)


async def compare(session: "Session") -> None:
    """Tell the client the hash of the store's state, unasked."""
    if session.close_code is None:
        async with session.upkeep.vectors:
            rows = await log().vector(session.uid)
        hash_of_state = B32(vec_hash(rows))
        session.show(protocol.Same(now=session.upkeep.clock(), vec_hash=hash_of_state))


async def _hello(session: "Session", frame: protocol.Hello) -> None:
    upkeep = session.upkeep
    claims = hello.check(frame, session.nonce, upkeep.clock())
    if session.session not in (b"", claims.session):
        raise hello.Refused(protocol.CLOSE_SIGN_IN)
    session.begin(claims, focus=frame.focus)
    await upkeep.join(session)  # before the vector is read, so that no news falls between
    await _tell_state(session, frame.vec_hash)
    session.release()


async def _send(session: "Session", frame: protocol.Send) -> None:
    if not session.buckets.sends.take(session.heard):
        return _too_fast(session, frame, session.buckets.sends.wait_ms())
    knowledge = session.knowledge
    contact = await knowledge.member(frame.conv)
    head = await knowledge.head(frame.conv)
    if head is not None and head.n < frame.epoch:  # news of it may still be on the way
        knowledge.forget_epochs(frame.conv)
        head = await knowledge.head(frame.conv)
    author = messages.Author(session.uid, session.device)
    try:
        if head is not None and await knowledge.names_revoked(contact, head, frame.epoch):
            raise StaleEpoch(head.n)
        row = await messages.send(author, frame, contact, head, session.upkeep.clock())
    except StaleEpoch:
        return await _stale(session, frame)
    lists = await knowledge.lists(contact.peer)
    session.reply(
        protocol.Sent(
            client_id=frame.client_id,
            conv=frame.conv,
            seq=row.seq,
            ord=row.ord,
            time=row.time,
            heads=lists.on_the_wire,
        )
    )


async def _got(session: "Session", frame: protocol.Got) -> None:
    contact = await session.knowledge.member(frame.conv)
    mark = receipts.Mark(contact, session.device, session.refuse_mark, got=frame.seq)
    session.upkeep.marks.note(mark)


async def _read(session: "Session", frame: protocol.Read) -> None:
    contact = await session.knowledge.member(frame.conv)
    read = (frame.seq, frame.ord)
    silent = not (await session.knowledge.shown()).receipts
    mark = receipts.Mark(contact, session.device, session.refuse_mark, read=read, silent=silent)
    session.upkeep.marks.note(mark)


async def _get(session: "Session", frame: protocol.Get) -> None:
    if not session.buckets.gets.take(session.heard):
        return _too_fast(session, frame, session.buckets.gets.wait_ms())
    now = session.upkeep.clock()
    if frame.last is not None:
        return await _get_last(session, frame.ref, frame.last, now)
    if frame.conv is None or (frame.before is not None and frame.after is not None):
        raise messages.Unsupported
    reader = await session.knowledge.member(frame.conv)
    rows, more = await messages.page(
        reader, before=frame.before, after=frame.after, limit=frame.limit, now=now
    )
    session.reply(protocol.Page(ref=frame.ref, rows=rows, more=more))


async def _get_last(session: "Session", ref: int, convs: list[Id], now: int) -> None:
    readers = [await session.knowledge.member(conv) for conv in convs]
    rows = await messages.last(readers, now)
    while True:
        page = messages.fitting(rows)
        rows = rows[len(page) :]
        session.reply(protocol.Page(ref=ref, rows=page, more=bool(rows)))
        if not rows:
            return


async def _typing(session: "Session", frame: protocol.Typing) -> None:
    contact = await session.knowledge.member(frame.conv)
    shown = await session.knowledge.shown()
    if shown.typing and _visible(contact) and session.may_type():
        typing = protocol.PeerTyping(conv=frame.conv, sender=Id(session.uid))
        await fanout.deliver([contact.peer], typing)


async def _watch(session: "Session", frame: protocol.Watch) -> None:
    session.focus = frame.focus
    await session.upkeep.watching.watch(session, frame.users)


async def _ping(session: "Session", frame: protocol.Ping) -> None:
    session.acknowledged(frame.ack)
    session.reply(protocol.Pong())
    if frame.vec_hash is not None:
        await _tell_state(session, frame.vec_hash)


async def _pong(session: "Session", frame: protocol.Pong) -> None:
    session.acknowledged(frame.ack)


async def _tell_state(session: "Session", theirs: bytes) -> None:
    async with session.upkeep.vectors:
        rows = await log().vector(session.uid)
    now = session.upkeep.clock()
    if vec_hash(rows) == theirs:
        return session.reply(protocol.Same(now=now))
    for frame in state_frames(rows, now):
        session.reply(frame)


async def _stale(session: "Session", frame: protocol.Send) -> None:
    session.knowledge.forget_epochs(frame.conv)
    head = await session.knowledge.head(frame.conv)
    newest = head.n if head else 0
    session.reply(protocol.StaleEpoch(client_id=frame.client_id, conv=frame.conv, head=newest))


def _too_fast(session: "Session", frame: protocol.Frame, wait_ms: int) -> None:
    session.reply(protocol.Error(code="rate", retry_ms=wait_ms, **_names(frame)))


def _visible(contact: Contact) -> bool:
    """Whether the peer may learn that the owner is there."""
    return contact.state is ContactState.CONNECTED and not contact.withheld


def _names(frame: protocol.Frame) -> dict[str, Any]:
    """By what the client knows which frame an answer is to."""
    return {"client_id": getattr(frame, "client_id", None), "ref": getattr(frame, "ref", None)}


_HANDLERS: dict[type, Callable[["Session", Any], Awaitable[None]]] = {
    protocol.Hello: _hello,
    protocol.Send: _send,
    protocol.Got: _got,
    protocol.Read: _read,
    protocol.Get: _get,
    protocol.Typing: _typing,
    protocol.Watch: _watch,
    protocol.Ping: _ping,
    protocol.Pong: _pong,
}
