"""A device that was away comes back: until it holds every row, opened and checked.

The whole client of testkit/client, by the limits that everybody has: hello, `state`, `get` page by
page. It has the keys from before; what it lacks are the messages. Beside it, in the same run, a
device that missed one message, and the bare SQL that reads the same rows.
"""

import asyncio
import sqlite3
import statistics
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.device import Device as Writer
from bench.device import Tag
from bench.process import FAST, SERVER, a_site, measured, pid_of, start
from messaging import protocol
from messaging.backends.sql.rows import ABOVE
from testkit.cast import Person, seeded
from testkit.client.account import Opened
from testkit.client.api import Api
from testkit.client.device import Device
from testkit.client.directory import Known
from testkit.client.keyring import KeyRing
from testkit.running import Site

MISSED = 1_000
SPREAD = 100  # conversations
RETURNS = 3  # devices of the reader, which come back one after the other; each missed everything
TEXT = "x" * 40
UNACKNOWLEDGED = 32  # messages on their way from one writer
LINGER_SECONDS = 2.0  # the receipts follow the rows, and must not be too many either


@dataclass(frozen=True)
class Case:
    name: str
    conversations: int
    each: int

    @property
    def rows(self) -> int:
        return self.conversations * self.each


CASES = (
    Case("one message", 1, 1),
    Case("one conversation", 1, MISSED),
    Case("many conversations", SPREAD, MISSED // SPREAD),
)


@dataclass
class Comings:
    """What each return took."""

    seconds: list[float] = field(default_factory=list)  # from the accepted socket
    server_ms: list[float] = field(default_factory=list)
    client_ms: list[float] = field(default_factory=list)
    gets: list[int] = field(default_factory=list)
    http: list[int] = field(default_factory=list)


def run(profile: str | None = None) -> dict[str, Any]:
    """{case: figures}."""
    with a_site({**FAST, "DATABASE_URL": ""}) as site:
        casts = {case.name: _cast(site, case) for case in CASES}
        site.start()
        asyncio.run(_write_all(site, casts))
        site.stop()
        site.env = {"DATABASE_URL": ""}  # from here on by the limits that everybody has
        start(site, profile)
        return {
            case.name: _figures(case, asyncio.run(_return_all(site, case, casts[case.name])), site)
            for case in CASES
        }


def show(result: dict[str, Any]) -> None:
    print(f"A device comes back: socket accepted to every row opened; median of {RETURNS}.")
    print(
        f"{'missed':<20}{'rows':>6}{'seconds':>9}{'rows/s':>8}{'gets':>6}{'http':>6}"
        f"{'server CPU ms':>15}{'client CPU ms':>15}{'bare read ms':>14}"
    )
    for name, row in result.items():
        print(
            f"{name:<20}{row['rows']:>6}{row['seconds']:>9.3f}{row['rows_per_second']:>8.0f}"
            f"{row['gets']:>6.0f}{row['http']:>6.0f}{row['server_cpu_ms']:>15.1f}"
            f"{row['client_cpu_ms']:>15.1f}{row['bare_read_ms']:>14.2f}"
        )


def _cast(site: Site, case: Case) -> list[Person]:
    """The reader, and the person who writes to them."""
    prefix = case.name.replace(" ", "-")
    writers = [f"{prefix}-{number}" for number in range(case.conversations)]
    return seeded(site, f"{prefix}:{RETURNS}", *writers, star=True)


def _figures(case: Case, comings: Comings, site: Site) -> dict[str, float]:
    seconds = statistics.median(comings.seconds)
    return {
        "rows": case.rows,
        "conversations": case.conversations,
        "seconds": seconds,
        "rows_per_second": case.rows / seconds,
        "gets": statistics.median(comings.gets),
        "http": statistics.median(comings.http),
        "server_cpu_ms": statistics.median(comings.server_ms),
        "client_cpu_ms": statistics.median(comings.client_ms),
        "bare_read_ms": _bare_read_ms(site.var / "messages.sqlite3", case),
    }


# ---------------------------------------------------------------- what is missed


async def _write_all(site: Site, casts: dict[str, list[Person]]) -> None:
    for case in CASES:
        _, *writers = casts[case.name]
        await asyncio.gather(*(_write(site, writer, case.each) for writer in writers))


async def _write(site: Site, who: Person, count: int) -> None:
    [conv] = who.epochs
    messages = [protocol.encode(who.message(conv, TEXT)) for _ in range(count)]
    writer = Writer(who)
    all_sent = asyncio.get_running_loop().create_future()
    left = count

    def on_frame(frame: Tag) -> None:
        nonlocal left
        if frame.t in ("error", "busy", "stale_epoch"):
            all_sent.set_exception(RuntimeError(f"the server answered {frame}"))
        elif frame.t == "sent":
            left -= 1
            if messages:
                writer.send(messages.pop(0))
            elif not left:
                all_sent.set_result(None)

    writer.on_frame = on_frame
    await writer.arrive(site.port)
    for message in messages[:UNACKNOWLEDGED]:
        writer.send(message)
    del messages[:UNACKNOWLEDGED]
    await all_sent
    writer.leave()


# ---------------------------------------------------------------- the return


async def _return_all(site: Site, case: Case, people: list[Person]) -> Comings:
    comings = Comings()
    for number in range(RETURNS):
        await _return(site, case, people, number, comings)
    return comings


async def _return(
    site: Site, case: Case, people: list[Person], number: int, comings: Comings
) -> None:
    reader, *_ = people
    api = _Counting(site.url)
    device = _device(api, reader, number)
    own = time.process_time()
    with measured({SERVER: pid_of(site)}) as cost:
        await device.connect()
        done = asyncio.get_running_loop().time()
    comings.client_ms.append((time.process_time() - own) * 1000)
    comings.server_ms.append(cost.cpu * 1000)
    comings.seconds.append(done - device.line.since)
    comings.gets.append(device.line._ref)
    comings.http.append(api.count)
    await asyncio.sleep(LINGER_SECONDS)
    held = sum(len(conversation.texts()) for conversation in device.conversations.values())
    if held != case.rows or device.alarms or device.line.close_code is not None:
        raise RuntimeError(f"{held} rows, {device.line.close_code}, {device.alarms[:3]}")
    await device.close()


def _device(api: "_Counting", who: Person, number: int) -> Device:
    """A device of the reader, with the keys that it had when it left."""
    mine = who.devices[number]
    api.uid, api.keys = who.uid, mine.keys
    api.cookies[api.session_cookie] = mine.cookie
    ring = KeyRing(who.uid, {1: who.user_key})
    device = Device(api, Opened(who.uid, mine.keys, ring, [who.link]))
    for conv, epoch in who.epochs.items():
        peer = who.peers[conv]
        device.epochs._book(conv, peer.uid).open[epoch.record.header.n] = epoch
        device.directory.known[peer.uid] = Known([peer])
    return device


class _Counting(Api):
    count = 0

    def raw(self, *arguments: Any, **named: Any) -> tuple[int, bytes]:
        self.count += 1
        return super().raw(*arguments, **named)


# ---------------------------------------------------------------- the baseline


def _bare_read_ms(store: Path, case: Case) -> float:
    """CPU of the same pages by the same statement, from SQLite to rows and nothing more."""
    text = ABOVE.replace("%s", "?")
    with sqlite3.connect(store) as raw:
        convs = _conversations(raw, case)
        start = time.process_time()
        rows = 0
        for conv in convs:
            for after in range(0, case.each, protocol.PAGE_MAX):
                rows += len(raw.execute(text, (conv, after, protocol.PAGE_MAX)).fetchall())
        spent = time.process_time() - start
    raw.close()
    assert rows == case.rows
    return spent * 1000


def _conversations(raw: sqlite3.Connection, case: Case) -> list[bytes]:
    """As many conversations of that length as the case has."""
    long = "SELECT conversation_id FROM conversation_head WHERE last_seq = ? LIMIT ?"
    return [conv for (conv,) in raw.execute(long, (case.each, case.conversations))]
