"""Pairs of people without accounts, put into the message store of a site that does not run."""

import asyncio
from pathlib import Path

from django.db import connections

from messaging.backends.sql.connections import SqlConnectionStore
from messaging.backends.sql.database import database
from messaging.backends.sql.log import SqlMessageLog
from messaging.backends.sql.meta import SqlStoreMeta
from messaging.backends.sql.tables import SqlTables
from tests.contracts.adapters import NOW, Adapters, connected, register, sqlite_settings


async def strangers(site: Path, pairs: int) -> None:
    """`site`: where its files are. Each pair has a message, which is read."""
    alias = register(sqlite_settings(site / "messages.sqlite3"))
    ports = SqlMessageLog(alias), SqlConnectionStore(alias), SqlStoreMeta(alias)
    here = Adapters(alias, *ports, SqlTables(alias), {})
    for _ in range(pairs):
        chat = await connected(here)
        await chat.send(chat.alice)
        await here.log.mark(chat.conv, chat.bob, chat.alice, NOW, got=1, read=(1, 1))
    await asyncio.to_thread(database(alias).close)
    del connections.settings[alias]
