"""ConnectionStore in plain SQL. The pair's row is the truth; both contact rows follow in the same
transaction.
"""

from functools import partial
from typing import Any

from chatsite.edge.refusals import Unknown
from messaging.backends.base import BadSeq, Blocks, ConnectionStore, PairConflict
from messaging.backends.sql import epochs
from messaging.backends.sql.database import Database, Session, database
from messaging.backends.sql.router import ALIAS
from messaging.domain import (
    AskedBy,
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

PAIR = """
SELECT user1, user2, connection_id, created, state, asked_by, blocked, version FROM connection
WHERE user1 = %s AND user2 = %s"""
PAIR_LOCKED = PAIR + " FOR UPDATE"
NEW_PAIR = """
INSERT INTO connection (user1, user2, connection_id, created, state, asked_by, blocked, version)
VALUES (%s, %s, %s, %s, %s, %s, 0, 1) ON CONFLICT (user1, user2) DO NOTHING
"""
NEW_HEAD = """
INSERT INTO conversation_head (conversation_id, last_seq, last_time, ord1, ord2, hid1, hid2, run,
 min_epoch) VALUES (%s, 0, 0, 0, 0, 0, 0, 0, 0)
"""
CHANGE = """
UPDATE connection SET state = %s, asked_by = %s, blocked = %s, version = %s
WHERE user1 = %s AND user2 = %s
"""
CONTACT = """
INSERT INTO contact (owner, peer, conversation_id, state, since, version, withheld, cleared_seq)
VALUES (%s, %s, %s, %s, %s, %s, %s, 0)
ON CONFLICT (owner, peer) DO UPDATE SET state = excluded.state,
 since = CASE WHEN contact.state = excluded.state THEN contact.since ELSE excluded.since END,
 version = excluded.version, withheld = excluded.withheld
WHERE excluded.version >= contact.version
"""
CONTACTS = """
SELECT owner, peer, conversation_id, state, since, withheld, cleared_seq FROM contact
WHERE owner = %s"""
ONE_CONTACT = CONTACTS + " AND conversation_id = %s"
LAST_SEQ = """
SELECT h.last_seq FROM contact c JOIN conversation_head h ON h.conversation_id = c.conversation_id
WHERE c.owner = %s AND c.peer = %s
"""
CLEAR = """
UPDATE contact SET cleared_seq = %s WHERE owner = %s AND peer = %s AND cleared_seq < %s
"""


class SqlConnectionStore(ConnectionStore):
    def __init__(self, alias: str = ALIAS) -> None:
        self._alias = alias

    @property
    def _db(self) -> Database:
        return database(self._alias)

    async def pair(self, a: Uid, b: Uid) -> Pair | None:
        return await self._db.read(partial(_pair, users=ordered(a, b)))

    async def ask(self, asker: Uid, peer: Uid, new_id: Conv, time: int) -> Pair:
        return await self._db.write(
            partial(_ask, asking=asker, peer=peer, new_id=new_id, time=time)
        )

    async def change(self, was: Pair, state: PairState, blocked: int, time: int) -> Pair:
        return await self._db.write(
            partial(_change, was=was, state=state, blocked=blocked, time=time)
        )

    async def contacts(self, user: Uid) -> list[Contact]:
        def work(session: Session) -> list[Contact]:
            return [_contact(row) for row in session.all(CONTACTS, (user,))]

        return await self._db.read(work)

    async def contact(self, user: Uid, conv: Conv) -> Contact | None:
        def work(session: Session) -> Contact | None:
            row = session.one(ONE_CONTACT, (user, conv))
            return _contact(row) if row else None

        return await self._db.read(work)

    async def clear(self, owner: Uid, peer: Uid, seq: int) -> None:
        def work(session: Session) -> None:
            head = session.one(LAST_SEQ, (owner, peer))
            if head is None:
                raise Unknown
            if seq > head[0]:
                raise BadSeq
            session.execute(CLEAR, (seq, owner, peer, seq))

        await self._db.write(work)

    async def head(self, conv: Conv) -> EpochHead | None:
        return await self._db.read(partial(epochs.head, conv=conv))

    async def epochs(
        self, conv: Conv, owner: Uid, n: int, *, upto: int | None = None
    ) -> list[EpochRecord]:
        return await self._db.read(partial(epochs.newest, key=(conv, owner, n), upto=upto))

    async def advance(self, conv: Conv, epoch: NewEpoch) -> None:
        await self._db.write(partial(epochs.advance, conv=conv, epoch=epoch))

    async def drop_boxes(self, owner: Uid, conv: Conv) -> None:
        await self._db.write(partial(epochs.drop_boxes, owner=owner, conv=conv))

    async def put_box(self, owner: Uid, conv: Conv, epoch: int, g: int, box: bytes) -> None:
        await self._db.write(partial(epochs.put_box, row=(owner, conv, epoch, g, box)))


def _ask(session: Session, asking: Uid, peer: Uid, new_id: Conv, time: int) -> Pair:
    users = ordered(asking, peer)
    side = asker(asking, peer)
    was = _pair(session, users, PAIR_LOCKED)
    if was is None:
        new = (*users, new_id, time, PairState.REQUESTED, side)
        if session.count(NEW_PAIR, new):
            session.execute(NEW_HEAD, (new_id,))
        was = _pair(session, users, PAIR_LOCKED)
        assert was is not None
    if was.blocked_by(asking):
        raise Blocks
    state, asked_by = after_asking(was, side)
    return _write(session, was, (state, asked_by, was.blocked), time)


def _change(session: Session, was: Pair, state: PairState, blocked: int, time: int) -> Pair:
    now = _pair(session, (was.user1, was.user2), PAIR_LOCKED)
    if now is None:
        raise Unknown
    done = now.version == was.version + 1 and (now.state, now.blocked) == (state, blocked)
    if not done and now.version != was.version:
        raise PairConflict(now)
    return _write(session, now, (state, now.asked_by, blocked), time)


def _write(session: Session, was: Pair, new: tuple[PairState, AskedBy, int], time: int) -> Pair:
    """The pair if it changes, and both contact rows in any case."""
    pair = was
    if new != (was.state, was.asked_by, was.blocked):
        version = was.version + 1
        session.execute(CHANGE, (*new, version, was.user1, was.user2))
        pair = Pair(was.user1, was.user2, was.conv, was.created, *new, version)
    _tell(session, pair, time)
    return pair


def tell_sides(session: Session, of: Pair, time: int) -> None:
    """Both contact rows again, as the pair is by now."""
    pair = _pair(session, (of.user1, of.user2), PAIR_LOCKED)
    if pair is not None and pair.conv == of.conv:
        _tell(session, pair, time)


def _tell(session: Session, pair: Pair, time: int) -> None:
    for owner in (pair.user1, pair.user2):
        peer = pair.peer_of(owner)
        seen = (pair.seen_by(owner), time, pair.version, pair.blocked_by(peer))
        session.execute(CONTACT, (owner, peer, pair.conv, *seen))


def _pair(session: Session, users: tuple[Uid, Uid], query: str = PAIR) -> Pair | None:
    row = session.one(query, users)
    if row is None:
        return None
    user1, user2, conv, created, state, asked_by, blocked, version = row
    return Pair(user1, user2, conv, created, PairState(state), AskedBy(asked_by), blocked, version)


def _contact(row: tuple[Any, ...]) -> Contact:
    owner, peer, conv, state, since, withheld, cleared = row
    return Contact(owner, peer, conv, ContactState(state), since, withheld, cleared)
