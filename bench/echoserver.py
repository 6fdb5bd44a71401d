"""`python -m bench.echoserver PORT`: the same server and loop, without anything of ours."""

import sys
from typing import Any

from chatsite.loop import prepare_loop


async def echo(scope: Any, receive: Any, send: Any) -> None:
    await receive()
    await send({"type": "websocket.accept"})
    while (event := await receive())["type"] == "websocket.receive":
        await send({"type": "websocket.send", "text": event["text"]})


def main(port: int) -> None:
    prepare_loop()
    from daphne.server import Server

    Server(echo, endpoints=[f"tcp:port={port}:interface=127.0.0.1"]).run()


if __name__ == "__main__":
    main(int(sys.argv[1]))
