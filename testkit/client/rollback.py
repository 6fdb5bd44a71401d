"""An older backup was put back: positions follow the server, keys and pins do not (ADR 15).

Until both logs were compared nothing of the server's is applied: a row of it above what is here
would hide all that differs below. Where the line breaks meanwhile, that stays so.
"""

from typing import TYPE_CHECKING

from messaging import protocol
from testkit.client.conversation import Conversation
from testkit.client.inbound import _wait_for_retry

if TYPE_CHECKING:
    from testkit.client.device import Device


async def follow(device: "Device", data: bytes) -> None:
    """After a connect, before anything is applied or sent. Raises Closed: then once more."""
    suspects = _suspects(device, data)
    for conversation, _ in suspects:
        conversation.agreed.clear()
    for conversation, head in suspects:
        async with conversation.applying:  # what was under way
            pass
        conversation.rewind(await _agreement(device, conversation, head))
        device.rewound(conversation)
        device.epochs.forget_head(conversation.conv)
        conversation.agreed.set()
    for conversation, _ in suspects:
        await device.inbound.fill(conversation)
    device.data = data


def _suspects(device: "Device", data: bytes) -> list[tuple[Conversation, int]]:
    """Each with the server's head."""
    other = device.data not in (None, data)
    suspects = []
    for conversation in device.conversations.values():
        row = device.vector.rows.get(conversation.conv)
        if row is None:
            conversation.agreed.set()  # the server does not know it: nothing of it will come
        elif not conversation.agreed.is_set() or other or row.last_seq < conversation.have:
            suspects.append((conversation, row.last_seq))
    return suspects


async def _agreement(device: "Device", conversation: Conversation, head: int) -> int:
    """The newest row at which both logs agree; 0: none."""
    top = min(conversation.have, head)
    mids = {message.seq: message.mid for message in conversation.messages if message.seq <= top}
    lowest = min(mids, default=top + 1)
    before = top + 1
    while before > 1:
        page = await device.line.page(conversation.conv, before=before)
        if not isinstance(page, protocol.Page):
            await _wait_for_retry(page)
            continue
        for row in sorted(page.rows, key=lambda row: -row.seq):
            if row.seq < lowest or mids.get(row.seq) == row.client_id:
                return row.seq
            before = row.seq
        if not page.rows:
            break
    return 0
