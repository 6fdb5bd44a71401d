"""The embedded engine's channel layer: one process, bounded queues, losses that are counted.

It implements the channel-layer specification (django/channels: docs/channel_layer_spec.rst)
with the groups and flush extensions. Channels' own in-memory layer walks every queue on each
receive, and drops what overflows without a trace.
"""

import logging
import re
import secrets
import time
from collections.abc import Callable
from typing import ClassVar

from channels.exceptions import ChannelFull
from channels.layers import BaseChannelLayer

from chatsite.inbox import CAPACITY, CAPACITY_BYTES, EXPIRY_SECONDS, Inbox, Message

logger = logging.getLogger(__name__)


class InProcessLayer(BaseChannelLayer):
    extensions: ClassVar[list[str]] = ["groups", "flush"]

    def __init__(
        self,
        expiry: int = EXPIRY_SECONDS,
        capacity: int = CAPACITY,
        channel_capacity: "dict[re.Pattern[str] | str, int] | None" = None,
        capacity_bytes: int = CAPACITY_BYTES,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(expiry=expiry, capacity=capacity)
        self._capacities = self.compile_capacities(channel_capacity or {})
        self.dropped = 0  # by group_send, which may not raise: the specification says so
        self._capacity_bytes = capacity_bytes
        self._clock = clock
        self._channels: dict[str, Inbox] = {}
        self._groups: dict[str, set[str]] = {}

    async def send(self, channel: str, message: Message) -> None:
        """Raises ChannelFull where nobody reads. The message must not be changed afterwards."""
        if not isinstance(message, dict):
            raise TypeError("a message is a dict")
        self.require_valid_channel_name(channel)
        now = self._clock()
        if not self._channel(channel).put(message, now + self.expiry, now):
            raise ChannelFull(channel)

    async def receive(self, channel: str) -> Message:
        """The oldest message that has not expired; waits for one."""
        self.require_valid_channel_name(channel)
        one = self._channel(channel)
        one.readers += 1
        try:
            return await one.get(self._clock)
        finally:
            one.readers -= 1
            if one.empty and not one.readers and self._channels.get(channel) is one:
                del self._channels[channel]

    async def new_channel(self, prefix: str = "specific.") -> str:
        return f"{prefix}inprocess!{secrets.token_hex(8)}"

    async def group_add(self, group: str, channel: str) -> None:
        self.require_valid_group_name(group)
        self.require_valid_channel_name(channel)
        self._groups.setdefault(group, set()).add(channel)

    async def group_discard(self, group: str, channel: str) -> None:
        self.require_valid_group_name(group)
        self.require_valid_channel_name(channel)
        members = self._groups.get(group, set())
        members.discard(channel)
        if not members:
            self._groups.pop(group, None)

    async def group_send(self, group: str, message: Message) -> None:
        """Send to every member that has room; a member without is counted and logged."""
        self.require_valid_group_name(group)
        for channel in tuple(self._groups.get(group, ())):
            try:
                await self.send(channel, message)
            except ChannelFull:
                self.dropped += 1
                logger.warning("channel of group %s is full, %d lost so far", group, self.dropped)

    def get_capacity(self, channel: str) -> int:
        fitting = (most for pattern, most in self._capacities if pattern.match(channel))
        return next(fitting, self.capacity)

    async def flush(self) -> None:
        self._channels.clear()
        self._groups.clear()

    async def close(self) -> None:
        """Nothing is held open."""

    def _channel(self, name: str) -> Inbox:
        channel = self._channels.get(name)
        if channel is None:
            channel = Inbox(self.get_capacity(name), self._capacity_bytes)
            self._channels[name] = channel
        return channel
