"""The embedded engine's channel layer: one process, bounded queues, losses that are counted.

It implements the channel-layer specification (django/channels: docs/channel_layer_spec.rst)
with the groups and flush extensions. Channels' own in-memory layer walks every queue on each
receive, and drops what overflows without a trace.
"""

import asyncio
import logging
import re
import secrets
import time
from collections.abc import Callable
from typing import Any, ClassVar

from channels.exceptions import ChannelFull
from channels.layers import BaseChannelLayer

CAPACITY = 1000  # messages a channel; a frame between nodes carries up to 64 events
EXPIRY_SECONDS = 60  # a message that nobody received by then is old news

Message = dict[str, Any]
logger = logging.getLogger(__name__)


class InProcessLayer(BaseChannelLayer):
    extensions: ClassVar[list[str]] = ["groups", "flush"]

    def __init__(
        self,
        expiry: int = EXPIRY_SECONDS,
        capacity: int = CAPACITY,
        channel_capacity: "dict[re.Pattern[str] | str, int] | None" = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(expiry=expiry, capacity=capacity)
        self._capacities = self.compile_capacities(channel_capacity or {})
        self.dropped = 0  # by group_send, which may not raise: the specification says so
        self._clock = clock
        self._queues: dict[str, asyncio.Queue[tuple[float, Message]]] = {}
        self._waiting: dict[str, int] = {}  # receivers: their queue must stay
        self._groups: dict[str, set[str]] = {}

    async def send(self, channel: str, message: Message) -> None:
        """Raises ChannelFull where nobody reads. The message must not be changed afterwards."""
        if not isinstance(message, dict):
            raise TypeError("a message is a dict")
        self.require_valid_channel_name(channel)
        queue = self._queue(channel)
        self._drop_expired(queue)
        try:
            queue.put_nowait((self._clock() + self.expiry, message))
        except asyncio.QueueFull:
            raise ChannelFull(channel) from None

    async def receive(self, channel: str) -> Message:
        """The oldest message that has not expired; waits for one."""
        self.require_valid_channel_name(channel)
        queue = self._queue(channel)
        self._waiting[channel] = self._waiting.get(channel, 0) + 1
        try:
            while True:
                deadline, message = await queue.get()
                if deadline > self._clock():
                    return message
        finally:
            self._waiting[channel] -= 1
            self._forget_idle(channel)

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
        """To every member that has room; a member without is counted and logged."""
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
        self._queues.clear()
        self._groups.clear()

    async def close(self) -> None:
        """Nothing is held open."""

    def _queue(self, channel: str) -> asyncio.Queue[tuple[float, Message]]:
        queue = self._queues.get(channel)
        if queue is None:
            queue = self._queues[channel] = asyncio.Queue(self.get_capacity(channel))
        return queue

    def _drop_expired(self, queue: asyncio.Queue[tuple[float, Message]]) -> None:
        """What is too old must not keep new messages out."""
        while queue.full():
            deadline, _ = queue._queue[0]  # type: ignore[attr-defined]
            if deadline > self._clock():
                return
            queue.get_nowait()

    def _forget_idle(self, channel: str) -> None:
        if self._waiting[channel]:
            return
        del self._waiting[channel]
        queue = self._queues.get(channel)
        if queue is not None and queue.empty():
            del self._queues[channel]
