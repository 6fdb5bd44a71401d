"""A process beside the site's, with its settings, that reads the store through its ports.

A line of words comes in, names of tables; a line of JSON goes out, what is in them, or `null` where
the store is away. Nothing of the store stays open between two of them.
"""

import asyncio
import json
import sys
from collections.abc import Callable, Iterable
from operator import attrgetter
from typing import Any

from messaging.backends.base import Busy
from messaging.backends.tables import BROWSE_MAX, Table, Tables

Told = dict[str, list[Any]]  # by table

READ: dict[Table, Callable[[Any], Any]] = {
    Table.CONNECTION: attrgetter("user1", "user2", "conv"),
    Table.HEAD: attrgetter("conv", "last_seq", "floor"),
    Table.READ: attrgetter("owner", "sender", "reader", "read_seq", "read_ord", "got_seq"),
    Table.CONVERSATION: lambda row: [
        *attrgetter(
            "conv", "seq", "client_id", "sender", "device", "ctr", "ord", "kind", "epoch", "gone"
        )(row),
        any((row.text, row.salt, row.tag, row.url)),
    ],
    Table.CONNECTION_KEY: attrgetter("conv", "epoch", "record"),
}


async def told(tables: Tables, names: Iterable[str]) -> str:
    """The answer, ids in hex. All that was confirmed is in it. Raises Busy."""
    found = {name: await _all(tables, Table(name)) for name in names}
    shown = {name: [READ[Table(name)](one) for one in records] for name, records in found.items()}
    return json.dumps(shown, default=bytes.hex)


async def _all(tables: Tables, table: Table) -> list[Any]:
    records, cursor = await tables.browse(table, None, BROWSE_MAX, sure=True)
    while cursor is not None:
        more, cursor = await tables.browse(table, cursor, BROWSE_MAX, sure=True)
        records += more
    return records


async def _serve() -> None:
    from messaging.backends import tables
    from messaging.backends.sql.database import close_all

    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        try:
            answer = await told(tables(), line.split())
        except Busy:
            answer = "null"
        await asyncio.to_thread(close_all)  # an older backup may take the place of the files
        sys.stdout.write(answer + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    import django

    django.setup()
    asyncio.run(_serve())
