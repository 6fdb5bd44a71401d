"""`python -m bench.appending IN_FLIGHT [SERVICE=PID…]`: appends in the store that the environment
names, through the port and bare; prints what one of them cost.

Bare: the same statements on the same database, on one thread without asyncio, in transactions of as
many appends as were in flight.
"""

import asyncio
import json
import os
import secrets
import sys
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

from bench.process import SERVER, Cost, measured

if TYPE_CHECKING:
    from messaging.backends.sql.database import Session
    from messaging.domain import Draft

IN_FLIGHT = (1, 10, 50)
APPENDS = 3_000  # of each figure
WARM_UP = 300
CONVERSATIONS = 100
ENVELOPE = 787  # bytes: a short text, with the commitment of the message before it
Chat = tuple[bytes, bytes, bytes]  # alice, bob, conversation


def main(in_flight: int, services: Mapping[str, int]) -> None:
    import django
    from django.conf import settings

    django.setup()
    pids = {SERVER: os.getpid(), **services}
    costs = {"port": asyncio.run(_port(in_flight, pids))}
    if settings.ENGINE == "embedded":
        costs["bare"] = _bare(in_flight, pids)
    print(json.dumps({name: _of_one(cost) for name, cost in costs.items()}), flush=True)


def _of_one(cost: Cost) -> dict[str, float]:
    each = 1e6 / APPENDS
    return {
        "cpu_us": cost.cpu * each,
        "database_cpu_us": (cost.cpu - cost.spent[SERVER]) * each,
        "wall_us": cost.wall * each,
    }


async def _port(in_flight: int, pids: Mapping[str, int]) -> Cost:
    from messaging.backends import log

    drafts = iter(_drafts(await _chats()))

    async def send(count: int) -> None:
        some = iter([next(drafts) for _ in range(count)])

        async def sender() -> None:
            for draft in some:
                await log().append(draft, _seal, time.time_ns() // 1_000_000)

        await asyncio.gather(*[sender() for _ in range(in_flight)])

    await send(WARM_UP)
    with measured(pids) as cost:
        await send(APPENDS)
    return cost


def _bare(in_flight: int, pids: Mapping[str, int]) -> Cost:
    from messaging.backends.sql.database import Session
    from messaging.backends.sql.router import ALIAS

    drafts = _drafts(asyncio.run(_chats()))
    session = Session(ALIAS)
    _bare_appends(session, drafts[:WARM_UP], in_flight)
    with measured(pids) as cost:
        _bare_appends(session, drafts[WARM_UP : WARM_UP + APPENDS], in_flight)
    session.close()
    return cost


def _bare_appends(session: "Session", drafts: "list[Draft]", group: int) -> None:
    """The four statements of an append, with their values and nothing around them."""
    from messaging.backends.sql.append import HEAD, INSERT, MOVE_HEAD_1, SENT

    for start in range(0, len(drafts), group):
        with session.transaction():
            for d in drafts[start : start + group]:
                seq, _, count, *_ = session.one(HEAD, (d.conv,)) or ()
                seq, count = seq + 1, count + 1
                place = (d.conv, seq, d.client_id, seq, d.sender, d.device, d.ctr, count, 1, 0, 0)
                values = (*place, None, d.text, d.salt, "", b"R" * 32, "kid", 0)
                session.execute(INSERT, values)
                session.execute(MOVE_HEAD_1, (seq, seq, count, 0, 0, 0, d.conv))
                sent = (d.sender, d.peer, d.conv, seq, count, seq, seq, count, seq)
                session.execute(SENT, sent)


async def _chats() -> list[Chat]:
    return await asyncio.gather(*[_connect() for _ in range(CONVERSATIONS)])


async def _connect() -> Chat:
    from messaging.backends import connection_store
    from messaging.domain import NewEpoch

    store = connection_store()
    alice, bob = sorted([secrets.token_bytes(16), secrets.token_bytes(16)])
    conv = secrets.token_bytes(16)
    await store.ask(alice, bob, conv, 0)
    await store.ask(bob, alice, conv, 0)
    await store.advance(conv, NewEpoch(0, b"record", False, 0, 1, 1))
    return alice, bob, conv


def _drafts(chats: list[Chat]) -> "list[Draft]":
    """Enough of them, one conversation after the other, so that a group has many."""
    rounds = -(-(APPENDS + WARM_UP) // CONVERSATIONS)
    return [_draft(*chat) for _ in range(rounds) for chat in chats]


def _draft(alice: bytes, bob: bytes, conv: bytes) -> "Draft":
    from messaging.domain import Draft, EpochHead

    random, head = secrets.token_bytes, EpochHead(0, False, 0, 1, 1)
    return Draft(
        conv, random(16), 0, alice, bob, alice, 1, 1, 0, head, 0, random(ENVELOPE), random(32)
    )


def _seal(_time: int) -> tuple[str, bytes]:
    return "kid", b"R" * 32


if __name__ == "__main__":
    in_flight, *services = sys.argv[1:]
    pids = dict(one.split("=") for one in services)
    main(int(in_flight), {name: int(pid) for name, pid in pids.items()})
