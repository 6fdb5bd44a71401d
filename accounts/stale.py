"""Sessions and browsers that nobody has used for long. They stay until the operator sets after how
many days they go (STALE_SESSION_DAYS, STALE_DEVICE_DAYS).

A session ends, and its browser asks for the password when somebody comes back; it keeps all that it
has. A browser is signed out for good: when it comes back it deletes what it keeps of the site, also
what it had not sent. So that nobody is left with none, the last used browser of a person always
stays, and so do those of people who are suspended: they could not have come.
"""

from collections.abc import Callable
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.db.transaction import atomic

from accounts import sessions, suspending
from accounts.models import Device, SessionRecord

BATCH = 200

Told = Callable[[], object]  # called after each


def unused_sessions(before: int, now: int) -> QuerySet[SessionRecord]:
    """Those of people; `before`: ms, when they were last in use."""
    old = SessionRecord.objects.filter(seen__lt=before)
    return old.exclude(suspending.suspended("user", now))


def unused_devices(before: int, now: int) -> QuerySet[Device]:
    """Where nobody knows when a device was used, it was today (`count_from`)."""
    present = _present()
    used_later = Q(last__gt=OuterRef("last")) | Q(last=OuterRef("last"), pk__gt=OuterRef("pk"))
    newer = _present().filter(used_later | Q(last=None), user=OuterRef("user"))
    old = present.filter(Exists(newer), last__lt=before, user__is_active=True)
    return old.exclude(suspending.suspended("user", now))


def used_devices(before: int) -> QuerySet[Device]:
    """Present ones that were used since, or may have been: nobody knows when."""
    present: QuerySet[Device] = _present().filter(Q(last=None) | Q(last__gte=before))
    return present


def count_from(now: int) -> None:
    """Devices of which nobody knows when they were used count from now on."""
    without = ~Exists(SessionRecord.objects.filter(device=OuterRef("pk")))
    Device.objects.filter(without, gone_at=None, seen=None).update(seen=now)


def end_sessions(before: int, now: int, told: Told) -> int:
    """How many. Each by itself, so that it can be stopped; repeatable."""
    ended, after = 0, ""
    rows = unused_sessions(before, now).select_related("user").order_by("pk")
    while some := list(rows.filter(pk__gt=after)[:BATCH]):
        for record in some:
            with atomic():
                if unused_sessions(before, now).filter(pk=record.pk).exists():
                    sessions.end(record)
                    ended += 1
            told()
        after = some[-1].pk
    return ended


def retire_devices(before: int, now: int, told: Told) -> int:
    """Likewise."""
    count_from(now)
    retired, after = 0, 0
    rows = unused_devices(before, now).select_related("user").order_by("pk")
    while some := list(rows.filter(pk__gt=after)[:BATCH]):
        for device in some:
            with atomic():
                if unused_devices(before, now).filter(pk=device.pk).exists():
                    sessions.retire(device, now)
                    retired += 1
            told()
        after = some[-1].pk
    return retired


def _present() -> QuerySet[Any]:
    """Listed and not gone, each with when it was `last` used."""
    of_session = SessionRecord.objects.filter(device=OuterRef("pk")).order_by("-seen")
    last = Coalesce(Subquery(of_session.values("seen")[:1]), F("seen"))
    return Device.objects.filter(gone_at=None).annotate(last=last)
