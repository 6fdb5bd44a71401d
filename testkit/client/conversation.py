"""One conversation of one device: order by seq, holes, what was sent and is not settled yet."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from e2ee.encoding import from_base64
from messaging.protocol import Msg, Send
from testkit.client.m1 import body as bodies
from testkit.client.m1.envelope import Opened, Sealed
from testkit.client.m1.ledger import Ledger

Compose = Callable[[bytes | None, bodies.Head, bodies.Head], bytes]
"""M from prev and the two heads: composed again when the epoch turned stale."""


@dataclass(frozen=True)
class Message:
    """One row as its reader sees it."""

    conv: bytes
    seq: int
    ord: int
    mid: bytes
    sender: bytes
    device: bytes
    time: int  # the server's
    kind: int
    members: dict[str, Any]  # M; empty where the content is gone
    mine: bool
    gone: str | None = None  # the server's word, or "deleted": that of who sent it

    @property
    def type(self) -> str | None:
        return self.members.get("t")

    @property
    def text(self) -> str | None:
        return self.members.get("body")

    @property
    def ref(self) -> bytes:
        """The message that a reaction, an edit or a deletion is about."""
        return from_base64(self.members["ref"], 16)

    @classmethod
    def of(cls, msg: Msg, opened: Opened, members: dict[str, Any], *, mine: bool) -> "Message":
        header = opened.header
        return cls(
            header.conn, msg.seq, msg.ord or 0, header.mid, header.sender, header.device,
            msg.time or 0, header.kind, members, mine,
        )  # fmt: skip

    @classmethod
    def gone_row(cls, msg: Msg, *, mine: bool) -> "Message":
        return cls(
            bytes(msg.conv), msg.seq, msg.ord or 0, bytes(msg.client_id or b""),
            bytes(msg.sender or b""), bytes(msg.device or b""), msg.time or 0, msg.kind or 0, {},
            mine, msg.gone,
        )  # fmt: skip


@dataclass
class Outgoing:
    """A message from when it is sealed until the server has answered: repeated byte by byte."""

    frame: Send
    sealed: Sealed
    body: bytes
    compose: Compose
    ctr: int
    prev: bytes | None
    log: int  # of the conversation, when it was sealed
    attempts: int = 0
    settled: Message | None = None


def _set() -> asyncio.Event:
    event = asyncio.Event()
    event.set()
    return event


@dataclass
class Conversation:
    conv: bytes
    peer: bytes
    have: int = 0  # every row up to this seq is applied
    held: dict[int, Msg] = field(default_factory=dict)  # beyond a hole
    messages: list[Message] = field(default_factory=list)  # in order of seq
    only: list[Message] = field(default_factory=list)  # that the server lost: on this device alone
    missing: list[int] = field(default_factory=list)  # seqs before which a ctr is missing
    ledger: Ledger = field(default_factory=Ledger)
    ctr: int = 0  # of this device's last message
    prev: bytes | None = None  # and its C
    pending: Outgoing | None = None
    log: int = 0  # how often the server's became another one
    newest_of_peer: tuple[int, int] = (0, 0)  # seq and ord, for `read`
    sending: asyncio.Lock = field(default_factory=asyncio.Lock)
    applying: asyncio.Lock = field(default_factory=asyncio.Lock)
    agreed: asyncio.Event = field(default_factory=_set)  # unset: rows wait (rollback.py)
    filling: bool = False  # somebody fetches the hole already

    def start_after(self, seq: int) -> None:
        """What its owner cleared is not fetched again."""
        if seq > self.have:
            self.have = seq
            self.ledger.tolerant = True

    def rewind(self, seq: int) -> None:
        """Above it the server's log is another one. What followed on what is not forgotten."""
        self.only += [message for message in self.messages if message.seq > seq]
        self.messages = [message for message in self.messages if message.seq <= seq]
        theirs = [message for message in self.messages if not message.mine and message.sender]
        self.newest_of_peer = (theirs[-1].seq, theirs[-1].ord) if theirs else (0, 0)
        self.have = seq
        self.log += 1

    def add(self, message: Message) -> None:
        """It may come again, in a new place."""
        self.messages.append(message)
        self.only = [lost for lost in self.only if lost.mid != message.mid]
        if message.type == "del":
            self.messages, self.only = (
                _without(message, self.messages),
                _without(message, self.only),
            )

    def texts(self) -> list[str]:
        return [message.text or "" for message in self.messages if message.type == "text"]

    def give_back(self, entry: Outgoing) -> None:
        """A definite refusal: the counter was never used, unless a log that is no more has it."""
        if self.pending is entry:
            self.pending = None
            if self.log == entry.log:
                self.ctr, self.prev = entry.ctr - 1, entry.prev


def _without(deletion: Message, messages: list[Message]) -> list[Message]:
    """Nobody deletes the words of somebody else."""
    mid = deletion.ref
    return [
        replace(one, members={}, gone="deleted")
        if (one.mid, one.mine) == (mid, deletion.mine)
        else one
        for one in messages
    ]
