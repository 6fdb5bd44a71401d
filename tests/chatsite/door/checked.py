"""`python -m tests.chatsite.door.checked`: the checks of all connections, where one of them fails.

In a process of its own, since daphne installs its reactor when it is imported. Prints as JSON
what the connections after the failing one went through, and which checks come again.
"""

import asyncio
import importlib
import json
import os
from typing import Any

import django


class Connection:
    """Fails in everything that a check asks of it, if it is told to."""

    def __init__(self, *, fails: bool) -> None:
        self.fails = fails
        self.went_through: list[str] = []

    def check_timeouts(self) -> None:
        self._do("times")

    def handle_exception(self, error: Exception) -> None:
        self._do("exception")

    def _do(self, what: str) -> None:
        if self.fails:
            raise RuntimeError("the transport is dead")
        self.went_through.append(what)


async def failed() -> None:
    raise ValueError("an application's own")


async def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chatsite.settings")
    django.setup()
    from chatsite.server import ChatServer  # installs the reactor that the next line finds

    reactor = importlib.import_module("twisted.internet.reactor")

    server: Any = ChatServer(None, "127.0.0.1", 0, "a-node")
    bad, good, gone = Connection(fails=True), Connection(fails=False), Connection(fails=False)
    tasks = [asyncio.ensure_future(failed()) for _ in range(3)]
    await asyncio.wait(tasks)
    server.connections = {
        bad: {"application_instance": tasks[0]},
        good: {"application_instance": tasks[1]},
        gone: {"application_instance": tasks[2], "disconnected": 1.0},
    }
    server.application_checker()
    server.timeout_checker()
    server.application_checker()  # what failed once is not tried for ever
    coming = [call.func.__name__ for call in reactor.getDelayedCalls()]
    kept = [who in server.connections for who in (bad, good, gone)]
    print(json.dumps([good.went_through, kept, sorted(set(coming))]))  # noqa: T201


if __name__ == "__main__":
    asyncio.run(main())
