"""Repairs by name: each makes again what follows from something that is whole, or takes away what
belongs to nobody. People may go on meanwhile. A check afterwards says what is left.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import Any

from chatsite.checking import FILES, ORPHANS, SIDES, WATERMARKS, Fault
from chatsite.copying.conversations import patiently
from chatsite.running.progress import Progress
from media import auditing
from messaging.backends.tables import Box, Mark, Passed, Sent, Table, Tables
from messaging.domain import Contact

HELP: Mapping[str, str] = MappingProxyType({
    WATERMARKS: "raise watermarks (how much is unread) that are behind their log",
    SIDES: "write the two contact rows again where they differ from the pair, or one is missing",
    ORPHANS: "delete records that belong to no pair, unless messages or keys do so, too",
    FILES: "link files again to the messages that name them, where only the link was lost",
})  # fmt: skip
OF: Mapping[type, Table] = MappingProxyType({
    Contact: Table.CONTACT, Box: Table.ES_BOX, Sent: Table.UNREAD, Mark: Table.READ,
    Passed: Table.MARK_GAP,
})  # fmt: skip

Records = Sequence[Any]


async def repair(tables: Tables, faults: Sequence[Fault], progress: Progress, now: int) -> None:
    """Those of one repair. Repeatable. Raises chatsite.copying.Interrupted where the store stays
    away."""
    progress.begin("repairs", len(faults))
    for fault in faults:
        await _REPAIRS[fault.repair](tables, fault.records, now)
        progress.step()
    progress.end()


async def _watermarks(tables: Tables, records: Records, _now: int) -> None:
    await patiently(partial(tables.raise_sent, records))


async def _sides(tables: Tables, records: Records, now: int) -> None:
    for pair in records:
        await patiently(partial(tables.tell_sides, pair, now))


async def _orphans(tables: Tables, records: Records, _now: int) -> None:
    for record in records:
        table = OF[type(record)]
        await patiently(partial(tables.remove, table, [record]))


async def _files(_tables: Tables, records: Records, now: int) -> None:
    await auditing.link_again(records, now)


_REPAIRS: Mapping[str, Callable[[Tables, Records, int], Awaitable[None]]] = MappingProxyType({
    WATERMARKS: _watermarks, SIDES: _sides, ORPHANS: _orphans, FILES: _files,
})  # fmt: skip
