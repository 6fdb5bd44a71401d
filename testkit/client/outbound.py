"""What goes out: sealed once, repeated byte by byte until there is a definite answer."""

import asyncio
import contextlib
import secrets
from typing import TYPE_CHECKING, Any

from chatsite.edge.wire import B32, Id
from messaging import protocol
from messaging.protocol import Msg
from testkit.client.conversation import Compose, Conversation, Message, Outgoing
from testkit.client.inbound import NOT_NOW, RETRY_MS, TRY_LATER
from testkit.client.m1 import body as bodies
from testkit.client.m1 import envelope
from testkit.client.rotation import side_of

if TYPE_CHECKING:
    from testkit.client.device import Device


class SendRefused(Exception):
    """Definite: not connected, too big, …; the message was not taken and will not be."""


class Outbound:
    def __init__(self, device: "Device") -> None:
        self.device = device

    async def seal(
        self, conversation: Conversation, compose: Compose, kind: int, ttl: int,
        erase: protocol.Erase | None = None,
    ) -> Outgoing:  # fmt: skip
        device, conv, peer = self.device, conversation.conv, conversation.peer
        epoch = device.epochs.ready(conv)
        if epoch is None:
            epoch = await device.ask_server(device.epochs.for_sending, conv, peer)
        mine, theirs = (device.directory.known[uid].head for uid in (device.uid, peer))
        prev, ctr = conversation.prev, conversation.ctr + 1
        body = compose(prev, (mine.k, mine.hash), (theirs.k, theirs.hash))
        own_key = device.account.ring.keys[side_of(epoch.record.header, device.uid).g]
        sealed = envelope.seal(
            body,
            epoch=epoch,
            sender=device.uid,
            device=device.keys.id,
            ctr=ctr,
            mid=secrets.token_bytes(16),
            user_seed=own_key.seed,
            kind=kind,
            ttl=ttl,
        )
        conversation.ctr, conversation.prev = ctr, sealed.commitment
        frame = _frame(conversation, sealed)
        frame.erase = erase
        frame.blobs = [Id(blob) for blob in bodies.blobs(bodies.parse(body, ctr))] or None
        return Outgoing(frame, sealed, body, compose, ctr, prev, conversation.log)

    async def deliver(self, conversation: Conversation) -> Message:
        """Until the server has promised, or the row was seen in a sync. Raises SendRefused, and
        Closed, after which the entry still waits."""
        while (entry := conversation.pending) is not None:
            await conversation.agreed.wait()
            # Where an older backup was put back, the log goes less far than when it was sealed.
            entry.frame.after_seq = min(entry.frame.after_seq, conversation.have)
            entry.attempts += 1
            answer = await self.device.line.ask(entry.frame)
            if isinstance(answer, protocol.Sent) and entry.settled is None:
                return await self._sent(conversation, entry, answer)
            if entry.settled is None:
                await self._not_sent(conversation, entry, answer)
            if entry.settled is not None:
                return entry.settled
        raise AssertionError("nothing to deliver")

    def settle(self, conversation: Conversation, entry: Outgoing, msg: Msg) -> None:
        """Its place in the log is known, by `sent` or by a sync."""
        header = entry.sealed.header
        conversation.ledger.note(entry.sealed.envelope, header, entry.prev)
        entry.settled = _message(entry, msg)
        conversation.add(entry.settled)
        conversation.pending = None
        self.device.epochs.count(conversation.conv, header.n)
        self.device.changed.set()

    async def _not_sent(
        self, conversation: Conversation, entry: Outgoing, answer: protocol.Frame
    ) -> None:
        stale = isinstance(answer, protocol.StaleEpoch)
        definite = isinstance(answer, protocol.Error) and answer.code not in TRY_LATER
        if not stale and not definite:
            return await asyncio.sleep((getattr(answer, "retry_ms", None) or RETRY_MS) / 1000)
        if entry.attempts > 1:  # an earlier one may have been taken: only the log can tell
            try:
                await self.device.inbound.fill(conversation)
            except NOT_NOW:  # else it would wait for ever, and nobody would say it again
                return await asyncio.sleep(RETRY_MS / 1000)
        if entry.settled is not None:
            return
        if stale:
            return await self._seal_again(conversation, entry)
        conversation.give_back(entry)
        raise SendRefused(getattr(answer, "code", ""))

    async def _seal_again(self, conversation: Conversation, entry: Outgoing) -> None:
        """Not in the log: another epoch, and another name for the message."""
        conversation.give_back(entry)
        self.device.epochs.forget_head(conversation.conv)
        self.device.directory.outdated |= {self.device.uid, conversation.peer}  # or a list moved
        frame = entry.frame
        conversation.pending = await self.seal(
            conversation, entry.compose, frame.kind, frame.ttl, frame.erase
        )

    async def _sent(
        self, conversation: Conversation, entry: Outgoing, sent: protocol.Sent
    ) -> Message:
        self._compare_heads(conversation, sent.heads)
        row = _own_row(entry, sent, self.device.uid, self.device.keys.id)
        with contextlib.suppress(*NOT_NOW):
            await self.device.inbound.offer(conversation, row)
        if entry.settled is None:  # it lies beyond a hole, which is being filled
            entry.settled, conversation.pending = _message(entry, row), None
        return entry.settled

    def _compare_heads(self, conversation: Conversation, heads: protocol.Heads) -> None:
        """Untrusted, but quick: an honest server tells that a list is newer than mine."""
        directory = self.device.directory
        for uid, (k, _) in ((self.device.uid, heads.me), (conversation.peer, heads.peer)):
            if k > directory.known[uid].head.k:
                directory.outdated.add(uid)


def _frame(conversation: Conversation, sealed: envelope.Sealed) -> protocol.Send:
    header = sealed.header
    return protocol.Send(
        client_id=Id(header.mid),
        conv=Id(conversation.conv),
        after_seq=conversation.have,
        epoch=header.n,
        kind=header.kind,
        ttl=header.ttl,
        body=sealed.envelope,
        salt=B32(sealed.salt),
    )


def _own_row(entry: Outgoing, sent: protocol.Sent, uid: bytes, device: bytes) -> Msg:
    frame = entry.frame
    return Msg(
        conv=frame.conv, seq=sent.seq, client_id=frame.client_id, sender=Id(uid),
        device=Id(device), ctr=entry.ctr, time=sent.time, ord=sent.ord, kind=frame.kind,
        epoch=frame.epoch, ttl=frame.ttl, body=frame.body, salt=frame.salt,
    )  # fmt: skip


def _message(entry: Outgoing, msg: Msg) -> Message:
    opened = envelope.Opened(entry.sealed.header, entry.body, b"")
    members: dict[str, Any] = bodies.parse(entry.body, entry.ctr)
    return Message.of(msg, opened, members, mine=True)
