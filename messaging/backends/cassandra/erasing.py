"""Content that goes by its author's wish, while its row stays."""

from chatsite.edge.refusals import Unknown
from messaging.backends.cassandra.driver import Profile
from messaging.backends.cassandra.heads import Heads
from messaging.backends.cassandra.rows import ERASED
from messaging.backends.cassandra.store import Statement, Store
from messaging.domain import Conv, Uid

Named = tuple[int, bytes]  # seq and client_id of a row

_ROW = """
WHERE conversation_id = :conv AND bucket = :bucket AND row_type = 0 AND seq = :seq
 AND client_id = :client_id
"""
OWN = Statement("SELECT sender, flags, expires FROM conversation" + _ROW)
ERASE = Statement(
    "UPDATE conversation SET text = 0x, salt = 0x, url = '', tag = 0x, tag_kid = '',"
    f" flags = :erased {_ROW} IF flags = :flags",
    Profile.COMPARE,
)
_SALT = "WHERE conversation_id = :conv AND client_id = :client_id"
WRITTEN = Statement("SELECT WRITETIME(salt), sender FROM message_salt " + _SALT)
SHRED = Statement("DELETE FROM message_salt USING TIMESTAMP :later " + _SALT)


async def erase_own(heads: Heads, conv: Conv, sender: Uid, row: Named) -> None:
    """MessageLog.erase. Empty values, and no tombstones. Nobody changes flags but to erase: a
    refusal is as good."""
    found = await heads.store.rows(OWN, _key(heads, conv, *row))
    if not found or found[0][0] != sender:
        raise Unknown
    _, flags, expires = found[0]
    if not flags & ERASED:
        change = {"flags": flags, "erased": flags | ERASED}
        await heads.store.cas(ERASE, _key(heads, conv, *row) | change)
    if expires is not None:  # its salt lies apart
        await shred(heads.store, conv, sender, row[1])


async def shred(store: Store, conv: Conv, sender: Uid, client_id: bytes) -> None:
    """Right above what was written, since no two clocks agree. By this name may stand the salt of
    the other one by now, whose message came after this one had expired."""
    key = {"conv": conv, "client_id": client_id}
    for written, whose in await store.rows(WRITTEN, key):
        if whose in (sender, None):
            await store.run(SHRED, key | {"later": written + 1})


def _key(heads: Heads, conv: Conv, seq: int, client_id: bytes) -> dict[str, object]:
    bucket = heads.bucket(seq)
    return {"conv": conv, "bucket": bucket, "seq": seq, "client_id": client_id}
