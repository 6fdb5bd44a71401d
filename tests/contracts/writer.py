"""Another process that appends to the same conversation.

python -m tests.contracts.writer < order.json        answers the seqs it was given
"""

import asyncio
import json
import sys

import django

from messaging.domain import Draft, EpochHead


def main() -> None:
    django.setup()
    from tests.contracts.adapters import opened

    order = json.load(sys.stdin)
    with opened(order["store"]) as log:
        sys.stdout.write(json.dumps(asyncio.run(seqs(log, order))))


async def seqs(log, order) -> list[int]:
    from messaging.backends.base import Busy
    from tests.contracts.adapters import NOW, new_id, seal

    conv, sender, peer = (bytes.fromhex(order[name]) for name in ("conv", "sender", "peer"))
    head = EpochHead(0, False, NOW, 1, 1)
    given = []
    for _ in range(order["count"]):
        draft = Draft(conv, new_id(), 0, sender, peer, sender, 1, 1, 0, head, 0, b"x", b"s" * 32)
        while True:
            try:
                given.append((await log.append(draft, seal, NOW)).seq)
                break
            except Busy:
                continue
    return given


if __name__ == "__main__":
    main()
