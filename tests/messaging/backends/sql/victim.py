"""A process that appends in groups and dies by SIGKILL at one statement of its own.

    python -m tests.messaging.backends.sql.victim < plan.json

It forks once for each step of the plan, before any thread or connection exists; each child sends
its messages all at once, and kills itself before or after the n-th statement it executes from
then on. The test looks at what is left.
"""

import asyncio
import json
import os
import signal
import sys
from importlib import import_module
from typing import Any

import django

NOW = 1_790_000_000_000


def main() -> None:
    django.setup()
    import_module("tests.contracts.adapters")  # here once, not in each child
    plan = json.load(sys.stdin)
    for step in plan["steps"]:
        child = os.fork()
        if child == 0:
            die(plan["database"], step)
        _, status = os.waitpid(child, 0)
        killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
        sys.stdout.write(json.dumps({"killed": killed}) + "\n")


def die(settings: dict[str, Any], step: dict[str, Any]) -> None:
    from messaging.backends.sql.log import SqlMessageLog
    from messaging.domain import Draft, EpochHead
    from tests.contracts.adapters import register, seal

    alias = register(settings)
    arm(step["statement"], step["after"])
    log = SqlMessageLog(alias)
    head = EpochHead(0, False, NOW, 1, 1)
    device = bytes(16)
    drafts = []
    for i, (conv, client_id, sender, peer) in enumerate(step["messages"]):
        ids = (bytes.fromhex(conv), bytes.fromhex(client_id), 0)
        people = (bytes.fromhex(sender), bytes.fromhex(peer))
        drafts.append(Draft(*ids, *people, device, 1, 1, 0, head, 60 * (i % 2), b"text", b"s" * 32))

    async def send() -> None:
        await asyncio.gather(*[log.append(draft, seal, NOW) for draft in drafts])

    asyncio.run(send())
    os._exit(0)


def arm(statement: int, after: bool) -> None:
    """Die at the n-th statement of this process, set-up not counted."""
    from messaging.backends.sql.database import Result, Session

    execute = Session.execute
    count = 0

    def fatal(self: Session, text: str, values: Any = ()) -> Result:
        nonlocal count
        count += 1
        if count == statement and not after:
            os.kill(os.getpid(), signal.SIGKILL)
        result = execute(self, text, values)
        if count == statement:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    Session.execute = fatal  # type: ignore[method-assign]


if __name__ == "__main__":
    main()
