"""What messaging asks (messaging/blobs.py): which message has which blobs."""

from collections.abc import Sequence

from chatsite.running import threads
from media import erasures, rows
from media.refusals import NotSendable
from messaging.blobs import Blobs, Linked


class BlobLinks(Blobs):
    async def link(self, message: Linked, ids: Sequence[bytes], now: int) -> None:
        to = rows.Link(
            conv=message.conv, client_id=message.client_id, after_seq=message.after_seq,
            expires=message.expires, withheld=message.withheld,
        )  # fmt: skip
        if not await threads.run(rows.link, message.sender, ids, to, now):
            raise NotSendable

    async def erasing(
        self, conv: bytes, sender: bytes, seq: int, client_id: bytes, now: int
    ) -> None:
        await threads.run(erasures.begin, conv, sender, seq, client_id, now)

    async def release(self, conv: bytes, sender: bytes, client_id: bytes, now: int) -> None:
        await threads.run(erasures.end, conv, sender, client_id, now)
