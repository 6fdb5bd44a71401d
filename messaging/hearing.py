"""The ear of a node: one channel of the layer, in the group of the node's name. One task for all
sessions of the process."""

import asyncio
import logging
from collections.abc import Callable

from channels.layers import BaseChannelLayer

from messaging.internode import Frame, group_of

DEAF_SECONDS = 1.0  # between two tries when the layer fails
JOIN_SECONDS = 3.0  # to leave a channel and join another

logger = logging.getLogger(__name__)


class Hearing:
    def __init__(
        self,
        layer: BaseChannelLayer,
        name: str,
        take: Callable[[Frame], None],
        missed: Callable[[], None],
    ) -> None:
        """`take` gets each frame; `missed` is called when some may have been lost."""
        self._layer = layer
        self._group = group_of(name)
        self._take = take
        self._missed = missed
        self._channel: str | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def on(self) -> bool:
        return self._task is not None

    def start(self) -> None:
        if self._task is None:
            self._task = asyncio.create_task(self._run())

    async def again(self) -> None:
        """On a new channel. Raises what the layer raises, and TimeoutError."""
        await self.stop()
        async with asyncio.timeout(JOIN_SECONDS):
            await self._layer.flush()
            await self._join()
        self.start()

    async def stop(self) -> None:
        task, self._task, self._channel = self._task, None, None
        if task is not None:
            task.cancel()
            await asyncio.wait([task])

    async def _run(self) -> None:
        while True:
            try:
                if self._channel is None:
                    await self._join()
                assert self._channel is not None
                self._take(await self._layer.receive(self._channel))
            except Exception:  # one bad frame must not deafen the node
                logger.exception("a frame of another node was lost")
                self._missed()
                await asyncio.sleep(DEAF_SECONDS)

    async def _join(self) -> None:
        channel = await self._layer.new_channel()
        await self._layer.group_add(self._group, channel)
        self._channel = channel
