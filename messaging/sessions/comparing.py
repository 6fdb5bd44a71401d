"""Sessions compare their state with the store's: once after frames were lost, again and again while
other nodes are out of reach, and now and then. Focused ones first; the store has so many reads a
second."""

import asyncio
import random
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any
from weakref import WeakKeyDictionary

from chatsite.running import metrics
from messaging.hub import COMPARED_PER_SECOND, Hub
from messaging.sessions.vector import Vectors
from messaging.sessions.watching import Watcher

FOCUSED_SECONDS = 5.0  # for those whose window somebody looks at, at most
ROUND_SECONDS = 5.0  # from the begin of a round to the next, at least
SEEN_TO_SECONDS = 900.0  # a session that nothing asks to compare does so in this time, about

Spawn = Callable[[Coroutine[Any, Any, None]], object]


class Comparing:
    def __init__(
        self, hub: Hub, vectors: Vectors, ticks: Callable[[], float], spawn: Spawn
    ) -> None:
        self._hub = hub
        self._vectors = vectors
        self._ticks = ticks
        self._spawn = spawn
        self._due: dict[Watcher, asyncio.TimerHandle] = {}
        self._round: deque[Watcher] = deque()  # who is left of it
        self._began = self._went = float("-inf")
        self._owed = 0.0  # sessions whose turn it is
        self._told: WeakKeyDictionary[Watcher, bytes | None] = WeakKeyDictionary()  # hashes

    @property
    def late_seconds(self) -> float:
        """Until everybody had their turn, while others are out of reach."""
        if not self._hub.reach.away:
            return 0
        return max(ROUND_SECONDS, len(self._everyone()) / COMPARED_PER_SECOND)

    def soon(self, session: Watcher, within: float) -> None:
        """Let the client compare its state with the store's. Twice is once."""
        most = min(within, FOCUSED_SECONDS) if session.focus else within
        when = self._hub.loop.time() + random.uniform(0, most)  # noqa: S311 -- a spread, not a secret
        waiting = self._due.get(session)
        if waiting is not None and waiting.when() <= when:
            return
        if waiting is not None:
            waiting.cancel()
        self._due[session] = self._hub.loop.call_at(when, self._spawn_one, session)

    async def round(self) -> None:
        """Call once a second. While other nodes are out of reach, everybody compares in turn; else
        now and then somebody does, for what was lost and left no trace."""
        now = self._ticks()
        passed, self._went = min(1.0, now - self._went), now
        some = self._in_turn(passed) if self._hub.reach.away else self._now_and_then(passed)
        await asyncio.gather(*(self._compare(session, unless_told=True) for session in some))

    def _in_turn(self, passed: float) -> list[Watcher]:
        if not self._round and self._went - self._began >= ROUND_SECONDS:
            self._round.extend(sorted(self._everyone(), key=lambda session: not session.focus))
            self._began = self._went
        room = min(int(COMPARED_PER_SECOND * passed), len(self._round))
        return [self._round.popleft() for _ in range(room)]

    def _now_and_then(self, passed: float) -> list[Watcher]:
        """Each of them once in SEEN_TO_SECONDS, about; where no node has told another anything,
        nothing can be lost."""
        self._round.clear()
        everyone = self._everyone() if len(self._hub.streams) else []
        self._owed += len(everyone) * passed / SEEN_TO_SECONDS
        count = min(int(self._owed), len(everyone))
        self._owed -= count
        return random.sample(everyone, count)

    def _everyone(self) -> list[Watcher]:
        everyone: list[Any] = self._hub.everyone()
        return everyone

    def _spawn_one(self, session: Watcher) -> None:
        del self._due[session]
        self._spawn(self._compare(session))

    async def _compare(self, session: Watcher, *, unless_told: bool = False) -> None:
        """`unless_told`: where the store is as it was the last time, there is nothing to say."""
        if session not in self._hub.sessions.get(session.uid, ()):
            return
        metrics.COMPARED.add("turn" if unless_told else "loss")
        same = await self._vectors.same(session.uid)
        if not unless_told or self._told.get(session) != same.vec_hash:
            self._told[session] = same.vec_hash
            session.show(same)
