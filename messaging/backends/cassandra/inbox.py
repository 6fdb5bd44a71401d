"""Answers on their way from the driver's thread to an event loop: one wake-up for a burst of them,
since a wake-up costs as much as an answer."""

import asyncio
import contextlib
from collections import deque
from typing import Any


class Inbox:
    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self._answers: deque[tuple[asyncio.Future[Any], Any]] = deque()
        self._woken = False

    def put(self, future: "asyncio.Future[Any]", answer: Any) -> None:
        """From any thread. An exception is raised at who waits."""
        self._answers.append((future, answer))
        if self._woken:
            return
        self._woken = True
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
            self.loop.call_soon_threadsafe(self._deliver)

    def _deliver(self) -> None:
        self._woken = False  # before the answers are taken: what comes from now on wakes again
        for _ in range(len(self._answers)):
            future, answer = self._answers.popleft()
            if future.done():  # who waited was cancelled
                continue
            if isinstance(answer, Exception):
                future.set_exception(answer)
            else:
                future.set_result(answer)
