"""Deletes what has expired: sessions, grants, reservations, counted failures, reset tokens.

Nothing relies on it: everything that reads one of these looks at its time. The server calls it
every hour, `manage.py prune` does it by hand.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from django.contrib.sessions.models import Session
from django.db.models import QuerySet
from django.db.transaction import atomic

from accounts import sessions
from accounts.models import (
    NO_CODE,
    Device,
    Failure,
    Grant,
    Mailbox,
    NameReservation,
    ResetToken,
    SessionRecord,
)
from chatsite.edge import limits
from chatsite.running import jobs, threads
from chatsite.running.clock import now_ms

EVERY_SECONDS = 3600


def prune(now: int) -> int:
    """Delete it and answer how many rows there were. Repeatable. Devices of ended sessions stay
    on their lists: the next sign-in of the same browser uses them again."""
    Mailbox.objects.filter(expires__lte=now, address="").delete()
    Mailbox.objects.filter(expires__lte=now).update(wanted="", code=NO_CODE)
    over = expired(now)
    sessions.note_seen(SessionRecord.objects.filter(session__in=over["sessions"]))
    return sum(map(_delete, over.values()))


def expired(now: int) -> dict[str, QuerySet[Any]]:
    """What `prune` deletes, by what it is."""
    at = datetime.fromtimestamp(now / 1000, UTC)
    return {
        "sessions": Session.objects.filter(expire_date__lte=at),
        "permissions to enrol": Grant.objects.filter(expires__lte=now),
        "sign-ups that were not finished": NameReservation.objects.filter(expires__lte=now),
        "links to start over": ResetToken.objects.filter(expires__lte=now),
        "wrong passwords and codes": Failure.objects.filter(at__lte=now - limits.DAY * 1000),
    }


def end_given_leave() -> None:
    """After an older copy of the data was put back: permissions in it may have been used or
    withdrawn since. All of them end: sign-ins, grants, reset links, codes."""
    with atomic():
        for kind in (Session, Grant, NameReservation, ResetToken):
            kind.objects.all().delete()
        Device.objects.filter(gone_at=None).update(seen=None)  # it may be long ago in the copy
        Mailbox.objects.filter(address="").delete()
        Mailbox.objects.update(wanted="", code=NO_CODE, expires=0)


async def every_hour(clock: Callable[[], int] = now_ms) -> None:
    """Until it is cancelled, by one process of the site. A database that is away for a while is
    tried again."""
    await jobs.repeat(
        "housekeeping", "deleting expired rows of accounts",
        lambda: threads.run(prune, clock()), EVERY_SECONDS,
    )  # fmt: skip


def _delete(rows: QuerySet) -> int:  # type: ignore[type-arg]
    return rows.delete()[0]
