"""What a device of the Python client says: texts, files, deletions, until their fate is known."""

import asyncio
import http.client
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from websockets.exceptions import WebSocketException

from e2ee.encoding import from_base64
from e2ee.errors import BadEpoch
from testkit.client import deleting
from testkit.client.api import ApiError
from testkit.client.conversation import Conversation, Message
from testkit.client.live import Closed
from testkit.client.outbound import SendRefused
from tests.chaos.deletions import one_of
from tests.chaos.watched import Remembering

if TYPE_CHECKING:
    from tests.chaos.pydevice import PyDevice

LOOK_SECONDS = 0.5  # between two looks for a conversation that is not there yet
PENDING_SECONDS = 0.05  # the same, while the message before it is on its way
NOT_WHOLE = "blob"  # a refusal of a message
WEATHER = (OSError, EOFError, http.client.HTTPException, WebSocketException, Closed, ApiError)


@dataclass(frozen=True)
class Saying:
    op: str  # send, delete, or meddle: what somebody else wrote is to be deleted
    conv: bytes
    text: str  # of the message that is sent, or deleted
    file: bool = False
    mid: bytes = b""  # of the message that is deleted
    seq: int = 0  # of the row that the server is to erase; 0 = none


class Sending:
    def __init__(self, owner: "PyDevice") -> None:
        self.owner = owner
        self.open: set[Saying] = set()
        self._waiting: dict[Saying, float] = {}  # for their promise, since when
        self._queues: dict[bytes, asyncio.Queue[Saying]] = {}
        self._deleted: set[bytes] = set()  # mids that this device deletes

    def say(self, saying: Saying, **more: Any) -> None:
        """Kept in the order of the calls; the history learns how it ends."""
        self._note(saying, "invoke", **more)
        self.open.add(saying)
        if saying.conv not in self._queues:
            self._queues[saying.conv] = asyncio.Queue()
            self.owner.spawn(self._sender(saying.conv))
        self._queues[saying.conv].put_nowait(saying)

    def delete(self, conv: bytes) -> None:
        """One of the texts of its owner, for everyone."""
        if found := self._some(conv, mine=True):
            self._deleted.add(found.mid)
            blobs = [from_base64(one["blob"], 16).hex() for one in found.members.get("att", ())]
            saying = Saying("delete", conv, found.text or "", mid=found.mid, seq=found.seq)
            self.say(saying, target=found.mid.hex(), blobs=blobs)

    def meddle(self, conv: bytes) -> None:
        """The same with a text of the other, which nobody may heed: neither devices nor, where it
        is asked, the server."""
        if found := self._some(conv, mine=False):
            seq = random.choice((0, found.seq))
            self.say(Saying("meddle", conv, found.text or "", mid=found.mid, seq=seq))

    def stuck(self, seconds: float) -> bool:
        """Whether a promise is waited for so long: it was lost on the way, or the message is sealed
        and nobody says it."""
        now = asyncio.get_running_loop().time()
        return any(now - since > seconds for since in self._waiting.values())

    def unstick(self) -> None:
        """It is said again, on a new line."""
        self._waiting.clear()

    def waiting(self) -> dict[bytes, int]:
        return {conv: queue.qsize() for conv, queue in self._queues.items()}

    def lose(self) -> None:
        """The device is gone with all that was in it."""
        for saying in self.open:
            self._note(saying, "info")
        self.open.clear()

    def _some(self, conv: bytes, *, mine: bool) -> Message | None:
        conversation = self.owner.device.conversations.get(conv)
        texts = [
            message
            for message in (conversation.messages if conversation else ())
            if message.mine == mine and message.text and message.mid not in self._deleted
        ]
        return one_of(texts, lambda message: "att" in message.members) if texts else None

    async def _sender(self, conv: bytes) -> None:
        self.owner.be_late()
        queue = self._queues[conv]
        while True:
            saying = await queue.get()
            message = None
            while message is None and saying in self.open:
                await self.owner.online.wait()
                message = await self._try(saying)
            if message is not None:
                self._end(saying, "ok", mid=message.mid.hex(), seq=message.seq)

    async def _try(self, saying: Saying) -> Message | None:
        """The message once it is promised, or None: look again."""
        device = self.owner.device
        conversation = device.conversations.get(saying.conv)
        if conversation is None:
            await asyncio.sleep(LOOK_SECONDS)  # its first state has not come yet
            return None
        if said := _said(conversation, saying):
            return said
        own = device.keys.id
        beyond = any(bytes(row.device or b"") == own for row in conversation.held.values())
        now = asyncio.get_running_loop().time()
        if conversation.pending is not None or beyond:
            # The next connect sends it; or it is kept, after a hole.
            self._waiting.setdefault(saying, now)
            await asyncio.sleep(PENDING_SECONDS)
            return None
        try:
            self._waiting[saying] = now
            return await self._send(saying)
        except SendRefused as refused:
            if str(refused) != NOT_WHOLE:  # an older backup was put back: it is sent again
                self._end(saying, "fail", why=str(refused))
        except (*WEATHER, BadEpoch) as error:  # BadEpoch: the maker of a lost epoch says it again
            await asyncio.sleep((getattr(error, "retry_ms", None) or 100) / 1000)
        return None

    async def _send(self, saying: Saying) -> Message:
        device = self.owner.device
        if saying.op != "send":
            return await deleting.delete(device, saying.conv, saying.mid, seq=saying.seq)
        att = None
        if saying.file:
            att = [await self.owner.attaching.entry(saying.conv, saying.text)]
        return await device.send(saying.conv, saying.text, att=att)

    def _end(self, saying: Saying, how: str, **more: Any) -> None:
        self.open.discard(saying)
        self._waiting.pop(saying, None)
        self._note(saying, how, **more)

    def _note(self, saying: Saying, how: str, **more: Any) -> None:
        owner, conv = self.owner, saying.conv.hex()
        owner.history.add(owner.name, saying.op, how, conv=conv, text=saying.text, **more)


def _said(conversation: Conversation, saying: Saying) -> Message | None:
    """Where it stands in the log. Its text may be deleted by now."""
    if saying.op == "send":
        assert isinstance(conversation, Remembering)
        return conversation.said.get(saying.text)
    deletions = (one for one in reversed(conversation.messages) if one.mine and one.type == "del")
    return next((one for one in deletions if one.ref == saying.mid), None)
