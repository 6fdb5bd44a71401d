"""The floor: the oldest epoch that an append may still use, beside the head of the log."""

from dataclasses import replace

from chatsite.edge.refusals import Unknown
from messaging.backends.cassandra.attempts import until_decided
from messaging.backends.cassandra.driver import Profile
from messaging.backends.cassandra.heads import Head, Heads
from messaging.backends.cassandra.store import Statement, Unsettled
from messaging.domain import Conv

RAISE = Statement(
    """
UPDATE conversation SET min_epoch = :floor WHERE conversation_id = :conv AND bucket = :bucket
 IF last_seq = :stored_seq AND min_epoch = :stored_floor
""",
    Profile.COMPARE,
)


async def raise_floor(heads: Heads, conv: Conv, epoch: int) -> None:
    """In the bucket that the next row goes to. That may be one without a row: its opener then
    finds a floor where it expected none, and is refused. A full bucket needs none any more."""

    async def step(attempt: int) -> bool | None:
        head = await (heads.newest(conv, settled=True) if attempt else heads.open(conv))
        if head is None:
            raise Unknown
        return head.floor >= epoch or await _raised(heads, head, epoch) or None

    await until_decided(step)


async def _raised(heads: Heads, head: Head, epoch: int) -> bool:
    stored_seq, stored_floor = head.stored
    key = {"conv": head.conv, "bucket": head.bucket, "floor": epoch}
    condition = {"stored_seq": stored_seq, "stored_floor": stored_floor}
    try:
        applied = (await heads.store.cas(RAISE, key | condition)).applied
    except Unsettled:
        return False
    if applied:
        heads.remember(replace(head, floor=epoch, stored=(stored_seq, epoch)))
    return applied
