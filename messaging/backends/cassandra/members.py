"""Whose a conversation is. A conversation that is not here is not anywhere."""

from typing import NamedTuple

from messaging.backends.cassandra.store import Statement, Store
from messaging.domain import Conv, Uid

MEMBERS = Statement(
    "SELECT user1, user2, bucket FROM conversation_of WHERE conversation_id = :conv"
)
BIND = Statement("""
UPDATE conversation_of USING TIMESTAMP 1 SET user1 = :user1, user2 = :user2
WHERE conversation_id = :conv
""")


class Members(NamedTuple):
    user1: Uid
    user2: Uid
    bucket: int  # the newest, or the one before it

    def peer_of(self, user: Uid) -> Uid | None:
        """None for who is neither."""
        return {self.user1: self.user2, self.user2: self.user1}.get(user)


async def members(store: Store, conv: Conv) -> Members | None:
    found = await store.rows(MEMBERS, {"conv": conv})
    if not found or found[0][0] is None:
        return None
    user1, user2, bucket = found[0]
    return Members(user1, user2, bucket or 0)


async def bind(store: Store, conv: Conv, user1: Uid, user2: Uid) -> None:
    await store.run(BIND, {"conv": conv, "user1": user1, "user2": user2})
