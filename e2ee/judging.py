"""Whether the messages of a report are what was sent (docs/encryption.md 4.10).

Pure: what a proof needs of the store is given in a `Ground`, so the same code judges on either
engine and in tests. Only the server can judge, since R is a MAC under a key of its own; and nobody
outside can be shown a proof.
"""

import hmac
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from e2ee import franking
from e2ee.envelope import Header, parse_header
from e2ee.errors import M1Error
from e2ee.reports import Item, Report

AGE_MAX_MS: Final = 396 * 86_400_000
"""13 months, as long as keys of franking are kept."""


@dataclass(frozen=True, slots=True)
class Skeleton:
    """What the log keeps of a row for ever, and the hash of the epoch that it names."""

    client_id: bytes
    sender: bytes
    device: bytes
    ctr: int
    time: int
    kind: int
    epoch: int
    ttl: int
    epoch_hash: bytes | None


@dataclass(frozen=True, slots=True)
class Ground:
    """What a report is held against. `conv`: of reporter and peer, None where they have none.
    `rows`: by seq. `keys`: of franking, by kid. `reported`: ids of messages that this reporter
    chose in earlier reports. `announced`: those that this report was sent with. `withheld`: seqs of
    rows that their recipient never got, for they blocked the sender."""

    conv: bytes | None
    rows: Mapping[int, Skeleton]
    keys: Mapping[str, bytes]
    announced: Collection[bytes]
    reported: Collection[bytes]
    now_ms: int
    withheld: Collection[int] = ()


class Failure(StrEnum):
    """Why an item is not verified: the first of these, in this order."""

    HEADER = "header"  # no message header of this protocol
    CONVERSATION = "conversation"  # of another pair
    SENDER = "sender"  # neither of the two; or the reporter, of a chosen message
    COMMITMENT = "commitment"  # the words are not what was sent
    KEY = "key"  # of franking: this site does not have it, or has it no more
    TAG = "tag"  # this server did not take such a message
    ROW = "row"  # the log has another message at that place
    WITHHELD = "withheld"  # the one it was sent to never got it
    AGE = "age"  # too old to verify
    CHOSEN = "chosen"  # the report was sent for other messages
    ORDER = "order"  # it does not stand where it was said
    DUPLICATE = "duplicate"  # it stands here twice, or was reported before by this person


@dataclass(frozen=True, slots=True)
class Judged:
    """An item and its proof. `header` is None where there is none; failure None = verified."""

    item: Item
    header: Header | None
    failure: Failure | None


@dataclass(frozen=True, slots=True)
class Case:
    """One item under examination."""

    report: Report
    index: int
    header: Header
    ground: Ground

    @property
    def item(self) -> Item:
        return self.report.items[self.index]

    @property
    def recipient(self) -> bytes:
        report = self.report
        return report.peer if self.header.sender == report.reporter else report.reporter


def judge(report: Report, ground: Ground) -> list[Judged]:
    """Each item as it stands in the report, verified or with the first thing that failed."""
    judged: list[Judged] = []
    proved: set[bytes] = set()
    for index, item in enumerate(report.items):
        try:
            header = parse_header(item.header)
        except M1Error:
            judged.append(Judged(item, None, Failure.HEADER))
            continue
        case = Case(report, index, header, ground)
        failure = next((name for name, holds in CHECKS if not holds(case)), None)
        if failure is None and header.mid in proved:
            failure = Failure.DUPLICATE
        if failure is None:
            proved.add(header.mid)
        judged.append(Judged(item, header, failure))
    return judged


def _conversation(case: Case) -> bool:
    return case.header.conn == case.ground.conv


def _sender(case: Case) -> bool:
    """Messages before the chosen ones may be the reporter's own."""
    sender, report = case.header.sender, case.report
    return sender == report.peer or (sender == report.reporter and not case.item.chosen)


def _commitment(case: Case) -> bool:
    header, item = case.header, case.item
    computed = franking.commitment(
        item.franking_key, conn=header.conn, sender=header.sender, mid=header.mid, body=item.body
    )
    return hmac.compare_digest(computed, header.commitment)


def _key(case: Case) -> bool:
    return case.item.kid in case.ground.keys


def _tag(case: Case) -> bool:
    item = case.item
    return franking.check_tag(
        item.tag, case.ground.keys[item.kid], item.kid, case.header, recipient=case.recipient,
        ciphertext_hash=item.ciphertext_hash, server_ms=item.server_ms,
    )  # fmt: skip


def _row(case: Case) -> bool:
    """R covers neither seq nor kind, ttl and epoch hash: the row of the log has them."""
    header, item = case.header, case.item
    said = Skeleton(
        header.mid, header.sender, header.device, header.ctr, item.server_ms, header.kind,
        header.n, header.ttl, header.epoch_hash,
    )  # fmt: skip
    return case.ground.rows.get(item.seq) == said


def _reached(case: Case) -> bool:
    """Else a reporter could show as said what the other never heard."""
    return case.item.seq not in case.ground.withheld


def _age(case: Case) -> bool:
    return case.ground.now_ms - case.item.server_ms <= AGE_MAX_MS


def _chosen(case: Case) -> bool:
    return case.item.chosen == (case.header.mid in case.ground.announced)


def _order(case: Case) -> bool:
    """Both neighbours agree; what stands twice is told apart from it."""
    items, at = case.report.items, case.index
    before = items[at - 1].seq if at else 0
    after = items[at + 1].seq if at + 1 < len(items) else case.item.seq
    return before <= case.item.seq <= after


def _fresh(case: Case) -> bool:
    return not (case.item.chosen and case.header.mid in case.ground.reported)


Check = tuple[Failure, Callable[[Case], bool]]
CHECKS: tuple[Check, ...] = (
    (Failure.CONVERSATION, _conversation),
    (Failure.SENDER, _sender),
    (Failure.COMMITMENT, _commitment),
    (Failure.KEY, _key),
    (Failure.TAG, _tag),
    (Failure.ROW, _row),
    (Failure.WITHHELD, _reached),
    (Failure.AGE, _age),
    (Failure.CHOSEN, _chosen),
    (Failure.ORDER, _order),
    (Failure.DUPLICATE, _fresh),
)
