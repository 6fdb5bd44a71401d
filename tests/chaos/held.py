"""What a device of the Python client holds, as the checkers look at it."""

from collections.abc import Mapping

from e2ee.errors import M1Error
from testkit.client.conversation import Message
from testkit.client.device import Device
from tests.chaos import outcome
from tests.chaos.outcome import Chat


def chats(device: Device, queued: Mapping[bytes, int]) -> dict[str, Chat]:
    """`queued`: texts that are not sealed yet, by conversation."""
    found = {}
    for key, conversation in device.conversations.items():
        messages, only = _messages(conversation.messages), _messages(conversation.only)
        row, sealed = device.vector.rows[key], conversation.pending is not None
        waiting = sealed + queued.get(key, 0)
        found[key.hex()] = Chat(messages, row.unread, row.my_read_ord, waiting, only)
    return found


def suspicions(device: Device) -> tuple[str, ...]:
    return tuple(
        f"{type(alarm).__name__}: {alarm} at {seq} of {conv.hex()[:6]}"
        for conv, seq, alarm in device.alarms
        if isinstance(alarm, M1Error)
    )


def _messages(messages: list[Message]) -> tuple[outcome.Message, ...]:
    return tuple(
        outcome.Message(m.seq, m.mid.hex(), m.mine, m.kind, m.ord, m.text) for m in messages
    )
