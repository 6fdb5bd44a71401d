"""The append alone: what it costs through the port, beside its bare SQL in the same run.

Each commit survives power loss. The baseline runs the same statements on the same database, on
one thread without asyncio, in transactions of as many appends as were in flight.
"""

import asyncio
import os
import secrets
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import django
from django.core.management import call_command
from django.db import connections
from django.db.utils import ConnectionHandler

from messaging.backends.sql import append as statements
from messaging.backends.sql.connections import SqlConnectionStore
from messaging.backends.sql.database import Session, database
from messaging.backends.sql.log import SqlMessageLog
from messaging.domain import Draft, Head, NewEpoch

ALIAS = "bench_append"
IN_FLIGHT = (1, 10, 50)
APPENDS = 3_000  # of each figure
WARM_UP = 300
CONVERSATIONS = 100
ENVELOPE = 511  # bytes: a text of up to 220 in m1
HEAD = Head(0, False, 0, 1, 1)


@dataclass(frozen=True)
class Cost:
    """Of one append, in microseconds."""

    cpu: float
    wall: float


def run() -> dict[str, Any]:
    """{in_flight: {port: {cpu_us, wall_us}, bare: {…}}}, on a SQLite file of its own."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chatsite.settings")
    django.setup()
    with tempfile.TemporaryDirectory(dir=_where()) as folder:
        _make(Path(folder) / "append.sqlite3")
        try:
            return {str(n): _figures(n) for n in IN_FLIGHT}
        finally:
            database(ALIAS).close()


def show(result: dict[str, Any]) -> None:
    print("append, us of one: CPU and wall; SQLite, WAL, synchronous=FULL, 511-byte envelopes")
    print(f"{'in flight':>10}{'CPU':>8}{'wall':>8}{'bare CPU':>10}{'bare wall':>11}")
    for n, row in result.items():
        port, bare = row["port"], row["bare"]
        print(
            f"{n:>10}{port['cpu_us']:>8}{port['wall_us']:>8}"
            f"{bare['cpu_us']:>10}{bare['wall_us']:>11}"
        )


def _where() -> str:
    """Beside the real database, since a file system in memory has no disk to wait for."""
    from django.conf import settings

    Path(settings.VAR).mkdir(parents=True, exist_ok=True)
    return str(settings.VAR)


def _make(path: Path) -> None:
    handler = ConnectionHandler(
        {"default": {}, ALIAS: {"ENGINE": "django.db.backends.sqlite3", "NAME": str(path)}}
    )
    connections.settings[ALIAS] = handler.settings[ALIAS]
    call_command("migrate", "messaging_sql", database=ALIAS, verbosity=0)
    connections[ALIAS].close()


def _figures(in_flight: int) -> dict[str, Any]:
    port = asyncio.run(_port(in_flight))
    bare = _bare(in_flight)
    return {
        name: {"cpu_us": round(cost.cpu), "wall_us": round(cost.wall)}
        for name, cost in (("port", port), ("bare", bare))
    }


async def _port(in_flight: int) -> Cost:
    log = SqlMessageLog(ALIAS)
    drafts = iter(_drafts(await _chats()))

    async def sender() -> None:
        for draft in drafts:
            await log.append(draft, _seal, time.time_ns() // 1_000_000)

    async def send(count: int) -> None:
        nonlocal drafts
        everything = drafts
        drafts = iter([next(everything) for _ in range(count)])
        await asyncio.gather(*[sender() for _ in range(in_flight)])
        drafts = everything

    await send(WARM_UP)
    return await _timed(lambda: send(APPENDS))


def _bare(in_flight: int) -> Cost:
    drafts = _drafts(asyncio.run(_chats()))
    session = Session(ALIAS)
    _bare_appends(session, drafts[:WARM_UP], in_flight)
    cpu, wall = time.process_time(), time.perf_counter()
    _bare_appends(session, drafts[WARM_UP : WARM_UP + APPENDS], in_flight)
    cost = _since(cpu, wall)
    session.close()
    return cost


def _bare_appends(session: Session, drafts: list[Draft], group: int) -> None:
    """The four statements of an append, with their values and nothing around them."""
    raw = connections[ALIAS].connection
    text = {
        name: getattr(statements, name).replace("%s", "?").replace(" FOR UPDATE", "")
        for name in ("HEAD", "INSERT", "MOVE_HEAD_1", "SENT")
    }
    for start in range(0, len(drafts), group):
        raw.execute("BEGIN IMMEDIATE")
        for d in drafts[start : start + group]:
            seq, _, count, _, _ = raw.execute(text["HEAD"], (d.conv,)).fetchone()
            seq, count = seq + 1, count + 1
            place = (d.conv, seq, d.client_id, seq, d.sender, d.device, d.ctr, count, 1, 0, 0)
            raw.execute(text["INSERT"], (*place, None, d.text, d.salt, "", b"R" * 32, "kid"))
            raw.execute(text["MOVE_HEAD_1"], (seq, seq, count, 0, d.conv))
            sent = (d.sender, d.peer, d.conv, seq, count, seq, seq, count, seq)
            raw.execute(text["SENT"], sent)
        raw.execute("COMMIT")


async def _chats() -> list[tuple[bytes, bytes, bytes]]:
    return await asyncio.gather(*[_connect() for _ in range(CONVERSATIONS)])


async def _connect() -> tuple[bytes, bytes, bytes]:
    store = SqlConnectionStore(ALIAS)
    alice, bob = sorted([secrets.token_bytes(16), secrets.token_bytes(16)])
    conv = secrets.token_bytes(16)
    await store.ask(alice, bob, conv, 0)
    await store.ask(bob, alice, conv, 0)
    await store.advance(conv, NewEpoch(0, b"record", False, 0, 1, 1))
    return alice, bob, conv


def _draft(alice: bytes, bob: bytes, conv: bytes) -> Draft:
    random = secrets.token_bytes
    return Draft(
        conv, random(16), 0, alice, bob, alice, 1, 1, 0, HEAD, 0, random(ENVELOPE), random(32)
    )


def _seal(_time: int) -> tuple[str, bytes]:
    return "kid", b"R" * 32


def _drafts(chats: list[tuple[bytes, bytes, bytes]]) -> list[Draft]:
    """Enough of them, one conversation after the other, so that a group has many."""
    rounds = -(-(APPENDS + WARM_UP) // CONVERSATIONS)
    return [_draft(*chat) for _ in range(rounds) for chat in chats]


async def _timed(call: Callable[[], Awaitable[None]]) -> Cost:
    cpu, wall = time.process_time(), time.perf_counter()
    await call()
    return _since(cpu, wall)


def _since(cpu: float, wall: float) -> Cost:
    each = 1e6 / APPENDS
    return Cost((time.process_time() - cpu) * each, (time.perf_counter() - wall) * each)
