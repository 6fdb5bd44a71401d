"""The client's device, and who wants to know what it heard and was promised."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from e2ee.epochs import FLOOR_AT_ONCE_REASONS
from messaging import protocol
from testkit.client.account import Opened
from testkit.client.api import Api
from testkit.client.conversation import Conversation, Message
from testkit.client.device import Device
from testkit.client.epochbook import Book, EpochBook
from testkit.client.m1.epochs import OpenEpoch

if TYPE_CHECKING:
    from tests.chaos.pydevice import PyDevice

RECEIPT_SECONDS = 0.5


@dataclass
class Remembering(Conversation):
    """What was deleted was said all the same: who waits for its promise must not say it again."""

    said: dict[str, Message] = field(default_factory=dict)  # of its owner, by text

    def add(self, message: Message) -> None:
        if message.mine and message.text:
            self.said[message.text] = message
        super().add(message)

    def rewind(self, seq: int) -> None:
        super().rewind(seq)
        self.said = {text: message for text, message in self.said.items() if message.seq <= seq}


class Watched(Device):
    def __init__(self, api: Api, opened: Opened, owner: "PyDevice") -> None:
        super().__init__(api, opened, receipt_seconds=RECEIPT_SECONDS)
        self.owner = owner
        self.epochs = _Epochs(api, self.directory, opened)
        self.epochs.owner = owner

    def know(self, conv: bytes, peer: bytes) -> Conversation:
        self.conversations.setdefault(conv, Remembering(conv, peer))
        return super().know(conv, peer)

    def rewound(self, conversation: Conversation) -> None:
        self.owner.rewound(conversation.conv)

    async def _handle(self, frame: protocol.Frame) -> None:
        await super()._handle(frame)
        if isinstance(frame, protocol.Presence):
            self.owner.seen.update({bytes(s.user).hex(): s.state for s in frame.users})
        self.frames.clear()  # nobody asks for them here
        self.owner.saw()


class _Epochs(EpochBook):
    owner: "PyDevice"

    def _publish(self, book: Book, made: OpenEpoch, reason: int) -> None:
        super()._publish(book, made, reason)
        if reason in FLOOR_AT_ONCE_REASONS:
            n, conv = made.record.header.n, book.conv.hex()
            self.owner.history.add(self.owner.name, "floor raised", "ok", conv=conv, epoch=n)
