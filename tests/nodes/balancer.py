"""A real HAProxy with the project's own configuration, and a stub in the place of a node."""

import asyncio
import os
import shutil
import socket
import subprocess
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from testkit.running import ROOT, free_port
from tests.services import lacking

CONFIGURATION = ROOT / "services" / "haproxy.cfg"
START_SECONDS = 30
NO_SESSION = '{"close":4012,"reason":"unknown sid"}'  # what a node says to a call for another
NOBODY = "127.0.0.1:9"  # an address where nobody listens


def program() -> str:
    """Skips the test aloud where HAProxy is not installed."""
    found = shutil.which("haproxy", path=os.environ.get("PATH", "") + ":/usr/sbin")
    if found:
        return found
    lacking("HAProxy (on Debian: apt-get install haproxy)")


@contextmanager
def balancer(
    port: int, nodes: Mapping[str, int], log: Path, configuration: Path = CONFIGURATION
) -> Iterator[None]:
    """It listens on `port`, and leads to `nodes`: N1, N2 and N3 with their ports."""
    own = {"FRONT": f"127.0.0.1:{port}", "N1": NOBODY, "N2": NOBODY, "N3": NOBODY}
    own |= {name: f"127.0.0.1:{number}" for name, number in nodes.items()}
    with log.open("ab") as said:
        process = subprocess.Popen(
            [program(), "-db", "-f", str(configuration)],
            env={**os.environ, **own}, stdout=said, stderr=said,
        )  # fmt: skip
    try:
        _listening(process, port, log)
        yield
    finally:
        process.terminate()
        process.wait(10)


def _listening(process: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"HAProxy did not start:\n{log.read_text()}")
        time.sleep(0.05)  # a process that starts has nothing to await on


class Stub:
    """A node that only says its name, and to a long poll that it has no such session. Tests decide
    whether it is ready."""

    def __init__(self, name: str) -> None:
        self.name, self.port = name, free_port()
        self.ready = True
        self.dying = False  # it takes requests, and hangs up without an answer
        self.asked: Counter[str] = Counter()  # by path, query included
        self._checked = asyncio.Event()

    async def checked(self) -> None:
        """The balancer knows whether it is ready: the check before this one was answered."""
        for _ in range(2):
            self._checked.clear()
            await asyncio.wait_for(self._checked.wait(), START_SECONDS)

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin1")
            target = head.split(" ", 2)[1]
            self.asked[target] += 1
            if target == "/readyz":
                self._checked.set()
            elif self.dying:
                return
            status = "404 Not Found" if target == "/readyz" and not self.ready else "200 OK"
            body = NO_SESSION if target.startswith("/live?") else self.name
            lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close"]
            writer.write("\r\n".join([*lines, "", body]).encode())
            await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # a check that hung up
        finally:
            writer.close()


@asynccontextmanager
async def stub(name: str) -> AsyncIterator[Stub]:
    one = Stub(name)
    server = await asyncio.start_server(one._answer, "127.0.0.1", one.port)
    async with server:
        yield one
