"""StoreMeta in plain SQL: one small table of names and values."""

import secrets

from messaging.backends.base import StoreMeta
from messaging.backends.sql.database import Database, Session, database
from messaging.backends.sql.router import ALIAS
from messaging.domain import ID_SIZE

META = "SELECT value FROM meta WHERE key = %s"
KEEP_META = "INSERT INTO meta (key, value) VALUES (%s, %s) ON CONFLICT (key) DO NOTHING"
SET_META = """
INSERT INTO meta (key, value) VALUES (%s, %s) ON CONFLICT (key) DO UPDATE SET value = excluded.value
"""
DATA = "data"


class SqlStoreMeta(StoreMeta):
    def __init__(self, alias: str = ALIAS) -> None:
        self._alias = alias

    @property
    def _db(self) -> Database:
        return database(self._alias)

    async def data(self) -> bytes:
        def work(session: Session) -> bytes:
            if (known := session.one(META, (DATA,))) is None:
                session.execute(KEEP_META, (DATA, secrets.token_hex(ID_SIZE)))
                known = session.one(META, (DATA,))
            assert known is not None
            return bytes.fromhex(known[0])

        return await self._db.write(work)

    async def renew_data(self) -> bytes:
        value = secrets.token_bytes(ID_SIZE)
        await self.adopt_data(value)
        return value

    async def adopt_data(self, name: bytes) -> None:
        await self._db.write(lambda session: session.execute(SET_META, (DATA, name.hex())))
