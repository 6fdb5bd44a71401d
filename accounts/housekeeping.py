"""What has had its time: sessions, grants, reservations, counted failures, reset tokens.

Nobody relies on it: whatever reads one of these looks at its time. The server calls it every hour,
`manage.py prune` does it by hand.
"""

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, datetime

from django.contrib.sessions.models import Session
from django.db.models import QuerySet

from accounts import limits, threads
from accounts.clock import now_ms
from accounts.models import NO_CODE, Failure, Grant, Mailbox, NameReservation, ResetToken

EVERY_SECONDS = 3600

logger = logging.getLogger(__name__)


def prune(now: int) -> int:
    """Delete it; how many rows that were. Repeatable. Devices of ended sessions stay on their
    lists: the next sign-in of the same browser takes them up again."""
    at = datetime.fromtimestamp(now / 1000, UTC)
    Mailbox.objects.filter(expires__lte=now, address="").delete()
    Mailbox.objects.filter(expires__lte=now).update(wanted="", code=NO_CODE)
    return sum(
        map(
            _delete,
            (
                Session.objects.filter(expire_date__lte=at),
                Grant.objects.filter(expires__lte=now),
                NameReservation.objects.filter(expires__lte=now),
                ResetToken.objects.filter(expires__lte=now),
                Failure.objects.filter(at__lte=now - limits.DAY * 1000),
            ),
        )
    )


async def every_hour(clock: Callable[[], int] = now_ms) -> None:
    """Until it is cancelled. A database that is away for a while is tried again."""
    while True:
        try:
            await threads.run(prune, clock())
        except Exception:  # the next hour may be better, and nobody else does this
            logger.exception("expired rows of accounts were not deleted")
        await asyncio.sleep(EVERY_SECONDS)


def _delete(rows: QuerySet) -> int:  # type: ignore[type-arg]
    return rows.delete()[0]
