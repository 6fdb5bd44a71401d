"""Accounts that somebody made and never used go after some time, where the operator says so
(STALE_ACCOUNT_DAYS): as if their people had deleted them.

Never used: nobody was ever asked by it, or asked it, whatever became of that; it uploaded nothing,
nobody reported it, it reported nobody, and staff never decided about it. And nobody was there for
so many days. Where nobody knows that, since a backup was put back, the days count from then on.
"""

from collections.abc import AsyncIterator
from functools import partial

from django.db.models import Exists, OuterRef, QuerySet
from django.db.transaction import atomic

from accounts import closing, stale
from accounts.closing import Deletion
from accounts.models import SessionRecord, User
from accounts.stale import Told
from accounts.suspending import Suspension
from chatsite.copying.conversations import patiently
from chatsite.leaving import deletion
from chatsite.running import threads
from media.models import Blob
from messaging.backends import connection_store
from moderation.models import Decision, Report
from presence.models import LastSeen

BATCH = 200
CLOSING_SECONDS = 10.0  # then the server's own job goes on


async def count(before: int, now: int) -> int:
    """How many there are; `before`: ms, since when nobody was there."""
    found = 0
    async for _ in _each(before):
        found += 1
    return found


async def delete(before: int, now: int, told: Told) -> int:
    """How many were deleted. Each by itself, so that it can be stopped; repeatable."""
    deleted = 0
    await threads.run(stale.count_from, now)
    async for user in _each(before):
        begun = await threads.run(begin, user, before, now)
        if begun is not None:
            deleted += 1
            await deletion.go_on(begun, CLOSING_SECONDS)
        told()
    return deleted


async def _each(before: int) -> AsyncIterator[User]:
    after = 0
    while some := await threads.run(_page, before, after):
        for user in some:
            if not await patiently(partial(connection_store().contacts, user.uid)):
                yield user
        after = some[-1].pk


def _page(before: int, after: int) -> list[User]:
    return list(_unused(before).filter(pk__gt=after).order_by("pk")[:BATCH])


def _unused(before: int) -> QuerySet[User]:
    """As far as SQL knows."""
    people = User.objects.filter(
        head_k__gt=0, is_staff=False, is_active=True, approved=True, joined__lt=before
    )
    pk, uid = OuterRef("pk"), OuterRef("uid")
    used = (
        SessionRecord.objects.filter(user=pk, seen__gte=before),
        stale.used_devices(before).filter(user=pk),
        LastSeen.objects.filter(user=uid, seen__gte=before),
        Blob.objects.filter(owner=uid),
        Report.objects.filter(peer=uid),
        Report.objects.filter(reporter=uid),
        Decision.objects.filter(user=pk),
        Suspension.objects.filter(user=pk),
        Deletion.objects.filter(user=pk),
    )
    for rows in used:
        people = people.exclude(Exists(rows))
    return people


def begin(user: User, before: int, now: int) -> Deletion | None:
    """None where somebody came back."""
    with atomic():
        User.objects.select_for_update(no_key=True).get(pk=user.pk)
        if not _unused(before).filter(pk=user.pk).exists():
            return None
        return closing.begin(user, erase=False, now_ms=now)
