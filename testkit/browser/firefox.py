#!/usr/bin/env python
"""Firefox for Playwright, which starts this file in its place, with the arguments for Firefox.

Playwright speaks WebDriver BiDi to the Firefox that people have. It asks each window for a media
feature by a command that Firefox 153 does not know, and gives up. The relay between them answers
that one command itself: the window has the colours of the system then, which are light.
"""

import asyncio
import json
import re
import shutil
import sys

from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection, serve

UNKNOWN = "emulation.setMediaFeaturesOverride"
LISTENING = re.compile(r"(WebDriver BiDi listening on )(ws://\S+)")


def firefox_path() -> str:
    """Raises RuntimeError without one: bin/test long installs it."""
    found = next(filter(None, map(shutil.which, ("firefox-esr", "firefox"))), None)
    if not found:
        raise RuntimeError("no Firefox: run bin/test long, which installs one")
    return found


async def main(arguments: list[str]) -> int:
    firefox = await asyncio.create_subprocess_exec(
        firefox_path(), *arguments, stderr=asyncio.subprocess.PIPE
    )
    assert firefox.stderr
    try:
        async for line in firefox.stderr:
            said = LISTENING.search(line.decode(errors="replace"))
            if said:
                line = f"{said[1]}{await _relay(said[2])}\n".encode()
            sys.stderr.buffer.write(line)
            sys.stderr.flush()
        return await firefox.wait()
    finally:
        if firefox.returncode is None:
            firefox.kill()


async def _relay(address: str) -> str:
    async def carry(playwright: ServerConnection) -> None:
        path = playwright.request.path if playwright.request else ""
        async with connect(address + path, max_size=None, ping_interval=None) as firefox:

            async def back() -> None:
                async for message in firefox:
                    await playwright.send(message)

            backward = asyncio.create_task(back())
            async for message in playwright:
                asked = json.loads(message)
                if asked["method"] == UNKNOWN:
                    answer = {"type": "success", "id": asked["id"], "result": {}}
                    await playwright.send(json.dumps(answer))
                else:
                    await firefox.send(message)
            backward.cancel()

    server = await serve(carry, "127.0.0.1", 0, max_size=None, ping_interval=None)
    return f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"


if __name__ == "__main__":
    sys.exit(asyncio.run(main(sys.argv[1:])))
