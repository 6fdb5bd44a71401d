"""The whole message store, by the port for operators: table by table, then pair by pair."""

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from functools import partial

from chatsite.checking import ORPHANS, SIDES, Fault, Finding, orphans
from chatsite.checking.log import Log
from chatsite.checking.pairs import faults
from chatsite.copying import conversations
from chatsite.copying.conversations import ROWS, patiently
from chatsite.running import tasks, threads
from chatsite.running.progress import Progress
from messaging.backends.tables import BROWSE_MAX, REMOVABLE, Head, Record, Table, Tables
from messaging.domain import Contact, Conv, Pair
from presence.registry import wall_clock


@dataclass
class Checked:
    """`records`: read of each table."""

    pairs: int = 0
    messages: int = 0
    records: Counter[Table] = field(default_factory=Counter)
    faults: list[Fault] = field(default_factory=list)


async def check(tables: Tables, progress: Progress) -> Checked:
    """Raises chatsite.copying.Interrupted where the store stays away."""
    every = {pair.conv: pair for pair in await conversations.pairs(tables)}
    checked = Checked(pairs=len(every))
    parts, suspects = await _tables(tables, every, checked, progress)
    if any(_lacking(pair, parts) for pair in every.values()):
        parts |= await _parts(tables)  # a step may have been open
    checked.faults += [fault for pair in every.values() for fault in _lacking(pair, parts)]
    whole = [pair for pair in every.values() if not _lacking(pair, parts)]
    checked.faults += await _orphans(tables, suspects)
    checked.faults += await threads.run(lambda: [*orphans.of_no_account(every.values())])
    await _pairs(tables, whole, checked, progress)
    return checked


Parts = Counter[tuple[Conv, type]]  # how many sides and heads a pair has
Suspects = list[tuple[Table, Record]]


async def _tables(
    tables: Tables, every: dict[Conv, Pair], checked: Checked, progress: Progress
) -> tuple[Parts, Suspects]:
    ways = {(pair.user1, pair.user2) for pair in every.values()}
    parts: Parts = Counter()
    suspects: Suspects = []
    for table in Table:
        async for record in _records(tables, table):
            checked.records[table] += 1
            if orphans.is_orphan(record, every, ways):
                suspects.append((table, record))
            elif isinstance(record, Contact | Head):
                parts[record.conv, type(record)] += 1
        progress.say(f"{table}: {checked.records[table]:,} records")
    return parts, suspects


async def _parts(tables: Tables) -> Parts:
    return Counter(
        [
            (record.conv, type(record))
            for table in (Table.CONTACT, Table.HEAD)
            async for record in _records(tables, table)
            if isinstance(record, Contact | Head)
        ]
    )


async def _records(tables: Tables, table: Table) -> AsyncIterator[Record]:
    cursor: bytes | None = None
    while True:
        page = await patiently(partial(tables.browse, table, cursor, BROWSE_MAX, sure=True))
        for record in page.records:
            yield record
        cursor = page.cursor
        if cursor is None:
            return


def _lacking(pair: Pair, parts: Parts) -> list[Fault]:
    """What a pair that was there before the tables were read must have."""
    found = []
    if parts[pair.conv, Contact] != 2:
        text = "it has not both of its sides"
        found.append(Fault("pair", pair.conv.hex(), text, SIDES, (pair,)))
    if parts[pair.conv, Head] != 1:
        found.append(Fault("pair", pair.conv.hex(), "its log has no head"))
    return found


async def _orphans(tables: Tables, suspects: Suspects) -> list[Fault]:
    """Their pair may be younger than the list of pairs."""
    if not suspects:
        return []
    now = {pair.conv: pair for pair in await conversations.pairs(tables)}
    ways = {(pair.user1, pair.user2) for pair in now.values()}
    found = [(table, record) for table, record in suspects if orphans.is_orphan(record, now, ways)]
    # Where messages or keys lie without their pair, it is the pair that was lost.
    repair = ORPHANS if all(table in REMOVABLE for table, _ in found) else ""
    return [
        Fault(
            "orphan", orphans.where(record), f"a record of {table} belongs to no pair", repair,
            (record,) if repair else (),
        )
        for table, record in found
    ]  # fmt: skip


async def _pairs(
    tables: Tables, whole: Sequence[Pair], checked: Checked, progress: Progress
) -> None:
    async def one(pair: Pair) -> None:
        count, found = await _look(tables, pair)
        if found:
            before = {finding.text for finding in found}
            found = [one for one in (await _look(tables, pair))[1] if one.text in before]
        checked.messages += count
        checked.faults += [
            Fault("conversation", pair.conv.hex(), *one)
            for one in sorted(found, key=lambda finding: finding.text)
        ]
        progress.step(count)

    progress.begin("conversations", len(whole))
    await tasks.each(whole, one)
    progress.end()


async def _look(tables: Tables, pair: Pair) -> tuple[int, list[Finding]]:
    """How many messages, and what is wrong. What is written meanwhile is left out: the head was
    read first."""
    held = await patiently(lambda: tables.held(pair))
    salts = {salt.client_id for salt in held.salts}
    log, now = Log(held.pair, salts=salts), wall_clock()
    while log.last < held.head.last_seq:
        rows = await patiently(partial(tables.rows, pair.conv, log.last, ROWS))
        if not rows:
            break
        for row in rows:
            if row.seq <= held.head.last_seq:
                log.add(row, now)
        if rows[-1].seq > held.head.last_seq:
            break
    return log.last, [*faults(held, log)]
