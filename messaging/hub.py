"""The live sessions of one process, and its ways to other nodes; the only user of the layer.

`_spread` holds the policy: hand the bytes to the sessions of this process without the layer, and
put an event into the next numbered frame for each other node that presence knows. One task per
process receives such frames (hearing.py). All of it is a hint: the log is the truth. After a gap
in the numbers the sessions here forget what they know, and are asked to compare their state.
"""

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable, Iterable
from contextlib import AbstractContextManager
from typing import Protocol

from channels.layers import BaseChannelLayer, get_channel_layer

from chatsite.running import metrics
from chatsite.running.breaker import Away
from messaging import events, protocol, revocations
from messaging.domain import Uid
from messaging.events import Displace, Echo, Event, Evict, Forget, Pardon, Push
from messaging.hearing import Hearing
from messaging.internode import Frame, Heard, Patience, Stream, Streams
from messaging.reach import Reach
from messaging.routes import Routes
from presence import registry
from presence.backends import registry as configured
from presence.backends.base import Entry, PresenceRegistry

# After a loss the sessions compare their state within so long, to spread the load on the store. In
# a gap few frames are missing; after an outage everybody missed some, and many take longer.
GAP_SECONDS, OUTAGE_SECONDS = 5.0, 30.0
COMPARED_PER_SECOND = 200
AGAIN_SECONDS = 0.5  # between two tries of a command to tell others
UNTOLD = "not every node could be told: each finds by itself, within seconds, who was signed out"

Relay = Callable[[bytes], Awaitable[None]]
# Frames that change what a session knows, and not only what its client sees.
CHANGES = (
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

    def push(self, data: bytes, change: protocol.Frame | None) -> None: ...
    def show(self, frame: protocol.Frame) -> None: ...
    def close(self, code: int) -> None: ...
    def finish(self, code: int) -> None: ...
    def keep_alive(self, now: float) -> None: ...
    def forget(self, conv: bytes) -> None: ...
    def evict(self, device: bytes | None, session: bytes | None, reason: str) -> None: ...
    def recheck(self, within: float) -> None: ...


class Hub:
    """The sessions of this process, its receiver, and its streams to other nodes.

    Nothing that it tells raises, or takes longer than WAIT_SECONDS. Sessions find
    by themselves what was lost.
    """

    def __init__(
        self,
        name: str | None = None,
        *,
        presence: PresenceRegistry | None = None,
        layer: BaseChannelLayer | None = None,
        relay: Relay | None = None,
        patience: Patience | None = None,
    ) -> None:
        """`relay`: where a process without live sessions hands its events instead. `patience`: of
        a command."""
        self.loop = asyncio.get_running_loop()
        self.node = registry.Node(name or secrets.token_hex(6), presence or configured())
        self.sessions: dict[Uid, set[Receiver]] = {}
        self.heard = Heard()
        self.reach = Reach()
        self._patience = patience or Patience(patient=False)
        self._routes = Routes(self.node, self._patience)
        self._relay = relay
        self._listens = False
        layer = layer or _layer()
        self.streams = Streams(layer, self._tried, self.node.name, self._patience)
        self.hearing = Hearing(layer, self.node.name, self._take, self._missed)
        here = self.node.name
        self._itself = Stream(layer, self.reach.noted, here, here, self._patience)

    # ------------------------------------------------------------ sessions of this process

    def listen(self) -> None:
        """This process serves live sessions. Repeating has no effect."""
        self._relay = None
        self._patience.patient = False
        if not self._listens:
            self._listens = True
            self.hearing.start()

    def join(self, session: Receiver) -> None:
        self.sessions.setdefault(session.uid, set()).add(session)
        self.listen()

    def part(self, session: Receiver) -> None:
        """Repeating has no effect."""
        of_user = self.sessions.get(session.uid, set())
        of_user.discard(session)
        if not of_user:
            self.sessions.pop(session.uid, None)

    def everyone(self) -> list[Receiver]:
        return [session for of_user in self.sessions.values() for session in of_user]

    # ------------------------------------------------------------ what it tells

    async def deliver(
        self, users: Iterable[Uid], frame: protocol.Frame, *, but: bytes | None = None
    ) -> None:
        """Hand a frame to every live session of these users, except the device `but`."""
        changes = isinstance(frame, CHANGES)
        event = Push(list(users), protocol.encode(frame), changes, but)
        await self._bounded(event, frame if changes else None)

    async def tell(self, event: Event) -> None:
        """Spread an event, also one that another process handed over."""
        await self._bounded(event, _news(event))

    async def displace(self, older: Entry) -> None:
        """The session of this entry gives way to a newer one of its device."""
        if older.node != self.node.name:
            event = events.encode(Displace([older.user], older.conn))
            await asyncio.wait(
                {self.streams.to(older.node).put(event)}, timeout=self._patience.seconds
            )

    def call_itself(self) -> None:
        """Find out whether frames come here; reach.py notices where this one does not."""
        if self.hearing.on:
            self.reach.called()
            self._itself.put(events.encode(Echo([], self.node.incarnation)))

    def recheck_all(self, most: float = OUTAGE_SECONDS) -> None:
        """Something may have been lost, and nobody knows for whom."""
        everyone = self.everyone()
        within = min(most, max(GAP_SECONDS, len(everyone) / COMPARED_PER_SECOND))
        for session in everyone:
            session.recheck(within)

    def tidy(self) -> None:
        """Forget nodes without traffic."""
        self.streams.tidy()
        self.heard.tidy()

    def unused_elsewhere(self) -> bool:
        """It was made on another loop before any socket came: the sockets' loop decides."""
        return not self._listens and self.loop is not asyncio.get_running_loop()

    async def close(self) -> None:
        await self.hearing.stop()
        await self.streams.close()
        await self._itself.close()

    async def _bounded(self, event: Event, change: protocol.Frame | None) -> None:
        if asyncio.get_running_loop() is self.loop:
            return await self._told(event, change)
        try:  # a request's thread, or a test
            there = asyncio.run_coroutine_threadsafe(self._told(event, change), self.loop)
        except RuntimeError:
            return logger.warning("the loop of the live sessions is closed; an event was lost")
        await asyncio.wait({asyncio.wrap_future(there)}, timeout=self._patience.seconds)

    async def _told(self, event: Event, change: protocol.Frame | None) -> None:
        """A node tries once, since its sessions wait. A command goes on until others were told."""
        metrics.EVENTS.add(type(event).__name__.lower())
        until = self.loop.time() + self._patience.seconds
        kept = await self._kept(event, until)
        self._hand_over(event, change)
        told = await self._spread(event, until)
        while self._patience.patient and not (kept and told):
            if self.loop.time() + AGAIN_SECONDS >= until:
                self._patience.patient = False
                return logger.warning(UNTOLD)
            await asyncio.sleep(AGAIN_SECONDS)
            kept = kept or await self._kept(event, until)
            told = await self._spread(event, until)

    async def _spread(self, event: Event, until: float) -> bool:
        """Whether all others were told that there are."""
        try:
            with self._tried():
                async with asyncio.timeout_at(until):
                    if self._relay is not None:
                        await self._relay(events.encode(event))
                    places = await self._routes.of(event.users)
        except Away:
            self.streams.lose()
            return False
        except Exception:  # whichever adapter it is: the caller's step is done
            said = "live sessions elsewhere were not found"
            logger.log(self._patience.level, said, exc_info=True)
            self.streams.lose()
            return False
        away: dict[str, list[Uid]] = {}
        for user in event.users:
            for name in {entry.node for entry in places.get(user, ())} - {self.node.name}:
                away.setdefault(name, []).append(user)
        sent = [
            self.streams.to(name).put(events.encode(event.to(users)))
            for name, users in away.items()
        ]
        if sent:
            await asyncio.wait(sent, timeout=max(0, until - self.loop.time()))
        return all(one.done() and one.result() for one in sent)

    async def _kept(self, event: Event, until: float) -> bool:
        """What is evicted must not come back with a live token that is still good. Where it cannot
        be kept, revalidation finds it some seconds later."""
        if not isinstance(event, Evict | Pardon):
            return True
        try:
            with self._tried():
                async with asyncio.timeout_at(until):
                    await revocations.write(self.node, event)
        except Away:
            return False  # the accounts are asked meanwhile
        except Exception:  # whichever adapter it is
            logger.log(self._patience.level, "a revocation was not kept", exc_info=True)
            return False
        return True

    def _tried(self) -> AbstractContextManager[None]:
        """Around what asks presence or uses the layer. A command asks again what was away."""
        return self.reach.noted() if self._patience.patient else self.reach.tried()

    def _hand_over(self, event: Event, change: protocol.Frame | None) -> None:
        for user in event.users:
            for session in tuple(self.sessions.get(user, ())):
                try:
                    _give(session, event, change)
                except Exception:  # a fault of one session is none of the others'
                    logger.exception("session %s took no event", session.conn.hex())

    # ------------------------------------------------------------ what it hears

    def _take(self, frame: Frame) -> None:
        if registry.stood_still(self.node):
            return  # no session may be used before all are closed
        missing = self.heard.missing(frame)
        if missing:
            logger.warning("%d frames of node %s are missing", missing, frame["src"])
            self._missed()
        for data in frame["events"]:
            event = events.decode(data)
            if isinstance(event, Echo) and event.incarnation == self.node.incarnation:
                self.reach.heard()
            self._hand_over(event, _news(event))

    def _missed(self) -> None:
        self.recheck_all(GAP_SECONDS)


def _give(session: Receiver, event: Event, change: protocol.Frame | None) -> None:
    if isinstance(event, Push):
        if session.device != event.but:
            session.push(event.data, change)
    elif isinstance(event, Forget):
        session.forget(event.conv)
    elif isinstance(event, Evict):
        session.evict(event.device, event.session, event.reason)
    elif isinstance(event, Displace) and session.conn == event.conn:
        session.close(protocol.CLOSE_DISPLACED)


def _news(event: Event) -> protocol.Frame | None:
    if isinstance(event, Push) and event.changes:
        return protocol.parse_server(event.data)
    return None


def _layer() -> BaseChannelLayer:
    layer = get_channel_layer()
    assert layer is not None, "CHANNEL_LAYERS has no default"
    return layer
