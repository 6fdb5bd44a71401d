"""StoreMeta in Cassandra: one small table of names and values, by compare-and-set."""

import secrets

from messaging.backends.base import StoreMeta
from messaging.backends.cassandra.attempts import until_decided
from messaging.backends.cassandra.driver import Profile
from messaging.backends.cassandra.store import Statement, Store, Unsettled, store
from messaging.domain import ID_SIZE

META = Statement("SELECT value FROM meta WHERE key = :key")
KEEP = Statement(
    "INSERT INTO meta (key, value) VALUES (:key, :value) IF NOT EXISTS", Profile.COMPARE
)
SET = Statement("UPDATE meta SET value = :value WHERE key = :key IF value = :was", Profile.COMPARE)
DATA = "data"


class CassandraStoreMeta(StoreMeta):
    def __init__(self, over: Store | None = None) -> None:
        self._store = over or store()

    async def data(self) -> bytes:
        known = await fact(self._store, DATA)
        if known is None:
            known = await decide(self._store, DATA, secrets.token_hex(ID_SIZE), over=False)
        return bytes.fromhex(known)

    async def renew_data(self) -> bytes:
        return bytes.fromhex(await decide(self._store, DATA, secrets.token_hex(ID_SIZE)))

    async def adopt_data(self, name: bytes) -> None:
        await decide(self._store, DATA, name.hex())


async def fact(store: Store, key: str, *, settled: bool = False) -> str | None:
    found = await store.rows(META.settled if settled else META, {"key": key})
    return found[0][0] if found else None


async def decide(store: Store, key: str, value: str, *, over: bool = True) -> str:
    """What the key has from now on: `value`, or what was there before where `over` is False."""

    async def step(_: int) -> str | None:
        was = await fact(store, key, settled=True)
        if was == value or (was is not None and not over):
            return was
        statement = KEEP if was is None else SET
        values = {"key": key, "value": value} | ({} if was is None else {"was": was})
        try:
            return value if (await store.cas(statement, values)).applied else None
        except Unsettled:
            return None

    return await until_decided(step)
