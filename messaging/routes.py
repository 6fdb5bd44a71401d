"""Where people are, asked of presence: one question at a time, for all who wait for an answer.

A question costs as much for twenty people as for two, nearly. Nothing is kept: somebody may have
come to another node a moment ago.
"""

import asyncio

from messaging.domain import Uid
from messaging.internode import Patience
from presence import registry
from presence.backends.base import Entry

Places = dict[Uid, list[Entry]]


class Routes:
    def __init__(self, node: registry.Node, patience: Patience) -> None:
        self._node = node
        self._patience = patience
        self._waiting: set[Uid] = set()  # for the next question
        self._next: asyncio.Task[Places] | None = None
        self._turn = asyncio.Lock()

    async def of(self, users: list[Uid]) -> Places:
        """The live devices of these users, and maybe of others. Raises what presence raises, and
        TimeoutError."""
        self._waiting.update(users)
        if self._next is None:
            self._next = asyncio.create_task(self._ask())
            self._next.add_done_callback(_looked_at)
        return await asyncio.shield(self._next)  # the others wait for it, too

    async def _ask(self) -> Places:
        async with self._turn:
            users, self._waiting, self._next = self._waiting, set(), None
            async with asyncio.timeout(self._patience.seconds):
                return await registry.where(self._node, users, self._node.clock())


def _looked_at(answer: asyncio.Task[Places]) -> None:
    """Who asked may have given up: then nobody reads what it raised."""
    if not answer.cancelled():
        answer.exception()
