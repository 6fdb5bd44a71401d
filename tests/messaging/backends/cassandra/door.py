"""A port that leads to a node, and can be shut. It has the address of the node: a driver that looks
for the others of the ring finds the node's own address, and goes there."""

import asyncio
import contextlib
from collections.abc import Iterator
from types import TracebackType


class Door:
    """`held`: answers wait inside; they are lost if it is shut then."""

    def __init__(self, host: str, port: int) -> None:
        self.host = host
        self._node = (host, port)
        self._server: asyncio.Server | None = None
        self._ways: set[asyncio.StreamWriter] = set()
        self._passing = asyncio.Event()
        self._asked = asyncio.Event()
        self._passing.set()
        self.port = 0

    async def __aenter__(self) -> "Door":
        await self.open()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        await self.shut()

    async def open(self) -> None:
        self._server = await asyncio.start_server(self._let_through, self.host, self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def shut(self) -> None:
        """Nobody comes in, and who was inside is cut off."""
        if self._server is None:
            return
        self._server.close()
        self._server = None
        while self._ways:
            self._ways.pop().transport.abort()

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        self._passing.clear()
        self._asked.clear()
        try:
            yield
        finally:
            self._passing.set()

    async def asked(self) -> None:
        """Until something was asked since it is held."""
        await self._asked.wait()

    async def _let_through(
        self, client: asyncio.StreamReader, to_client: asyncio.StreamWriter
    ) -> None:
        node, to_node = await asyncio.open_connection(*self._node)
        self._ways |= {to_client, to_node}
        try:
            await asyncio.gather(
                self._carry(client, to_node), self._carry(node, to_client, back=True)
            )
        except OSError:  # one of them is gone
            pass
        finally:
            for way in (to_client, to_node):
                self._ways.discard(way)
                way.close()

    async def _carry(
        self, source: asyncio.StreamReader, target: asyncio.StreamWriter, back: bool = False
    ) -> None:
        while data := await source.read(65_536):
            if back:
                await self._passing.wait()
            target.write(data)
            await target.drain()
            if not back:
                self._asked.set()
        target.close()
