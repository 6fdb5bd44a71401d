"""Content that goes by its author's wish, while its row stays."""

from dataclasses import dataclass

from chatsite.edge.refusals import Unknown
from messaging.backends.cassandra.driver import Profile
from messaging.backends.cassandra.heads import Heads
from messaging.backends.cassandra.rows import ERASED
from messaging.backends.cassandra.store import Statement
from messaging.domain import Conv, Draft, Uid

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
WRITTEN = Statement("SELECT WRITETIME(salt) FROM message_salt " + _SALT)
SHRED = Statement("DELETE FROM message_salt USING TIMESTAMP :later " + _SALT)


@dataclass(frozen=True, slots=True)
class Erased:
    """What a draft erases, as it stood before."""

    flags: int
    timed: bool  # its salt lies apart


async def own(heads: Heads, draft: Draft) -> Erased | None:
    """Raises Unknown where the sender wrote no such row as the draft erases."""
    if draft.erase is None:
        return None
    return await _own(heads, draft.conv, draft.sender, draft.erase)


async def erase(heads: Heads, draft: Draft, was: Erased) -> None:
    assert draft.erase is not None
    await _erase(heads, draft.conv, draft.erase, was)


async def erase_own(heads: Heads, conv: Conv, sender: Uid, row: Named) -> None:
    """MessageLog.erase."""
    await _erase(heads, conv, row, await _own(heads, conv, sender, row))


async def _own(heads: Heads, conv: Conv, sender: Uid, row: Named) -> Erased:
    found = await heads.store.rows(OWN, _key(heads, conv, *row))
    if not found or found[0][0] != sender:
        raise Unknown
    return Erased(flags=found[0][1], timed=found[0][2] is not None)


async def _erase(heads: Heads, conv: Conv, row: Named, was: Erased) -> None:
    """Empty values, and no tombstones. Nobody changes flags but to erase: a refusal is as good."""
    if not was.flags & ERASED:
        change = {"flags": was.flags, "erased": was.flags | ERASED}
        await heads.store.cas(ERASE, _key(heads, conv, *row) | change)
    if was.timed:
        await _shred(heads, conv, row[1])


async def _shred(heads: Heads, conv: bytes, client_id: bytes) -> None:
    """Right above what was written, since no two clocks agree."""
    key = {"conv": conv, "client_id": client_id}
    for (written,) in await heads.store.rows(WRITTEN, key):
        await heads.store.run(SHRED, key | {"later": written + 1})


def _key(heads: Heads, conv: Conv, seq: int, client_id: bytes) -> dict[str, object]:
    bucket = heads.bucket(seq)
    return {"conv": conv, "bucket": bucket, "seq": seq, "client_id": client_id}
