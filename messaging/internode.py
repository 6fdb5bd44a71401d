"""Numbered frames between nodes, at most once. What is lost shows as a gap in the numbers.

A stream goes from one process to one node; its id is new with each, so that its numbers start
at 1. After a loss a frame follows in any case: else the last message of a talk would be the one
that nobody misses. `Stream.put` and `Stream._next_batch` hold the bounds of what waits and of one
frame.
"""

import asyncio
import logging
import secrets
import time
from collections import deque
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, NamedTuple

from channels.layers import BaseChannelLayer

from chatsite.running import metrics
from chatsite.running.breaker import Away

WAIT_SECONDS = 0.2  # for the layer; then the frame counts as lost
PATIENT_SECONDS = 5.0  # the same, of a command: it connects first, and nobody waits for it
FLUSH_SECONDS = 0.003  # events of this long share a frame
SHOWN_SECONDS = 1.0  # after a loss, a frame without events shows it
FRAME_EVENTS, FRAME_BYTES = 64, 256 * 1024
# Waiting for one node; more is dropped, and the gap shows.
BACKLOG_EVENTS, BACKLOG_BYTES = 10_000, 8 * 1024 * 1024
IDLE_SECONDS = 900  # then a stream is forgotten
HEARD_SECONDS = 3600  # the numbers of a stream are kept: for longer than it may be idle

Frame = dict[str, Any]
Guard = Callable[[], AbstractContextManager[None]]  # around each use of the layer
logger = logging.getLogger(__name__)


def group_of(node: str) -> str:
    """The layer's group of a node. Names of groups know no colon, names of nodes no underscore."""
    return f"node.{node.replace(':', '_')}"


class Patience:
    """How long this process waits for others with one event. A command waits until they were told,
    but after once in vain no longer than a node does: it may have thousands to tell of."""

    def __init__(self, *, patient: bool) -> None:
        self.patient = patient

    @property
    def seconds(self) -> float:
        return PATIENT_SECONDS if self.patient else WAIT_SECONDS

    @property
    def level(self) -> int:
        """At which a failure is logged: who tries again says once that it was in vain."""
        return logging.DEBUG if self.patient else logging.WARNING


class _Waiting(NamedTuple):
    data: bytes
    done: "asyncio.Future[bool]"


class Stream:
    """The frames to one node, one at a time."""

    def __init__(
        self, layer: BaseChannelLayer, guard: Guard, source: str, there: str, patience: Patience,
        lost: int = 0,
    ) -> None:  # fmt: skip
        """`lost`: frames that may have been meant for this node before it had a stream."""
        self.task: asyncio.Task[None] | None = None
        self.number = lost
        self.used = time.monotonic()
        self._layer = layer
        self._guard = guard
        self._source = source
        self._there = there
        self._patience = patience
        self._id = secrets.token_hex(6)
        self._waiting: deque[_Waiting] = deque()
        self._bytes = 0
        # When a loss is shown, if nothing else shows it before.
        self._unshown: asyncio.TimerHandle | None = None
        self._shows = False  # now, by a frame without events

    def put(self, data: bytes) -> "asyncio.Future[bool]":
        """The future is done when the event was handed to the layer (True), or lost."""
        done: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self.used = time.monotonic()
        if len(self._waiting) >= BACKLOG_EVENTS or self._bytes + len(data) > BACKLOG_BYTES:
            self.lose()
            metrics.DROPPED.add("backlog")
            done.set_result(False)
            return done
        self._waiting.append(_Waiting(data, done))
        self._bytes += len(data)
        self._begin()
        return done

    def lose(self) -> None:
        """Something was lost: the next frame shows it; within SHOWN_SECONDS one without events."""
        self.number += 1
        self._show_soon()

    @property
    def idle(self) -> bool:
        waits = self._waiting or self._unshown
        return not waits and time.monotonic() - self.used > IDLE_SECONDS

    async def close(self) -> None:
        if self._unshown is not None:
            self._unshown.cancel()
        if self.task is not None:
            self.task.cancel()
            await asyncio.wait([self.task])

    def _begin(self) -> None:
        if self.task is None or self.task.done():
            self.task = asyncio.create_task(self._flush())

    def _show_soon(self) -> None:
        if self._unshown is None and self._there != self._source:  # who misses an echo knows
            loop = asyncio.get_running_loop()
            self._unshown = loop.call_later(SHOWN_SECONDS, self._show)

    def _show(self) -> None:
        self._unshown = None
        self._shows = True
        self._begin()

    async def _flush(self) -> None:
        while self._waiting or self._shows:
            await asyncio.sleep(FLUSH_SECONDS)
            batch, self._shows = self._next_batch(), False
            number = self.number + 1
            if batch:
                self.number += 1  # it is used, whether or not the frame arrives
            taken = await self._hand_over(number, [one.data for one in batch])
            if not taken:
                self._show_soon()
            elif not batch:
                self.number += 1
            for one in batch:
                if not one.done.done():
                    one.done.set_result(taken)

    async def _hand_over(self, number: int, data: list[bytes]) -> bool:
        """Whether the layer took it."""
        frame = {
            "type": "node.frame", "src": self._source, "stream": self._id, "n": number,
            "events": data,
        }  # fmt: skip
        try:
            with self._guard():
                async with asyncio.timeout(self._patience.seconds):
                    await self._layer.group_send(group_of(self._there), frame)
        except Away:
            return False  # that is in the log
        except Exception:  # the layer's own errors, whichever layer it is
            metrics.DROPPED.add("layer", len(data))
            said = "node %s was not reached"
            logger.log(self._patience.level, said, self._there, exc_info=True)
            return False
        return True

    def _next_batch(self) -> list[_Waiting]:
        """The events of the next frame: as many as fit, and at least one."""
        batch: list[_Waiting] = []
        size = 0
        while self._waiting and len(batch) < FRAME_EVENTS:
            size += len(self._waiting[0].data)
            if batch and size > FRAME_BYTES:
                break
            batch.append(self._waiting.popleft())
            self._bytes -= len(batch[-1].data)
        return batch


class Streams:
    """The streams of this process, by node, made on first use."""

    def __init__(
        self, layer: BaseChannelLayer, guard: Guard, source: str, patience: Patience
    ) -> None:
        self._layer = layer
        self._patience = patience
        self._guard = guard
        self._source = source
        self._streams: dict[str, Stream] = {}
        self._lost = 0  # frames whose nodes nobody could name

    def to(self, node: str) -> Stream:
        stream = self._streams.get(node)
        if stream is None:
            stream = Stream(
                self._layer, self._guard, self._source, node, self._patience, self._lost
            )
            self._streams[node] = stream
        return stream

    def lose(self) -> None:
        """Something was lost, and nobody knows for which node: every stream shows a gap."""
        self._lost += 1
        metrics.DROPPED.add("presence")
        for stream in self._streams.values():
            stream.lose()

    def tidy(self) -> None:
        """Forget streams without traffic."""
        self._streams = {node: one for node, one in self._streams.items() if not one.idle}

    def __len__(self) -> int:
        return len(self._streams)

    async def close(self) -> None:
        for stream in self._streams.values():
            await stream.close()


class Heard:
    """The numbers of the streams that come here."""

    def __init__(self) -> None:
        self.gaps = 0  # frames that never came
        self._last: dict[str, tuple[int, float]] = {}  # by stream: number, when

    def missing(self, frame: Frame) -> int:
        """Note one frame; answers how many before it never came."""
        stream, number = frame["stream"], frame["n"]
        last, _ = self._last.get(stream, (0, 0.0))
        self._last[stream] = (max(last, number), time.monotonic())
        missing: int = max(0, number - last - 1)
        self.gaps += missing
        metrics.GAPS.add(n=missing)
        return missing

    def tidy(self) -> None:
        """Forget streams without traffic."""
        old = time.monotonic() - HEARD_SECONDS
        self._last = {stream: one for stream, one in self._last.items() if one[1] > old}

    def __len__(self) -> int:
        return len(self._last)
