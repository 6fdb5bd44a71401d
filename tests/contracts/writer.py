"""Another process that appends to the same conversation.

python -m tests.contracts.writer < order.json        answers the seqs it was given
"""

import asyncio
import json
import sys

import django

from messaging.domain import Draft, Head


async def main() -> None:
    django.setup()
    from messaging.backends.base import Busy
    from messaging.backends.sql.log import SqlMessageLog
    from tests.contracts.adapters import NOW, new_id, register, seal

    order = json.load(sys.stdin)
    log = SqlMessageLog(register(order["database"]))
    conv, sender, peer = (bytes.fromhex(order[name]) for name in ("conv", "sender", "peer"))
    head = Head(0, False, NOW, 1, 1)
    seqs = []
    for _ in range(order["count"]):
        draft = Draft(conv, new_id(), 0, sender, peer, sender, 1, 1, 0, head, 0, b"x", b"s" * 32)
        while True:
            try:
                seqs.append((await log.append(draft, seal, NOW)).seq)
                break
            except Busy:
                continue
    sys.stdout.write(json.dumps(seqs))


if __name__ == "__main__":
    asyncio.run(main())
