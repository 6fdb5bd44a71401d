"""The channel layer of several processes: channels_redis over pub/sub, with what that lacks.

Its queues have no bound, a receiver that is cancelled loses its channel, and it takes a group for
joined before Redis does. Here every channel is emptied at once into an inbox of our own, and
`group_add` returns when a message to the group has come back.
"""

import asyncio
import logging
import secrets
import time
from typing import Any, ClassVar

from channels.layers import BaseChannelLayer
from channels_redis.pubsub import RedisPubSubChannelLayer
from django.conf import settings

from chatsite.inbox import CAPACITY, CAPACITY_BYTES, EXPIRY_SECONDS, Inbox, Message
from chatsite.running import redis_at

SECONDS = 1.0  # for one command of Redis, to connect, or to join a group
AGAIN_SECONDS = 0.05  # between two tries to hear oneself
HERE = "layer.here"

logger = logging.getLogger(__name__)


class RedisLayer(BaseChannelLayer):
    extensions: ClassVar[list[str]] = ["groups", "flush"]

    def __init__(
        self,
        url: str | None = None,
        site: str | None = None,
        capacity: int = CAPACITY,
        capacity_bytes: int = CAPACITY_BYTES,
    ) -> None:
        """`site`: before every name, so that several sites may share a Redis."""
        super().__init__(expiry=EXPIRY_SECONDS, capacity=capacity)
        host = redis_at.layer_host(url or settings.REDIS_URL, SECONDS)
        self.dropped = 0  # that came here while nobody read
        self._capacity_bytes = capacity_bytes
        self._redis: Any = RedisPubSubChannelLayer(
            hosts=[host], prefix=f"{site or settings.SITE_HOST}:"
        )
        self._inboxes: dict[str, Inbox] = {}
        self._pumps: set[asyncio.Task[None]] = set()
        self._groups: dict[str, set[str]] = {}
        self._joining: dict[str, asyncio.Event] = {}  # by token

    async def send(self, channel: str, message: Message) -> None:
        await self._redis.send(channel, message)

    async def receive(self, channel: str) -> Message:
        """Of a channel that this process made. Raises KeyError for another."""
        return await self._inboxes[channel].get(time.monotonic)

    async def new_channel(self, prefix: str = "specific.") -> str:
        name: str = await self._redis.new_channel(prefix)
        inbox = self._inboxes[name] = Inbox(self.capacity, self._capacity_bytes)
        pump = asyncio.create_task(self._pump(name, inbox))
        self._pumps.add(pump)
        pump.add_done_callback(self._pumps.discard)
        return name

    async def group_add(self, group: str, channel: str) -> None:
        """Raises TimeoutError where nothing comes back, and what the driver raises."""
        self.require_valid_group_name(group)
        await self._redis.group_add(group, channel)
        self._groups.setdefault(group, set()).add(channel)
        token = secrets.token_hex(8)
        joined = self._joining[token] = asyncio.Event()
        try:
            async with asyncio.timeout(SECONDS):
                while not joined.is_set():
                    await self._redis.group_send(group, {"type": HERE, "token": token})
                    await _within(joined, AGAIN_SECONDS)
        finally:
            del self._joining[token]

    async def group_discard(self, group: str, channel: str) -> None:
        self.require_valid_group_name(group)
        members = self._groups.get(group, set())
        if channel in members:
            members.discard(channel)
            await self._redis.group_discard(group, channel)

    async def group_send(self, group: str, message: Message) -> None:
        """Raises what the driver raises: nobody may take it for sent then."""
        self.require_valid_group_name(group)
        await self._redis.group_send(group, message)

    async def flush(self) -> None:
        """Forget every channel and group, and end the connections; later calls open new ones."""
        self._groups.clear()
        self._inboxes.clear()
        pumps = tuple(self._pumps)
        try:
            await self._redis.flush()  # first: a channel that is gone is not unsubscribed from
        finally:
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)

    async def close(self) -> None:
        await self.flush()

    async def _pump(self, channel: str, inbox: Inbox) -> None:
        while channel in self._inboxes:
            try:
                self._take(channel, inbox, await self._redis.receive(channel))
            except Exception:  # bytes that are no message; anybody with the password may write
                logger.exception("a message of the layer was not understood")

    def _take(self, channel: str, inbox: Inbox, message: Message) -> None:
        joining = self._joining.get(message.get("token", ""))
        if message["type"] != HERE:
            self._keep(channel, inbox, message)
        elif joining is not None:
            joining.set()

    def _keep(self, channel: str, inbox: Inbox, message: Message) -> None:
        now = time.monotonic()
        if not inbox.put(message, now + self.expiry, now):
            self.dropped += 1
            logger.warning("channel %s is full, %d lost so far", channel, self.dropped)


async def _within(event: asyncio.Event, seconds: float) -> None:
    waiting = asyncio.ensure_future(event.wait())
    await asyncio.wait({waiting}, timeout=seconds)
    waiting.cancel()
