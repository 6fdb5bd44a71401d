"""A node: the live sessions of one process, and what it does for all of them.

`LiveNode.beat` and `tick` hold the policy: what happens how often. Two tasks for all, since a timer
in each session costs memory and CPU. Tests make several nodes in one process.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine
from typing import Any, Protocol

from django.conf import settings

from accounts import sessions
from accounts.tokens import LIVE_MS
from chatsite.running import tasks, threads
from messaging import fanout, protocol
from messaging.backends import store_meta
from messaging.backends.base import Busy
from messaging.domain import ID_SIZE
from messaging.http import PollCall
from messaging.hub import Hub, Receiver
from messaging.receipts import Marks
from messaging.sessions import arrivals, hello, revalidation
from messaging.sessions.admission import Admission
from messaging.sessions.arrivals import Arrivals
from messaging.sessions.comparing import Comparing
from messaging.sessions.lease import Lease, News
from messaging.sessions.rates import Rates
from messaging.sessions.vector import Vectors
from messaging.sessions.watching import Watcher, Watching
from presence import registry

TICK_SECONDS = 1.0
ROUND_SECONDS = 5.0  # for one piece of work; it comes again

logger = logging.getLogger(__name__)


class Calls(Protocol):
    """A session that is carried by calls, as its transport sees it."""

    cookie: bytes

    def call(self, call: PollCall) -> asyncio.Future[bytes]: ...
    def leave(self) -> None: ...
    def finish(self, code: int) -> None: ...


class LiveNode:
    def __init__(
        self,
        hub: Hub,
        clock: Callable[[], int] = registry.wall_clock,
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        self.hub = hub
        self.clock = clock  # ms since 1970
        self.ticks = ticks  # seconds, for rates and deadlines
        self.marks = Marks(hub, clock)
        self.watching = Watching(hub, clock)
        self.vectors = Vectors(clock)
        self.admission = Admission(ticks, settings.LIVE_RATE_FACTOR)
        self.rates = Rates(settings.LIVE_RATE_FACTOR)
        self.data = bytes(
            ID_SIZE
        )  # names what the store holds; a restore changes it, between lives
        self.polls: dict[bytes, Calls] = {}  # by sid
        # What ends the process, with a sentence for the log: another one has its name.
        self.when_taken: Callable[[str], object] = logger.error
        self.opening: set[Receiver] = set()  # those that have not said hello
        self.ends = False  # nobody is let in any more
        self._lease = Lease(hub, ticks)
        self.clock_check = self._lease.clock
        self._arrivals = Arrivals(hub, self.watching, ticks)
        self._tasks: set[asyncio.Task[Any]] = set()  # asyncio keeps none alive by itself
        self._comparing = Comparing(hub, self.vectors, ticks, self.spawn)
        self._always: list[asyncio.Task[None]] = []  # the tick and the beat
        self._returning: asyncio.Task[None] | None = None
        self._done = dict.fromkeys(self._rounds(), ticks())
        self._validated = ticks()  # when the accounts were last asked who still stands

    async def admit(self, address: str, session: bytes | None = None) -> None:
        """One more session may be opened from this address. `session`: the hash of a cookie, where
        that is all the transport has to show; a socket shows a token, in hello.

        Raises Busy, and hello.Unwelcome where the web session does not stand.
        """
        if self.ends:
            raise Busy
        self.admission.knock(address)
        if session is not None and not await self._stands(session):
            raise hello.Unwelcome(protocol.CLOSE_SIGN_IN)
        if not any(self.data):
            self.data = await store_meta().data()

    async def connect(self) -> None:
        """Reach everything once that a session needs. Raises whatever is away."""
        self.data = await store_meta().data()
        await registry.where(self.hub.node, [bytes(ID_SIZE)], self.clock())
        await threads.run(sessions.stands, bytes(ID_SIZE), self.clock())

    async def begin(self) -> None:
        """The node is there, even while it has no session. Repeating has no effect."""
        if not self._always:
            for work, step in (("a tick", self.tick), ("a beat", self.beat)):
                self._always.append(self.spawn(tasks.forever(work, step, TICK_SECONDS)))
            await self.beat()

    async def join(self, session: Watcher) -> None:
        """The session is live from now on."""
        await self.begin()
        await self._arrivals.join(session)

    async def part(self, session: Watcher) -> None:
        """Repeating has no effect."""
        await self._arrivals.part(session)

    def spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    @property
    def late_seconds(self) -> float:
        """How late a message of another node may come now, at most."""
        return self._comparing.late_seconds

    def compare_soon(self, session: Watcher, within: float) -> None:
        """Let the client compare its state with the store's."""
        self._comparing.soon(session, within)

    def awake(self) -> bool:
        """False: this process stood still, was taken for dead, and has closed every session: they
        end before they are used again. Ask before one is."""
        if registry.awake(self.hub.node):
            return True
        logger.warning("this process stood still; closing every live session")
        self._close_all()
        return False

    async def beat(self) -> None:
        """Once a second, apart from all other work: a node that is late with it counts as dead."""
        if not self.awake():
            return
        news = await self._lease.keep()
        if news is News.TAKEN:
            self._close_all()
            self.when_taken(f"Another process has taken the name {self.hub.node.name}.")
        elif news is News.BACK and (self._returning is None or self._returning.done()):
            self._returning = self.spawn(self._return())

    async def tick(self) -> None:
        """Once a second. What fails, or hangs, keeps nothing else from its turn."""
        if not self.awake():
            return  # everybody is asked to come back: nothing else matters
        now = self.ticks()
        for session in self.hub.everyone():
            session.keep_alive(now)
        for work, seconds in self._rounds().items():
            if now - self._done[work] >= seconds:
                self._done[work] = now
                with tasks.survived(f"{work.__name__} of the live sessions"):
                    async with asyncio.timeout(ROUND_SECONDS):
                        await work()

    async def revalidate(self) -> None:
        """Where nobody can tell who still stands, they stay for as long as a live token lives: so
        long they could come back without being asked. Then all of them are sent away."""
        try:
            await revalidation.revalidate(self.hub, self.clock())
        except BaseException:  # also cut off
            if self.ticks() - self._validated > LIVE_MS / 1000:
                self._close_all()
            raise
        self._validated = self.ticks()

    async def end(self) -> None:
        """Nobody is here any more: store what waits, and let others know that the node is gone."""
        for task in self._always:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=ROUND_SECONDS)  # sessions that part
        await self.marks.end(ROUND_SECONDS)
        for work in (self._release, self.write_seen):
            with tasks.survived(f"{work.__name__} at the end of a node"):
                async with asyncio.timeout(ROUND_SECONDS):
                    await work()

    async def _release(self) -> None:
        await registry.release(self.hub.node)

    async def refresh(self) -> None:
        self.hub.tidy()
        await self._arrivals.refresh()

    async def write_seen(self) -> None:
        await registry.write_seen(self.hub.node, threads.run)

    async def _return(self) -> None:
        """Other nodes are in reach again, or may have been out of reach. Nothing that was known of
        this node counts, and nothing that its sessions know."""
        with tasks.survived("the return to other nodes"):
            async with asyncio.timeout(ROUND_SECONDS):
                await self.hub.hearing.again()
                await registry.begin_again(self.hub.node)
            self.hub.reach.back()
            self.hub.recheck_all()
            await self._arrivals.begin_again()

    def _close_all(self) -> None:
        for session in self.hub.everyone():
            session.close(protocol.CLOSE_RESTART)

    def _rounds(self) -> dict[Callable[[], Coroutine[Any, Any, None]], float]:
        return {
            self.watching.tick: 0,
            self._comparing.round: 0,
            self.write_seen: 0,
            self.revalidate: revalidation.EVERY_SECONDS,
            self.refresh: arrivals.REFRESH_SECONDS,
        }

    async def _stands(self, session: bytes) -> bool:
        try:
            return await threads.run(sessions.stands, session, self.clock())
        except Exception as error:  # whichever database it is
            raise Busy from error


_node: LiveNode | None = None


def here() -> LiveNode:
    """The one of this process; call it on the loop that serves the sockets."""
    global _node
    hub = fanout.hub()
    if _node is None or _node.hub is not hub:
        _node = LiveNode(hub)
    return _node
