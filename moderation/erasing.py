"""What a report said goes, a time after it was decided, and the files that it kept go earlier. Who
reported whom, why and when stay."""

from django.db.models import F, QuerySet

from chatsite.edge.limits import DAY
from chatsite.running import jobs, threads
from chatsite.running.clock import now_ms
from media import holding
from moderation import audit
from moderation.models import Report, State

KEPT_DAYS = 180
FILES_DAYS = 30
DAY_MS = DAY * 1000
ACTOR = "the server"


def erase(now: int) -> int:
    """How many reports lost what they said. `now` in ms; repeatable."""
    old = _decided(now, KEPT_DAYS).filter(sealed__isnull=False)
    return old.update(sealed=None, version=F("version") + 1)


def let_go(now: int) -> int:
    """How many files are kept for no report any more: it was decided FILES_DAYS ago, or is not
    there. One that waits again keeps them until its next decision. `now` in ms; repeatable."""
    done = _decided(now, FILES_DAYS).filter(report__in=holding.reports())
    count = sum(_let_go_decided(key, now) for key in list(done.values_list("pk", flat=True)))
    lost = holding.reports().exclude(report__in=Report.objects.values("report")).distinct()
    return count + sum(map(_let_go, map(bytes, list(lost))))


def _let_go_decided(key: int, now: int) -> int:
    with audit.turn():
        row = _decided(now, FILES_DAYS).select_for_update(no_key=True).filter(pk=key).first()
        return _let_go(row.report) if row else 0  # it waits again since a moment ago


def _let_go(report: bytes) -> int:
    with audit.turn():
        count = holding.let_go(report)
        audit.write(ACTOR, "files_let_go", report.hex(), {"files": count})
    return count


def _decided(now: int, days: int) -> QuerySet[Report]:
    done = Report.objects.filter(state__in=(State.DECIDED, State.CLOSED))
    return done.filter(closed__lt=now - days * DAY_MS)


def _both(now: int) -> None:
    let_go(now)
    erase(now)


async def every_day() -> None:
    """Until it is cancelled, by one process of the site."""
    await jobs.repeat("reports", "erasing old reports", lambda: threads.run(_both, now_ms()), DAY)
