"""What each frame of a client does. `handle` is the one place where refusals become frames."""

import logging
from collections.abc import Awaitable, Callable
from itertools import count
from typing import Any, cast, get_args

from chatsite.edge.refusals import Refusal
from chatsite.edge.wire import Id
from chatsite.running import away, metrics
from messaging import messages, protocol, receipts
from messaging.backends.base import Busy, StaleEpoch
from messaging.domain import Contact, ContactState
from messaging.protocol import LAST_PAGES
from messaging.sessions import hello
from messaging.sessions.live import Session
from messaging.sessions.rates import PREVIEWS, STATE_ROWS, Rate, more

logger = logging.getLogger(__name__)


async def receive(session: Session, text: str | None) -> None:
    """Take one frame; returns when it is dealt with."""
    frame = session.read(text)
    if frame is not None:
        session.answering = True
        try:
            await handle(session, frame)
        finally:
            session.answered()


async def handle(session: Session, frame: protocol.ClientFrame) -> None:
    """Deal with one frame: hello first and once, anything else only after it."""
    if bool(session.uid) is isinstance(frame, protocol.Hello):
        return session.close(protocol.CLOSE_BAD_FRAME)
    try:
        await _HANDLERS[type(frame)](session, frame)
    except hello.Unwelcome as unwelcome:
        metrics.refused("live", f"hello_{unwelcome.code}")
        session.close(unwelcome.code)
    except Busy as busy:
        _busy(session, frame, busy)
    except Refusal as refusal:
        _refuse(session, refusal, frame)
    except Exception as error:
        if away.told(error):
            return _busy(session, frame, Busy())
        logger.exception("session %s", session.conn.hex())
        session.close(protocol.CLOSE_INTERNAL)


def _busy(session: Session, frame: protocol.ClientFrame, busy: Busy) -> None:
    metrics.BUSY.add()
    session.reply(protocol.Busy(retry_ms=busy.retry_ms, **_names(frame)))
    if isinstance(frame, protocol.Hello):  # it is heard once: the client comes back
        session.close(protocol.CLOSE_RESTART)


async def _hello(session: Session, frame: protocol.Hello) -> None:
    claims = hello.check(frame, session.nonce, session.node.clock())
    if session.session not in (b"", claims.session):
        raise hello.Unwelcome(protocol.CLOSE_SIGN_IN)
    rates, who = session.node.rates, (claims.uid, claims.device, session.heard)
    if rates.frames.take(*who) or rates.states.take(*who):
        raise hello.Unwelcome(protocol.CLOSE_RATE)
    try:
        session.node.admission.enter()
    except Busy:  # in a herd many come often, and cost little
        rates.states.pay(*who, -1)
        raise
    session.begin(claims, focus=frame.focus)
    await session.node.join(session)  # before the vector is read, so that nothing is missed between
    await _tell_state(session, frame.vec_hash)
    session.release()


async def _send(session: Session, frame: protocol.Send) -> None:
    if wait_ms := session.node.rates.sends.take(session.uid, session.device, session.heard):
        return _too_fast(session, frame, wait_ms)
    knowledge = session.knowledge
    contact = await knowledge.partner(frame.conv)
    author = messages.Author(session.uid, session.device)
    try:
        row = await messages.send(
            session.node.hub, author, frame, contact, knowledge.usable, session.node.clock()
        )
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


async def _got(session: Session, frame: protocol.Got) -> None:
    contact = await session.knowledge.member(frame.conv)
    mark = receipts.Mark(contact, session.device, session.refuse_mark, got=frame.seq)
    session.node.marks.note(mark)


async def _read(session: Session, frame: protocol.Read) -> None:
    contact = await session.knowledge.member(frame.conv)
    read = (frame.seq, frame.ord)
    shown = await session.knowledge.shown()
    then = session.node.clock() - (frame.ago or 0)
    silent = not shown.receipts or then < shown.receipts_since
    mark = receipts.Mark(contact, session.device, session.refuse_mark, read=read, silent=silent)
    session.node.marks.note(mark)


async def _get(session: Session, frame: protocol.Get) -> None:
    if wait_ms := session.node.rates.gets.take(session.uid, session.device, session.heard):
        return _too_fast(session, frame, wait_ms)
    now = session.node.clock()
    if frame.last is not None:
        return await _get_last(session, frame.ref, frame.last, now)
    if frame.conv is None or (frame.before is not None and frame.after is not None):
        raise messages.Unsupported
    reader = await session.knowledge.member(frame.conv)
    rows, more = await messages.page(
        reader, before=frame.before, after=frame.after, limit=frame.limit, now=now
    )
    session.reply(protocol.Page(ref=frame.ref, rows=rows, more=more))


async def _get_last(session: Session, ref: int, convs: list[Id], now: int) -> None:
    readers = [await session.knowledge.member(conv) for conv in dict.fromkeys(convs)]
    rows = await messages.last(readers, now)
    for number in count(1):
        page = messages.fitting(rows)
        rows = rows[len(page) :] if number < LAST_PAGES else []
        session.reply(protocol.Page(ref=ref, rows=page, more=bool(rows)))
        if not rows:
            cost = number - 1 + more(len(readers), PREVIEWS)
            return _pay(session, session.node.rates.gets, cost)


async def _typing(session: Session, frame: protocol.Typing) -> None:
    contact = await session.knowledge.member(frame.conv)
    shown = await session.knowledge.shown()
    if shown.typing and _visible(contact) and session.may_type():
        typing = protocol.PeerTyping(conv=frame.conv, sender=Id(session.uid))
        await session.node.hub.deliver([contact.peer], typing)


async def _watch(session: Session, frame: protocol.Watch) -> None:
    session.focus = frame.focus
    if session.node.rates.looks.take(session.uid, session.device, session.heard):
        return session.node.watching.watch_soon(session, frame.users)
    await session.node.watching.watch(session, frame.users)


async def _ping(session: Session, frame: protocol.Ping) -> None:
    session.acknowledged(frame.ack)
    session.reply(protocol.Pong())
    if frame.vec_hash is None:
        return
    if wait_ms := session.node.rates.states.take(session.uid, session.device, session.heard):
        return _too_fast(session, frame, wait_ms)
    await _tell_state(session, frame.vec_hash)


async def _pong(session: Session, frame: protocol.Pong) -> None:
    session.acknowledged(frame.ack)


async def _tell_state(session: Session, theirs: bytes) -> None:
    frames, rows = await session.node.vectors.answer(session.uid, theirs)
    _pay(session, session.node.rates.states, more(rows, STATE_ROWS))
    for frame in frames:
        session.reply(frame)


def _pay(session: Session, rate: Rate, tokens: int) -> None:
    rate.pay(session.uid, session.device, session.node.ticks(), tokens)


async def _stale(session: Session, frame: protocol.Send) -> None:
    session.knowledge.forget_epochs(frame.conv)
    head = await session.knowledge.head(frame.conv)
    newest = head.n if head else 0
    session.reply(protocol.StaleEpoch(client_id=frame.client_id, conv=frame.conv, head=newest))


def _too_fast(session: Session, frame: protocol.Frame, wait_ms: int) -> None:
    metrics.refused("live", "rate")
    session.reply(protocol.Error(code="rate", retry_ms=wait_ms, **_names(frame)))


def _visible(contact: Contact) -> bool:
    """Whether the peer may learn that the owner is there."""
    return contact.state is ContactState.CONNECTED and not contact.withheld


def _refuse(session: Session, refusal: Refusal, frame: protocol.Frame) -> None:
    if refusal.code not in get_args(protocol.ErrorCode):  # no frame can say it: a bug of ours
        logger.error("session %s", session.conn.hex(), exc_info=refusal)
        return session.close(protocol.CLOSE_INTERNAL)
    metrics.refused("live", refusal.code)
    session.reply(protocol.Error(code=cast(protocol.ErrorCode, refusal.code), **_names(frame)))


def _names(frame: protocol.Frame) -> dict[str, Any]:
    """By what the client knows which frame an answer is to."""
    return {"client_id": getattr(frame, "client_id", None), "ref": getattr(frame, "ref", None)}


_HANDLERS: dict[type, Callable[[Session, Any], Awaitable[None]]] = {
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
