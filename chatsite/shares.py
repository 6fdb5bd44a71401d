"""What many share and one could use up: how much of it each address may have at a time."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from weakref import WeakValueDictionary

from chatsite.edge import addresses


class Shares:
    """An address that has its share waits, in order, on the loop; nobody is refused."""

    def __init__(self, each: int) -> None:
        self._each = each
        # Kept by those who have a share or wait for one; then forgotten.
        self._of: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()

    @asynccontextmanager
    async def share(self, scope: Any) -> AsyncIterator[None]:
        """While this request has one. `scope` is ASGI's."""
        own = self._of.setdefault(_sender(scope), asyncio.Semaphore(self._each))
        async with own:
            yield


def _sender(scope: Any) -> str:
    """The network that it came from, this machine too; empty where it came from none (tests)."""
    client = scope.get("client")
    return addresses.network(addresses.parse(client[0])) if client else ""
