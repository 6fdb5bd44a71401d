"""What a process does for all its live sessions: admits, joins and parts them, and looks after
them once a second.

`_tick` holds the policy. One task for all, since a timer in each session costs memory and CPU.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, NamedTuple

from django.conf import settings

from accounts import sessions, threads
from messaging import fanout, protocol
from messaging.protocol import CLOSE_DISPLACED, CLOSE_RESTART
from messaging.receipts import Marks
from messaging.sessions.watching import Watching
from messaging.sessions.window import Bucket
from presence import registry
from presence.backends.base import BEAT_MS

if TYPE_CHECKING:
    from messaging.sessions.live import Session
    from messaging.sessions.poll import Poll

ADMITTED_PER_SECOND = 400  # new sockets; a herd is told to come back
BUSY_RETRY_MS = 2000  # what those that are not admitted hear
VECTORS_AT_A_TIME = 50  # reads of a whole state vector
REVALIDATE_SECONDS = 20  # also sees what another process ended
REFRESH_SECONDS = 60  # entries of presence, and LastSeen
CLOSED_AT_A_TIME = 200  # sockets, when the process drains

logger = logging.getLogger(__name__)


class Buckets(NamedTuple):
    frames: Bucket
    sends: Bucket
    gets: Bucket


class Upkeep:
    def __init__(
        self,
        hub: fanout.Hub,
        clock: Callable[[], int] = registry.wall_clock,
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        self.hub = hub
        self.clock = clock  # ms since 1970
        self.ticks = ticks  # seconds, for rates and deadlines
        self.marks = Marks(clock)
        self.watching = Watching(clock)
        self.vectors = asyncio.Semaphore(VECTORS_AT_A_TIME)
        self.polls: dict[bytes, Poll] = {}  # sessions carried by calls, by sid
        self._rates = settings.LIVE_RATE_FACTOR  # 1; a benchmark needs more
        admitted = ADMITTED_PER_SECOND * self._rates
        self._admission = Bucket(admitted, admitted)
        self._tasks: set[asyncio.Task[Any]] = set()  # asyncio keeps none alive by itself
        self._ticking: asyncio.Task[None] | None = None
        self._revalidated = self._refreshed = ticks()
        self._beat = float("-inf")

    def admit(self) -> bool:
        """Whether one more socket may open now."""
        return self._admission.take(self.ticks())

    def buckets(self) -> Buckets:
        times = self._rates
        return Buckets(
            Bucket(protocol.FRAMES_PER_SECOND * times, protocol.FRAMES_BURST * times),
            Bucket(protocol.SENDS_PER_SECOND * times, protocol.SENDS_BURST * times),
            Bucket(protocol.GETS_PER_SECOND * times, protocol.GETS_BURST * times),
        )

    async def join(self, session: "Session") -> None:
        """The session is live from now on; an older one of its device gives way."""
        for older in tuple(self.hub.sessions.get(session.uid, ())):
            if older.device == session.device:
                older.close(CLOSE_DISPLACED)
        self.hub.join(session)
        if self._ticking is None:
            await self._keep_lease()
            self._ticking = self.spawn(self._run())
        await registry.arrive(self.hub.node, session.uid, session.device, session.conn)

    async def part(self, session: "Session") -> None:
        """Repeating has no effect."""
        self.hub.part(session)
        self.watching.unwatch(session)
        await registry.leave(self.hub.node, session.uid, session.device, session.conn)

    def spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def drain(self, in_ms: int) -> None:
        """Ask everybody to move, give them the time, store what waits, and close."""
        everyone = self.hub.everyone()
        for session in everyone:
            session.show(protocol.Drain(in_ms=in_ms))
        if everyone:
            await asyncio.sleep(in_ms / 1000)
        await self.marks.flush()
        for index, session in enumerate(self.hub.everyone()):
            session.close(CLOSE_RESTART)
            if index % CLOSED_AT_A_TIME == CLOSED_AT_A_TIME - 1:
                await asyncio.sleep(0)
        for poll in tuple(self.polls.values()):  # those that have not said hello, too
            poll.close(CLOSE_RESTART)
        await registry.write_seen(self.hub.node, threads.run)

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(1)
            try:
                await self._tick()
            except Exception:  # the next second may go better, and nobody else looks after them
                logger.exception("the upkeep of live sessions failed")

    async def _tick(self) -> None:
        now = self.ticks()
        if now - self._beat >= BEAT_MS / 1000 and not await self._keep_lease():
            return  # everybody is asked to come back: nothing else matters
        for session in self.hub.everyone():
            session.keep_alive(now)
        await self.watching.tick()
        await registry.write_seen(self.hub.node, threads.run)
        if now - self._revalidated >= REVALIDATE_SECONDS:
            self._revalidated = now
            await self._revalidate()
        if now - self._refreshed >= REFRESH_SECONDS:
            self._refreshed = now
            await self._refresh()

    async def _keep_lease(self) -> bool:
        self._beat = self.ticks()
        if await registry.beat(self.hub.node):
            return True
        logger.warning("this process stood still; closing every live session")
        for session in self.hub.everyone():
            session.close(CLOSE_RESTART)
        return False

    async def _revalidate(self) -> None:
        """End what another process ended: one query for all."""
        everyone = self.hub.everyone()
        hashes = {session.session for session in everyone}
        valid = await threads.run(sessions.valid, hashes, self.clock())
        for session in everyone:
            if session.session not in valid:
                session.evict(None, None, "session")

    async def _refresh(self) -> None:
        for session in self.hub.everyone():
            await registry.arrive(self.hub.node, session.uid, session.device, session.conn)


_upkeep: Upkeep | None = None


def upkeep() -> Upkeep:
    """The one of this process; call it on the loop that serves the sockets."""
    global _upkeep
    hub = fanout.hub()
    if _upkeep is None or _upkeep.hub is not hub:
        _upkeep = Upkeep(hub)
    return _upkeep
