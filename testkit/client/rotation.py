"""When an epoch must be followed by another before the next send (4.7). The server is not
trusted with this: a client holds to it by itself."""

from collections.abc import Sequence

from e2ee import epochs
from e2ee.epochs import EpochHeader, Side
from e2ee.records import Link
from testkit.client.directory import Known

MAX_AGE_MS = 7 * 24 * 60 * 60 * 1000
MAX_MESSAGES = 10_000


def due(header: EpochHeader, chains: Sequence[Known], *, now_ms: int, sent: int) -> int | None:
    """The reason of the next record, or None: go on under this one."""
    sides = [(side_of(header, known.head.uid), known) for known in chains]
    if any(known.at(side.k, side.link_hash) not in known.links for side, known in sides):
        return epochs.RESET
    if any(side.k < revoked_k(known.links) for side, known in sides):
        return epochs.REVOKES
    if any(side.g < known.head.g for side, known in sides):
        return epochs.NEW_USER_KEY
    if now_ms - header.ms >= MAX_AGE_MS:
        return epochs.AGE
    return epochs.COUNT if sent >= MAX_MESSAGES else None


def revoked_k(links: Sequence[Link]) -> int:
    return max((link.k for link in links if link.revokes or link.reset), default=0)


def side_of(header: EpochHeader, uid: bytes) -> Side:
    return header.low if header.low.uid == uid else header.high
