"""ConnectionStore in Cassandra. The pair's row is decided by compare-and-set on its version; then
its contact rows are written. Epochs and boxes are in epochs.py.
"""

from collections.abc import Callable, Sequence
from typing import Any

from chatsite.edge.refusals import Unknown
from messaging.backends.base import BadSeq, Blocks, ConnectionStore, PairConflict
from messaging.backends.cassandra import epochs, pairs
from messaging.backends.cassandra.attempts import until_decided
from messaging.backends.cassandra.buckets import BUCKET_ROWS, bucket_of
from messaging.backends.cassandra.members import members
from messaging.backends.cassandra.pairs import Kept
from messaging.backends.cassandra.store import Statement, Store, store
from messaging.domain import (
    Contact,
    ContactState,
    Conv,
    EpochHead,
    EpochRecord,
    NewEpoch,
    Pair,
    PairState,
    Uid,
    after_asking,
    asker,
    ordered,
)

COLUMNS = """
SELECT owner, peer, connection_id, state, since, withheld, cleared_seq FROM contact
"""
CONTACTS = Statement(COLUMNS + "WHERE owner = :owner")
CONTACT = Statement(CONTACTS.cql + " AND peer = :peer")
LAST_SEQ = Statement("""
SELECT DISTINCT conversation_id, bucket, last_seq FROM conversation
WHERE conversation_id = :conv AND bucket = :bucket
""")
CLEAR = Statement("""
UPDATE contact USING TIMESTAMP :seq SET cleared_seq = :seq WHERE owner = :owner AND peer = :peer
""")

Decide = Callable[[Kept | None], Kept]  # what a pair should be, from what it is; may refuse


class CassandraConnectionStore(ConnectionStore):
    def __init__(self, over: Store | None = None, bucket_rows: int = BUCKET_ROWS) -> None:
        self._store = over or store()
        self._bucket_rows = bucket_rows

    async def pair(self, a: Uid, b: Uid) -> Pair | None:
        kept = await pairs.read(self._store, ordered(a, b))
        return kept.pair if kept else None

    async def ask(self, asker: Uid, peer: Uid, new_id: Conv, time: int) -> Pair:
        return await self._decided(ordered(asker, peer), _asking(asker, peer, new_id, time))

    async def change(self, was: Pair, state: PairState, blocked: int, time: int) -> Pair:
        return await self._decided((was.user1, was.user2), _changing(was, state, blocked, time))

    async def contacts(self, user: Uid) -> list[Contact]:
        found = await self._store.rows(CONTACTS, {"owner": user})
        return [contact(row) for row in found]

    async def contact(self, user: Uid, conv: Conv) -> Contact | None:
        of = await members(self._store, conv)
        peer = of.peer_of(user) if of else None
        contact = await self._contact(user, peer) if peer else None
        return contact if contact and contact.conv == conv else None

    async def clear(self, owner: Uid, peer: Uid, seq: int) -> None:
        contact = await self._contact(owner, peer)
        if contact is None:
            raise Unknown
        if seq > 0:  # 0 is where it stands before
            await self._require_row(contact.conv, seq)
            await self._store.run(CLEAR, {"owner": owner, "peer": peer, "seq": seq})

    async def head(self, conv: Conv) -> EpochHead | None:
        return await epochs.head(self._store, conv)

    async def epochs(
        self, conv: Conv, owner: Uid, n: int, *, upto: int | None = None
    ) -> list[EpochRecord]:
        return await epochs.newest(self._store, (conv, owner, n), upto)

    async def advance(self, conv: Conv, epoch: NewEpoch) -> None:
        await epochs.advance(self._store, conv, epoch)

    async def drop_boxes(self, owner: Uid, conv: Conv) -> None:
        await epochs.drop_boxes(self._store, owner, conv)

    async def put_box(self, owner: Uid, conv: Conv, epoch: int, g: int, box: bytes) -> None:
        await epochs.put_box(self._store, (owner, conv, epoch), g, box)

    async def _decided(self, users: tuple[Uid, Uid], decide: Decide) -> Pair:
        """Bring the pair to where `decide` wants it, then its contact rows in any case: a call
        before may have ended between the two."""

        async def step(attempt: int) -> Kept | None:
            was = await pairs.read(self._store, users, settled=attempt > 0)
            now = decide(was)
            return now if now is was or await pairs.put(self._store, was, now) else None

        kept = await until_decided(step)
        await pairs.tell(self._store, kept)
        return kept.pair

    async def _contact(self, owner: Uid, peer: Uid) -> Contact | None:
        found = await self._store.rows(CONTACT, {"owner": owner, "peer": peer})
        return contact(found[0]) if found else None

    async def _require_row(self, conv: Conv, seq: int) -> None:
        """Raises BadSeq above the head; before that it makes sure that nothing is under way."""
        key = {"conv": conv, "bucket": bucket_of(seq, self._bucket_rows)}
        for statement in (LAST_SEQ, LAST_SEQ.settled):
            found = await self._store.rows(statement, key)
            if found and seq <= (found[0][2] or 0):
                return
        raise BadSeq


def _asking(asking: Uid, peer: Uid, new_id: Conv, time: int) -> Decide:
    side = asker(asking, peer)

    def decide(was: Kept | None) -> Kept:
        if was is None:
            return pairs.requested(ordered(asking, peer), side, new_id, time)
        if was.pair.blocked_by(asking):
            raise Blocks
        return was.moved(*after_asking(was.pair, side), was.pair.blocked, time)

    return decide


def _changing(seen: Pair, state: PairState, blocked: int, time: int) -> Decide:
    def decide(was: Kept | None) -> Kept:
        if was is None:
            raise Unknown
        pair = was.pair
        if pair.version == seen.version + 1 and (pair.state, pair.blocked) == (state, blocked):
            return was  # done before
        if pair.version != seen.version:
            raise PairConflict(pair)
        return was.moved(state, pair.asked_by, blocked, time)

    return decide


def contact(row: Sequence[Any]) -> Contact:
    owner, peer, conv, state, since, withheld, cleared = row
    return Contact(owner, peer, conv, ContactState(state), since, withheld, cleared or 0)
