"""The state vector: what a user has in each of their pairs, put together from the partitions that
are theirs. The contacts come first; most users have all of them on one page, and then the others
are read whole."""

import asyncio
from collections.abc import Iterable, Sequence
from typing import Any

from messaging.backends.cassandra.store import Statement, Store
from messaging.backends.vectors import vector_row
from messaging.domain import ID_SIZE, Uid, VectorPage, VectorRow
from messaging.gaps import Gap, GapKind

CONTACTS = Statement("""
SELECT connection_id, peer, state, since, cleared_seq, withheld FROM contact
WHERE owner = :user AND peer > :after LIMIT :n
""")
_UNREAD = "SELECT from_user, to_user, last_seq, last_ord, time FROM unread WHERE owner = :user"
_READ = """SELECT from_user, to_user, read_seq, read_ord, time, got_seq, got_time FROM read
WHERE owner = :user"""
_GAPS = "SELECT to_user, kind, first, last FROM mark_gap WHERE from_user = :user"
WHOLE = [Statement(cql) for cql in (_UNREAD, _READ, _GAPS)]
_TO = " AND to_user > :after AND to_user <= :upto"
_FROM = " AND from_user > :after AND from_user <= :upto"
_SENT = " AND from_user = :user" + _TO
UNREAD_PAGE = [Statement(_UNREAD + which) for which in (_FROM, _SENT)]
READ_PAGE = [Statement(_READ + which) for which in (_FROM, _SENT)]
GAPS_PAGE = Statement(_GAPS + _TO)

LOWEST = bytes(ID_SIZE)  # below every id, in the order of the store too

Values = tuple[Any, ...]
Ways = dict[tuple[Uid, Uid], Sequence[Any]]  # by from_user, to_user


async def vector(store: Store, user: Uid, n: int, after: bytes | None) -> VectorPage:
    """MessageLog.vector."""
    start = {"user": user, "after": after or LOWEST}
    contacts = await store.rows(CONTACTS, start | {"n": n})
    if not contacts:
        return VectorPage([], None)
    last: Uid = contacts[-1][1]
    more = len(contacts) == n
    if after is None and not more:
        unread, read, gaps = await asyncio.gather(
            *(store.rows(statement, {"user": user}) for statement in WHOLE)
        )
    else:
        unread, read, gaps = await _page(store, start | {"upto": last})
    by_way = _by_way(unread), _by_way(read)
    by_peer = _by_peer(gaps)
    rows = [_row(user, contact, *by_way, by_peer.get(contact[1], ())) for contact in contacts]
    return VectorPage(rows, last if more else None)


async def _page(store: Store, span: dict[str, bytes]) -> list[list[Values]]:
    statements = [*UNREAD_PAGE, *READ_PAGE, GAPS_PAGE]
    found = await asyncio.gather(*(store.rows(statement, span) for statement in statements))
    unread, sent, read, shown, gaps = found
    return [unread + sent, read + shown, gaps]


def _by_way(rows: Iterable[Values]) -> Ways:
    return {(sender, reader): values for sender, reader, *values in rows}


def _by_peer(rows: Iterable[Values]) -> dict[Uid, list[Gap]]:
    gaps: dict[Uid, list[Gap]] = {}
    for peer, kind, first, last in rows:
        gaps.setdefault(peer, []).append(Gap(GapKind(kind), first, last))
    return gaps


def _row(user: Uid, contact: Values, unread: Ways, read: Ways, gaps: Sequence[Gap]) -> VectorRow:
    peer = contact[1]
    read_seq, read_ord, _, got_seq, _ = read.get((peer, user), (0,) * 5)
    peer_read, _, *others = read.get((user, peer), (0,) * 5)
    return vector_row(
        contact,
        unread.get((user, peer), (0,) * 3),
        unread.get((peer, user), (0,) * 3),
        (read_seq, read_ord, got_seq),
        (peer_read, *others),
        gaps,
    )
