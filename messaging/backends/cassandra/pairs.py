"""The row of a pair, which is the truth, and the two contact rows, which follow from it alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from messaging.backends.cassandra.driver import Profile
from messaging.backends.cassandra.members import bind
from messaging.backends.cassandra.store import Statement, Store, Unsettled
from messaging.domain import AskedBy, Conv, Pair, PairState, Uid

COLUMNS = """
SELECT user1, user2, connection_id, created, state, asked_by, blocked, version, since1, since2
FROM connection
"""
PAIR = Statement(COLUMNS + "WHERE user1 = :user1 AND user2 = :user2")
NEW = Statement(
    """
INSERT INTO connection (user1, user2, connection_id, created, state, asked_by, blocked, version,
 since1, since2)
VALUES (:user1, :user2, :conv, :created, :state, :asked_by, :blocked, :version, :since1, :since2)
IF NOT EXISTS
""",
    Profile.COMPARE,
)
MOVE = Statement(
    """
UPDATE connection SET state = :state, asked_by = :asked_by, blocked = :blocked, version = :version,
 since1 = :since1, since2 = :since2
WHERE user1 = :user1 AND user2 = :user2 IF version = :was
""",
    Profile.COMPARE,
)
# Not a logged batch: those wait for two other nodes, and fail for a quarter of a minute when one of
# three is frozen. Half a change does not last: who is told Busy repeats the call.
CONTACTS = Statement(
    """
BEGIN UNLOGGED BATCH
UPDATE contact USING TIMESTAMP :version SET connection_id = :conv, state = :state1,
 since = :since1, version = :version, withheld = :withheld1 WHERE owner = :user1 AND peer = :user2;
UPDATE contact USING TIMESTAMP :version SET connection_id = :conv, state = :state2,
 since = :since2, version = :version, withheld = :withheld2 WHERE owner = :user2 AND peer = :user1;
APPLY BATCH
""",
    partitions=2,
)


@dataclass(frozen=True, slots=True)
class Kept:
    """A pair as it is stored: with when the state that each of the two sees last changed."""

    pair: Pair
    since1: int
    since2: int

    def moved(self, state: PairState, asked_by: AskedBy, blocked: int, time: int) -> "Kept":
        """The next version; itself where nothing changes."""
        was = self.pair
        if (state, asked_by, blocked) == (was.state, was.asked_by, was.blocked):
            return self
        fixed = (was.user1, was.user2, was.conv, was.created)
        now = Pair(*fixed, state, asked_by, blocked, was.version + 1)
        same1, same2 = (now.seen_by(user) is was.seen_by(user) for user in (now.user1, now.user2))
        return Kept(now, self.since1 if same1 else time, self.since2 if same2 else time)


def requested(users: tuple[Uid, Uid], asked_by: AskedBy, conv: Conv, time: int) -> Kept:
    """The first version of a pair."""
    return Kept(Pair(*users, conv, time, PairState.REQUESTED, asked_by, 0, 1), time, time)


async def read(store: Store, users: tuple[Uid, Uid], *, settled: bool = False) -> Kept | None:
    user1, user2 = users
    statement = PAIR.settled if settled else PAIR
    found = await store.rows(statement, {"user1": user1, "user2": user2})
    return kept(found[0]) if found else None


def kept(values: Sequence[Any]) -> Kept:
    """Of COLUMNS."""
    user1, user2, conv, created, state, asked_by, blocked, version, since1, since2 = values
    fixed = (user1, user2, conv, created)
    pair = Pair(*fixed, PairState(state), AskedBy(asked_by), blocked, version)
    return Kept(pair, since1, since2)


async def put(store: Store, was: Kept | None, now: Kept) -> bool:
    """Whether the pair is `now` for sure. A new one has its conversation first: an id that loses
    leads nowhere, since no contact row names it."""
    values = _columns(now)
    try:
        if was is not None:
            return (await store.cas(MOVE, values | {"was": was.pair.version})).applied
        await bind(store, now.pair.conv, now.pair.user1, now.pair.user2)
        fixed = {"conv": now.pair.conv, "created": now.pair.created}
        return (await store.cas(NEW, values | fixed)).applied
    except Unsettled:
        return False


async def tell(store: Store, kept: Kept) -> None:
    """Both contact rows as the pair has them. A newer version stays."""
    pair = kept.pair
    values = {
        **{"version": pair.version, "conv": pair.conv, "user1": pair.user1, "user2": pair.user2},
        **{"state1": pair.seen_by(pair.user1), "state2": pair.seen_by(pair.user2)},
        **{"since1": kept.since1, "since2": kept.since2},
        "withheld1": pair.blocked_by(pair.user2),
        "withheld2": pair.blocked_by(pair.user1),
    }
    await store.run(CONTACTS, values)


def _columns(kept: Kept) -> dict[str, Any]:
    """Those that change."""
    pair = kept.pair
    return {
        **{"user1": pair.user1, "user2": pair.user2, "version": pair.version},
        **{"state": pair.state, "asked_by": pair.asked_by, "blocked": pair.blocked},
        **{"since1": kept.since1, "since2": kept.since2},
    }
