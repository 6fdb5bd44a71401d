"""News to live sessions, here and on other nodes: the only user of the channel layer.

`deliver` holds the policy: encode once, hand the bytes to the sessions of this process without
the layer, and put an event into the next numbered frame for each other node that presence
knows. One task per process receives such frames. All of it is a hint: the log is the truth, a
gap in a link's numbers is counted, and the sessions here are then asked to compare their state.
"""

import asyncio
import contextlib
import logging
import secrets
from collections.abc import Iterable
from typing import Any, Protocol

from channels.layers import BaseChannelLayer, get_channel_layer

from messaging import protocol
from messaging.domain import Uid
from presence import registry

WAIT_SECONDS = 0.2  # for the layer; then the message is durable all the same
FLUSH_SECONDS = 0.003  # events of this long share a frame
DEAF_SECONDS = 1.0  # between two tries when the layer fails
FRAME_EVENTS = 64
BACKLOG_EVENTS = 10_000  # waiting for one node; more are dropped, and the gap shows

Event = dict[str, Any]  # users; data?; news?; but?; evict?; forget?
# Frames that change what a session knows, not only what its client sees.
NEWS = (
    protocol.Epoch,
    protocol.List,
    protocol.Connection,
    protocol.Request,
    protocol.Settings,
)
logger = logging.getLogger(__name__)


class Receiver(Protocol):
    """What a live session is to this module."""

    uid: Uid
    device: bytes
    session: bytes
    conn: bytes

    def push(self, data: bytes, news: protocol.Frame | None) -> None: ...
    def show(self, frame: protocol.Frame) -> None: ...
    def close(self, code: int) -> None: ...
    def keep_alive(self, now: float) -> None: ...
    def forget(self, conv: bytes) -> None: ...
    def evict(self, device: bytes | None, session: bytes | None, reason: str) -> None: ...
    def recheck(self) -> None: ...


async def deliver(users: Iterable[Uid], frame: protocol.Frame, *, but: bytes | None = None) -> None:
    """Hand a frame to every live session of these users, except the device `but`.

    Never raises and takes WAIT_SECONDS at most; what it loses is found by its receivers.
    """
    users = list(users)
    data = protocol.encode(frame)
    news = frame if isinstance(frame, NEWS) else None
    await hub().spread(users, {"data": data, "news": news is not None, "but": but}, news)


async def forget(users: Iterable[Uid], conv: bytes) -> None:
    """What their sessions know of a conversation is out of date; nothing is shown to anyone."""
    await hub().spread(list(users), {"forget": conv}, None)


async def evict(
    user: Uid, *, device: bytes | None = None, session: bytes | None = None, reason: str
) -> None:
    """End the user's live sessions: those of a device, of a session (its hash), or all."""
    await hub().spread([user], {"evict": [device, session, reason]}, None)


class Hub:
    """The sessions of this process, its receiver, and its links to other nodes."""

    def __init__(self, name: str | None = None) -> None:
        self.loop = asyncio.get_running_loop()
        self.node = registry.Node(name or secrets.token_hex(6))
        self.sessions: dict[Uid, set[Receiver]] = {}
        self.gaps = 0  # frames of other nodes that never came
        self._links: dict[str, _Link] = {}  # by node
        self._heard: dict[str, tuple[str, int]] = {}  # node → incarnation, last number
        self._receiver: asyncio.Task[None] | None = None

    def join(self, session: Receiver) -> None:
        self.sessions.setdefault(session.uid, set()).add(session)
        if self._receiver is None:
            self._receiver = asyncio.create_task(self._receive())

    def part(self, session: Receiver) -> None:
        """Repeating has no effect."""
        of_user = self.sessions.get(session.uid, set())
        of_user.discard(session)
        if not of_user:
            self.sessions.pop(session.uid, None)

    def everyone(self) -> list[Receiver]:
        return [session for of_user in self.sessions.values() for session in of_user]

    async def spread(self, users: list[Uid], event: Event, news: protocol.Frame | None) -> None:
        if asyncio.get_running_loop() is not self.loop:  # a command's, or a test's
            there = asyncio.run_coroutine_threadsafe(self.spread(users, event, news), self.loop)
            await asyncio.wrap_future(there)
            return
        self._hand_over(users, event, news)
        routes = await registry.where(users, self.node.clock())
        away: dict[str, list[Uid]] = {}
        for user, entries in routes.items():
            for name in {entry.node for entry in entries} - {self.node.name}:
                away.setdefault(name, []).append(user)
        if away:
            sent = [self._link(name).put({**event, "users": of}) for name, of in away.items()]
            await asyncio.wait(sent, timeout=WAIT_SECONDS)

    def unused_elsewhere(self) -> bool:
        """Made on another loop before any socket came: the sockets' loop decides."""
        return self._receiver is None and self.loop is not asyncio.get_running_loop()

    async def close(self) -> None:
        tasks = [self._receiver, *(link.task for link in self._links.values())]
        for task in tasks:
            if task is not None:
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task

    def _hand_over(self, users: Iterable[Uid], event: Event, news: protocol.Frame | None) -> None:
        for user in users:
            for session in tuple(self.sessions.get(user, ())):
                if "data" in event:
                    if session.device != event["but"]:
                        session.push(event["data"], news)
                elif "forget" in event:
                    session.forget(event["forget"])
                else:
                    session.evict(*event["evict"])

    def _link(self, name: str) -> "_Link":
        if name not in self._links:
            self._links[name] = _Link(self.node, name)
        return self._links[name]

    async def _receive(self) -> None:
        layer = _layer()
        channel = await layer.new_channel()
        await layer.group_add(_group(self.node.name), channel)
        while True:
            try:
                frame = await layer.receive(channel)
                self._check_number(frame)
                for event in frame["events"]:
                    self._take(event)
            except Exception:  # one bad frame must not deafen the node
                logger.exception("a frame of another node was lost")
                self._recheck_all()
                await asyncio.sleep(DEAF_SECONDS)

    def _take(self, event: Event) -> None:
        news = protocol.parse_server(event["data"]) if event.get("news") else None
        self._hand_over(event["users"], event, news)

    def _check_number(self, frame: Event) -> None:
        source, incarnation, number = frame["src"], frame["inc"], frame["n"]
        known, last = self._heard.get(source, (incarnation, 0))
        expected = last + 1 if known == incarnation else 1
        self._heard[source] = (incarnation, number)
        if number > expected:
            self.gaps += number - expected
            logger.warning("%d frames of node %s are missing", number - expected, source)
            self._recheck_all()

    def _recheck_all(self) -> None:
        for session in self.everyone():
            session.recheck()


class _Link:
    """Numbered frames to one other node, one at a time."""

    def __init__(self, here: registry.Node, there: str) -> None:
        self.here = here
        self.there = there
        self.number = 0
        self.waiting: list[tuple[Event, asyncio.Future[None]]] = []
        self.task: asyncio.Task[None] | None = None

    def put(self, event: Event) -> asyncio.Future[None]:
        """The future is done when the event was handed to the layer, or lost."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if len(self.waiting) >= BACKLOG_EVENTS:
            self.number += 1  # the receiver sees the gap
            done.set_result(None)
            return done
        self.waiting.append((event, done))
        if self.task is None or self.task.done():
            self.task = asyncio.create_task(self._flush())
        return done

    async def _flush(self) -> None:
        layer = _layer()
        while self.waiting:
            await asyncio.sleep(FLUSH_SECONDS)
            batch, self.waiting = self.waiting[:FRAME_EVENTS], self.waiting[FRAME_EVENTS:]
            self.number += 1
            frame = {
                "type": "node.frame", "src": self.here.name, "inc": self.here.incarnation,
                "n": self.number, "events": [event for event, _ in batch],
            }  # fmt: skip
            try:
                async with asyncio.timeout(WAIT_SECONDS):
                    await layer.group_send(_group(self.there), frame)
            except Exception:  # the layer's own errors, whichever layer it is
                logger.warning("node %s was not reached", self.there, exc_info=True)
            for _, done in batch:
                if not done.done():
                    done.set_result(None)


def _layer() -> BaseChannelLayer:
    layer = get_channel_layer()
    assert layer is not None, "CHANNEL_LAYERS has no default"
    return layer


def _group(node: str) -> str:
    return f"node.{node}"


_hub: Hub | None = None


def hub() -> Hub:
    """The one of this process, made on first use; a new one where the old one's loop is closed."""
    global _hub
    if _hub is None or _hub.loop.is_closed() or _hub.unused_elsewhere():
        _hub = Hub()
    return _hub
