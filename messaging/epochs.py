"""Use cases of epochs (docs/encryption.md 4.7): publish by compare-and-set, read, keep boxes.

`_check` holds the policy: what the server accepts of a record that it cannot open. It cannot
tell a good secret from a bad one; both clients can, and do.
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from accounts import devices
from accounts.devices import Newest as NewestLink
from chatsite.edge import limits
from chatsite.edge.limits import HOUR, Limit
from chatsite.edge.refusals import Refusal
from chatsite.edge.wire import Id
from chatsite.running import threads
from e2ee import epochs as records
from e2ee.encoding import ZERO
from e2ee.epochs import EpochHeader, Side
from e2ee.errors import BadEpoch
from e2ee.records import Link, parse_link
from messaging import conversations, fanout, protocol
from messaging.backends import connection_store, log
from messaging.backends.base import EpochConflict
from messaging.domain import Contact, Conv, EpochRecord, NewEpoch, Uid
from messaging.http import EpochBox

ROTATIONS = Limit("rotations", protocol.ROTATIONS_PER_HOUR, HOUR)  # by creator and connection


class Newest(NamedTuple):
    head: int | None
    rows: list[EpochRecord]


class StaleList(Refusal):
    """The record names a device list that is unknown, or retired by a newer one: fetch them."""

    code, message = "stale_list", "The record names an old device list."


async def publish(
    me: Uid, device: bytes, conv: Conv, raw: bytes, expected: int | None, now: int
) -> int:
    """Make a record the newest epoch of the pair, after `expected` (None: E_0); its number.

    A rotation forced by a revocation or a reset raises the floor before this returns, so that
    nothing under an older epoch is accepted afterwards. Raises Unknown (not a member),
    NotConnected, StaleList, EpochConflict with the winner, limits' Refusal, and e2ee's M1Error
    for a record that is malformed or forged. Repeating a published record succeeds.
    """
    contact = await conversations.require_member(me, conv)
    conversations.require_connected(contact)
    record = records.parse_record(raw)
    header = record.header
    if header.n != (0 if expected is None else expected + 1):
        raise BadEpoch("the record is not the one after the expected head")
    previous = await _previous(contact, header.n)
    lists = await _check(record, contact, device, previous)
    forced = header.reason in records.FLOOR_AT_ONCE_REASONS
    if not _is_exempt(header, previous, lists) and not await _stands(contact, header.n, raw):
        await threads.run(limits.take, ROTATIONS, me + conv, now)
    k1, k2 = [lists[side.uid].rank(side.k) for side in (header.low, header.high)]
    epoch = NewEpoch(header.n, raw, forced, now, k1, k2)
    await connection_store().advance(conv, epoch)
    if forced:
        await log().raise_floor(conv, header.n)
    await _announce(contact, header.n)
    return header.n


async def newest(me: Uid, upto: Mapping[Conv, int | None], limit: int) -> dict[Conv, Newest]:
    """The head of each conversation, None before E_0, and its records from `upto` down with my own
    boxes. Conversations that I am not a member of are left out."""
    share = min(limit, protocol.EPOCHS_MAX // len(upto))
    mine = {contact.conv for contact in await connection_store().contacts(me)}.intersection(upto)
    found = await asyncio.gather(*(_newest(me, conv, upto[conv], share) for conv in mine))
    return dict(zip(mine, found, strict=True))


async def put_boxes(me: Uid, boxes: Sequence[EpochBox]) -> None:
    """Keep my boxes of epoch secrets. Raises Unknown, and may have kept others by then.
    Repeatable."""
    await asyncio.gather(*(_put_box(me, box) for box in boxes))


async def _newest(me: Uid, conv: Conv, upto: int | None, limit: int) -> Newest:
    head = await connection_store().head(conv)
    return Newest(
        head.n if head else None, await connection_store().epochs(conv, me, limit, upto=upto)
    )


async def _put_box(me: Uid, box: EpochBox) -> None:
    await conversations.require_member(me, box.conv)
    await connection_store().put_box(me, box.conv, box.n, box.g, box.box)


async def _previous(contact: Contact, n: int) -> EpochRecord | None:
    """Epoch n − 1. Raises EpochConflict where there is none: the record is for a later place
    than the next."""
    if n == 0:
        return None
    rows = await connection_store().epochs(contact.conv, contact.owner, 1, upto=n - 1)
    if not rows:
        raise EpochConflict(None, None)
    if rows[0].n != n - 1:
        raise EpochConflict(rows[0].n, rows[0].record)
    return rows[0]


async def _check(
    record: records.EpochRecord,
    contact: Contact,
    device: bytes,
    previous: EpochRecord | None,
) -> dict[Uid, NewestLink]:
    """The record is whole, by this device, and names lists that still stand. Answers the heads of
    both users' lists."""
    header = record.header
    if (header.creator, header.device) != (contact.owner, device):
        raise BadEpoch("the creator is another device")
    lists = await threads.run(devices.newest_links, [contact.owner, contact.peer])
    low, high = [await _link(side, lists) for side in (header.low, header.high)]
    before = records.parse_record(previous.record).hash if previous else ZERO
    records.verify_record(record, conn=contact.conv, low=low, high=high, previous_hash=before)
    return lists


async def _link(side: Side, lists: dict[Uid, NewestLink]) -> Link:
    """The link that a record names: the newest, or an older one that none has retired since."""
    newest = lists.get(side.uid)
    if newest is None:
        raise BadEpoch("the record names another user")
    if not newest.revoked_k <= side.k <= newest.k:
        raise StaleList
    raw: bytes | None = newest.link
    if side.k < newest.k:
        raw = await threads.run(devices.link_at, side.uid, side.k)
    if raw is None:
        raise StaleList
    link = parse_link(raw)
    # Another hash under the same number: the list that a reset has ended.
    if link.g != parse_link(newest.link).g or link.hash != side.link_hash:
        raise StaleList
    return link


def _is_exempt(
    header: EpochHeader, previous: EpochRecord | None, lists: dict[Uid, NewestLink]
) -> bool:
    """Forced rotations and those after a bad secret are not counted, so that a contact cannot
    use up the other's; but a reason is believed only once for the link, or record, that it is
    given for."""
    if previous is None or header.reason not in records.EXEMPT_REASONS:
        return previous is None
    if header.reason == records.BAD_KCV:
        return records.parse_record(previous.record).header.creator != header.creator
    return any(
        named < lists[side.uid].revoked_rank <= lists[side.uid].rank(side.k)
        for named, side in ((previous.k1, header.low), (previous.k2, header.high))
    )


async def _stands(contact: Contact, n: int, raw: bytes) -> bool:
    rows = await connection_store().epochs(contact.conv, contact.owner, 1, upto=n)
    return bool(rows) and rows[0].record == raw


async def _announce(contact: Contact, n: int) -> None:
    """A peer who blocks me is told nothing, but their sessions look again."""
    frame = protocol.Epoch(conv=Id(contact.conv), n=n)
    await fanout.deliver([contact.owner] + [contact.peer] * (not contact.withheld), frame)
    if contact.withheld:
        await fanout.forget([contact.peer], contact.conv)
