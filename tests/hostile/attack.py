"""`python -m tests.hostile.attack NAME SOURCE PORT`: one attack, until it is ended.

In a process of its own, so that its cost is not the pair's. An attack with an account reads whose
from standard input (testkit/cast.py). Each is as fast as one process can be.
"""

import asyncio
import contextlib
import json
import random
import secrets
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from bench.device import Device, Gone
from messaging import protocol
from testkit.cast import Person, _unpacked
from tests.chatsite.door.stranger import dial, frame, opened, request, reset, upgrade

SILENT, DRIPS, FLOODS, AT_A_TIME = 2000, 200, 4, 8
TEXT, MORE, PING = 0x1, 0x0, 0x9
Attack = Callable[[Any], Coroutine[Any, Any, None]]


async def resets(site: Any) -> None:
    """At each stage of a connection, as in tests/chatsite/door/test_resets.py."""
    stages = [b"", request(site)[:-8], request(site), upgrade(site), upgrade(site) + b"\xff" * 64]
    while True:
        link = dial(site)
        link.sendall(random.choice(stages))
        reset(link)
        await asyncio.sleep(0)


async def drips(site: Any) -> None:
    """Heads, bodies and chunks that never end."""
    post = request(site, "/api/start", "Content-Length: 1000", method="POST")
    chunked = request(site, "/api/start", "Transfer-Encoding: chunked", method="POST")
    begun = [b"", request(site)[:-2], post, chunked + b"400\r\n"]

    async def drip() -> None:
        while True:
            with contextlib.suppress(OSError):
                _, writer = await opened(site)
                writer.write(random.choice(begun))
                while not writer.is_closing():
                    writer.write(b"x")
                    await asyncio.sleep(0.5)

    await asyncio.gather(*(drip() for _ in range(DRIPS)))


async def pings(site: Any) -> None:
    await _flood(site, frame(PING, b"x" * 100) * 100)


async def fragments(site: Any) -> None:
    await _flood(site, frame(TEXT, b"{", final=False) + frame(MORE, final=False) * 1000)


async def openings(site: Any) -> None:
    """Sockets that never say hello."""

    async def keep_opening() -> None:
        while True:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError):
                reader, writer = await opened(site)
                writer.write(upgrade(site))
                await reader.readuntil(b"\r\n\r\n")
                writer.close()

    await asyncio.gather(*(keep_opening() for _ in range(AT_A_TIME)))


async def calls(site: Any) -> None:
    """The long poll with a cookie that nobody gave out."""
    body = b'{"rid":1,"ack":0,"frames":[]}'
    await _requests(
        site, lambda: request(
            site, "/live", f"Cookie: session={secrets.token_hex(16)}", f"Origin: {site.url}",
            f"Content-Length: {len(body)}", method="POST",
        ) + body,
    )  # fmt: skip


async def bodies(site: Any) -> None:
    """600 MB, chunk by chunk."""
    head = request(site, "/api/start", "Transfer-Encoding: chunked", method="POST")
    chunk = b"100000\r\n" + bytes(1024 * 1024) + b"\r\n"

    async def keep_sending() -> None:
        while True:
            with contextlib.suppress(OSError):
                _, writer = await opened(site)
                writer.write(head)
                for _ in range(600):
                    writer.write(chunk)
                    await writer.drain()

    await asyncio.gather(*(keep_sending() for _ in range(AT_A_TIME)))


async def guesses(site: Any) -> None:
    """Passwords of somebody, or of staff."""
    token = "a" * 32
    body = f"csrfmiddlewaretoken={token}&username=alice&password=x&code=000000".encode()
    await _requests(
        site, lambda: request(
            site, "/admin/login/", f"Cookie: csrf={token}", f"Origin: {site.url}",
            "Content-Type: application/x-www-form-urlencoded", f"Content-Length: {len(body)}",
            method="POST",
        ) + body,
    )  # fmt: skip


async def silent_sockets(site: Any) -> None:
    held = []
    for _ in range(SILENT):
        with contextlib.suppress(OSError):
            held.append(dial(site))
        await asyncio.sleep(0)
    await asyncio.Event().wait()


async def sends(site: Any) -> None:
    """With an account: as many as a socket takes, then the next socket."""
    mallory = _unpacked(json.loads(sys.stdin.readline()))
    [conv] = mallory.epochs
    while True:
        with contextlib.suppress(OSError, Gone, ConnectionError):
            device = await Device(mallory).arrive(site.port)
            await _send(device, mallory, conv)
            device.leave()


async def _send(device: Device, mallory: Person, conv: bytes) -> None:
    for _ in range(protocol.SENDS_BURST + 10):
        if device.over.done():
            return
        device.send(protocol.encode(mallory.message(conv, "again")))
        await asyncio.sleep(0)
    await asyncio.sleep(0.1)


async def _flood(site: Any, data: bytes) -> None:
    async def keep_flooding() -> None:
        while True:
            with contextlib.suppress(OSError):
                reader, writer = await opened(site)
                writer.write(upgrade(site))
                reading = asyncio.ensure_future(_drain(reader))
                while not reading.done():
                    writer.write(data)
                    await writer.drain()
                    await asyncio.sleep(0)
                writer.close()

    await asyncio.gather(*(keep_flooding() for _ in range(FLOODS)))


async def _requests(site: Any, make: Callable[[], bytes]) -> None:
    async def keep_asking() -> None:
        while True:
            with contextlib.suppress(OSError):
                reader, writer = await opened(site)
                writer.write(make().replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n", 1))
                await _drain(reader)
                writer.close()

    await asyncio.gather(*(keep_asking() for _ in range(AT_A_TIME)))


async def _drain(reader: asyncio.StreamReader) -> None:
    with contextlib.suppress(OSError):
        while await reader.read(65_536):
            pass


ATTACKS: dict[str, Attack] = {
    attack.__name__: attack
    for attack in (
        resets, drips, pings, fragments, openings, calls, bodies, guesses, silent_sockets, sends
    )
}  # fmt: skip


def main(name: str, source: str, port: int) -> None:
    site = SimpleNamespace(source=source, port=port, url=f"http://localhost:{port}", var=Path())
    asyncio.run(ATTACKS[name](site))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
