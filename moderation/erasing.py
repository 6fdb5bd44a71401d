"""What a report said goes, a time after it was decided: who reported whom, why and when stay."""

from django.db.models import F

from chatsite.edge.limits import DAY
from chatsite.running import jobs, threads
from chatsite.running.clock import now_ms
from moderation.models import Report, State

KEPT_DAYS = 180
DAY_MS = DAY * 1000


def erase(now: int) -> int:
    """How many reports lost what they said. `now` in ms; repeatable."""
    done = Report.objects.filter(state__in=(State.DECIDED, State.CLOSED))
    old = done.filter(closed__lt=now - KEPT_DAYS * DAY_MS)
    return old.filter(sealed__isnull=False).update(sealed=None, version=F("version") + 1)


async def every_day() -> None:
    """Until it is cancelled, by one process of the site."""
    await jobs.repeat("reports", "erasing old reports", lambda: threads.run(erase, now_ms()), DAY)
