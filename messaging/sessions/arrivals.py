"""Live sessions come and go: the hub and presence learn of it. One device has one session.

`join` holds the policy: a newer session displaces the older one of its device, here at once, on
another node by an event, and where that was lost by the next refresh. Presence remembers what was
revoked while this process ran. What was revoked before it started, or while presence was away,
the accounts know: they are asked until every live token from then has lapsed.
"""

import asyncio
import logging
from collections.abc import Callable

from accounts.sessions import Bound
from accounts.tokens import LIVE_MS
from chatsite.running.breaker import Away
from messaging.backends.base import Busy
from messaging.hub import Hub, Receiver
from messaging.protocol import CLOSE_DISPLACED
from messaging.revocations import SUSPENDED, subjects
from messaging.sessions import hello
from messaging.sessions.standing import Standing
from messaging.sessions.watching import Watcher, Watching
from presence import registry
from presence.backends.base import Joined
from presence.registry import Arrival

REFRESH_SECONDS = 60  # entries of presence, and LastSeen
REGISTRY_SECONDS = 1.0  # for the registry, while a client waits for its state

logger = logging.getLogger(__name__)


class Arrivals:
    def __init__(self, hub: Hub, watching: Watching, ticks: Callable[[], float]) -> None:
        self._hub = hub
        self._watching = watching
        self._standing = Standing(hub.node.clock)
        self._ticks = ticks
        self._remembers_from = ticks() + LIVE_MS / 1000  # no token is older than this process then
        self._unsaid: dict[bytes, Arrival] = {}  # who left, and presence does not know it; by conn

    async def join(self, session: Watcher) -> None:
        """The session is live from now on; an older one of its device gives way.

        Raises hello.Unwelcome for what was revoked since its token was made, and Busy where nobody
        can tell.
        """
        for older in tuple(self._hub.sessions.get(session.uid, ())):
            if older.device == session.device:
                older.close(CLOSE_DISPLACED)
        self._hub.join(session)
        try:
            with self._hub.reach.tried():
                async with asyncio.timeout(REGISTRY_SECONDS):
                    joined = await self._arrive(session)
        except Away:
            return await self._ask_accounts(session)
        except Exception:  # the registry's own errors, whichever it is
            logger.warning("presence is away: asking the accounts", exc_info=True)
            return await self._ask_accounts(session)
        joined = await self._let_in(session) if joined.revoked == SUSPENDED else joined
        if joined.revoked is not None:
            raise hello.Unwelcome(hello.code_of(joined.revoked))
        if self._ticks() < self._remembers_from:
            await self._ask_accounts(session)
        if joined.older is not None:
            await self._hub.displace(joined.older)

    async def _arrive(self, session: Watcher) -> Joined:
        revocable = subjects(session.uid, session.device, session.session)
        return await registry.arrive(self._hub.node, _arrival(session), revocable)

    async def _let_in(self, session: Watcher) -> Joined:
        """A suspension that was taken back: presence was not told, and would keep the person out
        until a live token lapses. Raises as `join`."""
        await self._ask_accounts(session)
        user, *_ = subjects(session.uid, session.device, session.session)
        try:
            async with asyncio.timeout(REGISTRY_SECONDS):
                await self._hub.node.presence.pardon(user)
                return await self._arrive(session)
        except Exception as error:  # the registry's own errors, whichever it is
            raise Busy from error

    async def part(self, session: Watcher) -> None:
        """Repeating has no effect."""
        self._hub.part(session)
        self._watching.unwatch(session)
        await self._leave(_arrival(session))

    async def begin_again(self) -> None:
        """After presence was away: it knows nobody of this node, nor who was revoked meanwhile."""
        self._remembers_from = self._ticks() + LIVE_MS / 1000
        self._unsaid.clear()
        await self.refresh()

    async def refresh(self) -> None:
        """Say that all are still here; those that have a successor are displaced."""
        for arrival in tuple(self._unsaid.values()):
            await self._leave(arrival)
        with self._hub.reach.tried():
            await self._refresh()

    async def _refresh(self) -> None:
        everyone = self._hub.everyone()
        displaced = await registry.refresh(self._hub.node, map(_arrival, everyone))
        for session in everyone:
            if session.conn in displaced:
                session.close(CLOSE_DISPLACED)

    async def _leave(self, arrival: Arrival) -> None:
        """Where presence cannot be told, it is by the next refresh."""
        self._unsaid[arrival.conn] = arrival
        try:
            with self._hub.reach.tried():
                async with asyncio.timeout(REGISTRY_SECONDS):
                    await registry.leave(self._hub.node, arrival)
        except Away:
            return
        except Exception:  # the registry's own errors, whichever it is
            logger.warning("presence was not told who left", exc_info=True)
            return
        self._unsaid.pop(arrival.conn, None)

    async def _ask_accounts(self, session: Watcher) -> None:
        reason = await self._standing.ended(Bound(session.session, session.uid, session.device))
        if reason is not None:
            raise hello.Unwelcome(hello.code_of(reason))


def _arrival(session: Receiver) -> Arrival:
    return Arrival(session.uid, session.device, session.conn)
