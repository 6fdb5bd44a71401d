"""The baseline: frames through the same server and loop, without anything of ours."""

import asyncio
import subprocess
import sys

from bench.process import SERVER, Cost, measured
from bench.wire import Wire, dial
from testkit.running import ROOT, free_port

SOCKETS = 100
TIMES = 200  # frames of each socket


async def echo(frame: bytes) -> Cost:
    """Each socket sends a frame of that size when the last one is back."""
    port = free_port()
    process = _start(port)
    try:
        sockets = [await _echoing(port, frame) for _ in range(SOCKETS)]
        with measured({SERVER: process.pid}) as cost:
            for wire, _ in sockets:
                wire.send(frame)
            await asyncio.gather(*(done for _, done in sockets))
        cost.messages = SOCKETS * TIMES
        return cost
    finally:
        process.kill()
        process.wait()


def _start(port: int) -> "subprocess.Popen[bytes]":
    return subprocess.Popen([sys.executable, "-m", "bench.echoserver", str(port)], cwd=ROOT)


async def _echoing(port: int, frame: bytes) -> tuple[Wire, "asyncio.Future[None]"]:
    done = asyncio.get_running_loop().create_future()
    left = TIMES

    def again(wire: Wire, _: bytes) -> None:
        nonlocal left
        left -= 1
        if left > 0:
            wire.send(frame)
        elif not done.done():
            done.set_result(None)

    for _ in range(100):
        try:
            wire = await dial(port, f"localhost:{port}", "/", again)
            return wire, done
        except OSError:
            await asyncio.sleep(0.1)
    raise ConnectionError("the echo server did not start")
