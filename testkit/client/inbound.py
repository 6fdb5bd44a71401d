"""What comes in: applied by seq, opened with every check of 4.8, holes fetched."""

import asyncio
import http.client
from typing import TYPE_CHECKING, Any

from e2ee.encoding import from_base64
from e2ee.envelope import KIND_NOTIFY, check_sent_by
from e2ee.errors import BadEnvelope, M1Error
from messaging import protocol
from messaging.protocol import Msg
from testkit.client.api import ApiError
from testkit.client.conversation import Conversation, Message
from testkit.client.live import Closed
from testkit.client.m1 import body as bodies
from testkit.client.m1 import envelope
from testkit.client.m1.epochs import OpenEpoch

if TYPE_CHECKING:
    from testkit.client.device import Device

GAP_SECONDS = 0.3  # what is under way may still close a gap by itself
RETRY_MS = 200
TRY_LATER = ("rate", "internal")
NOT_NOW = (
    OSError,
    EOFError,
    http.client.HTTPException,
    ApiError,
)  # what a row needs is not to be had


class Inbound:
    def __init__(self, device: "Device") -> None:
        self.device = device
        self._patience = asyncio.Lock()

    async def offer(self, conversation: Conversation, msg: Msg) -> None:
        """Apply what is next, drop what is old, hold what lies beyond a gap. Raises NOT_NOW where a
        row cannot be opened now; it is tried again, as a gap is."""
        if msg.seq > conversation.have:
            conversation.held[msg.seq] = msg
        try:
            async with conversation.applying:
                while (following := _next(conversation)) is not None:
                    await self._apply(conversation, following)
                    conversation.have = following.seq
                    conversation.held.pop(following.seq, None)
        finally:
            if conversation.held and conversation.agreed.is_set():
                self.device.spawn(self._fill_later(conversation))

    async def fill(self, conversation: Conversation) -> None:
        """Page forward until nothing is missing. Raises Closed."""
        conversation.filling = True
        try:
            line, more = self.device.line, True
            while more:
                await conversation.agreed.wait()
                page = await line.page(conversation.conv, after=conversation.have)
                if isinstance(page, protocol.Page):
                    more = page.more
                    for row in page.rows:
                        if self.device.line is not line:  # it may be of a log that is no more
                            raise Closed(None)
                        await self.offer(conversation, row)
                else:
                    # One after the other: each alone, they would knock too often.
                    async with self._patience:
                        await _wait_for_retry(page)
        finally:
            conversation.filling = False

    async def _fill_later(self, conversation: Conversation) -> None:
        await asyncio.sleep(GAP_SECONDS)
        if conversation.held and not conversation.filling:
            await self.fill(conversation)

    async def _apply(self, conversation: Conversation, msg: Msg) -> None:
        mine = msg.sender == self.device.uid
        self.device.vector.after_message(msg, mine=mine)
        entry = conversation.pending
        if entry is not None and msg.client_id == entry.frame.client_id:
            return self.device.outbound.settle(conversation, entry, msg)
        try:
            message = await self._opened(conversation, msg, mine=mine)
        except M1Error as refusal:
            self.device.alarms.append((conversation.conv, msg.seq, refusal))
            return
        conversation.add(message)
        if not mine and msg.sender is not None:
            conversation.newest_of_peer = msg.seq, message.ord
        self.device.received(conversation, message)

    async def _opened(self, conversation: Conversation, msg: Msg, *, mine: bool) -> Message:
        if msg.gone is not None:
            return _gone(conversation, msg, mine=mine)
        if msg.body is None or msg.salt is None:
            conversation.ledger.tolerant = True
            raise BadEnvelope("the row cannot be read")
        epoch = await self._epoch(conversation, msg.epoch or 0)
        seeds = self.device.account.ring.seeds
        opened = envelope.open_sealed(
            msg.body, msg.salt, epoch=epoch, own_uid=self.device.uid, user_seeds=seeds
        )
        _check_frame(msg, opened)
        members = bodies.parse(opened.body, opened.header.ctr)
        if (members["t"] == "text") != (opened.header.kind == KIND_NOTIFY):
            raise BadEnvelope("it would count as something else than it is")
        prev = from_base64(members["prev"], 32) if "prev" in members else None
        if conversation.ledger.note(msg.body, opened.header, prev) == "hole":
            conversation.missing.append(msg.seq)
        await self._check_heads(conversation, members["heads"], mine=mine)
        return Message.of(msg, opened, members, mine=mine)

    async def _epoch(self, conversation: Conversation, n: int) -> OpenEpoch:
        epochs = self.device.epochs
        book = epochs.books.get(conversation.conv)
        known = book.open.get(n) if book else None
        if known is not None:
            return known
        return await self.device.ask_server(epochs.opened, conversation.conv, conversation.peer, n)

    async def _check_heads(
        self, conversation: Conversation, heads: dict[str, Any], *, mine: bool
    ) -> None:
        """What the sender was shown of both lists must be what I am shown."""
        directory = self.device.directory
        whose = (self.device.uid, conversation.peer)
        for uid, name in zip(whose, ("me", "peer") if mine else ("peer", "me"), strict=True):
            k, link_hash = heads[name][0], from_base64(heads[name][1], 32)
            known = directory.known.get(uid)
            if known is None or known.at(k, link_hash) is None:
                await self.device.ask_server(directory.check_head, uid, k, link_hash)


def _next(conversation: Conversation) -> Msg | None:
    """It stays held until it is applied: that may fail."""
    if not conversation.agreed.is_set():
        return None
    return conversation.held.get(conversation.have + 1)


async def _wait_for_retry(answer: protocol.Frame) -> None:
    """Raises M1Error when the answer is a definite one."""
    if isinstance(answer, protocol.Error) and answer.code not in TRY_LATER:
        raise M1Error(f"the server answers {answer.code}")
    await asyncio.sleep((getattr(answer, "retry_ms", None) or RETRY_MS) / 1000)


def _gone(conversation: Conversation, msg: Msg, *, mine: bool) -> Message:
    if msg.device is None or msg.ctr is None:
        conversation.ledger.tolerant = True
    else:
        conversation.ledger.skip(bytes(msg.device), msg.ctr)
    return Message.gone_row(msg, mine=mine)


def _check_frame(msg: Msg, opened: envelope.Opened) -> None:
    """What the frame repeats of the header must equal it."""
    header = opened.header
    check_sent_by(
        header,
        conn=bytes(msg.conv),
        sender=bytes(msg.sender or b""),
        device=bytes(msg.device or b""),
        mid=bytes(msg.client_id or b""),
        n=-1 if msg.epoch is None else msg.epoch,
    )
    if (header.kind, header.ttl, header.ctr) != (msg.kind, msg.ttl, msg.ctr):
        raise BadEnvelope("the frame says something else than the header")
