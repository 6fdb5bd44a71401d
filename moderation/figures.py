"""Days of the site in numbers, which the dashboard shows: a look at it counts nothing.

Each process adds up what it counts for `/metrics`; one process of the site counts what the database
knows. Days are those of UTC. A process that ends may take a minute of its counts along.
"""

from collections.abc import Iterable, Mapping

from django.db.models import F, QuerySet, TextChoices
from django.db.transaction import atomic

from accounts import suspending
from accounts.models import SessionRecord, User
from chatsite.edge.limits import DAY
from chatsite.running import jobs, metrics, tasks, threads
from chatsite.running.clock import now_ms
from chatsite.running.metrics import Metric
from media import rows
from moderation.models import WAITING, Appeal, Figure, Report

DAY_MS = DAY * 1000
KEPT_DAYS = 400
WRITE_SECONDS, COUNT_SECONDS = 60.0, 300.0


class Name(TextChoices):
    """In the order of the dashboard."""

    SIGN_UPS = "sign_ups", "Sign-ups"
    ACTIVE = "active", "Active people"
    MESSAGES = "messages", "Messages"
    STORAGE = "storage", "Storage"
    REPORTS = "reports", "Reports"
    ERRORS = "errors", "Errors"
    REFUSED = "refused", "Refusals"  # of the door, by status
    REFUSED_WITHIN = "refused_within", "Refusals behind the door"  # by kind


Counts = Mapping[Name, Metric]
COUNTED: Counts = {
    Name.MESSAGES: metrics.APPENDS, Name.ERRORS: metrics.ERRORS, Name.REFUSED: metrics.REFUSALS,
    Name.REFUSED_WITHIN: metrics.REFUSED,
}  # fmt: skip


class Tally:
    """What one process has counted, and how much of it is written."""

    def __init__(self, counted: Counts = COUNTED) -> None:
        self._counted = counted
        self._written: dict[tuple[Name, str], int] = {}

    def write(self, now: int) -> None:
        """Add what came since the last time to the day. What a database did not take comes along
        the next time."""
        have = {
            (name, of): int(n)
            for name, metric in self._counted.items()
            for of, n in sorted(metric.numbers().items())  # two at once lock in one order
        }
        with atomic():
            for (name, of), n in have.items():
                more = n - self._written.get((name, of), 0)
                if more:
                    _add(day_of(now), name, of, more)
        self._written = have


def count(now: int) -> None:
    """The day so far, and what was open of the day before. Repeatable."""
    day = day_of(now)
    with atomic():
        for name in (Name.MESSAGES, Name.ERRORS):
            _add(day, name, "", 0)  # from now on no count means none
        for name, n in _happened(day).items():
            _set(day, name, n)
        for name, n in _happened(day - 1).items():  # a day that nobody counted stays away
            Figure.objects.filter(day=day - 1, name=name).update(n=n)
        _set(day, Name.STORAGE, rows.used_in_all())
        active = SessionRecord.objects.filter(seen__gte=day * DAY_MS).values("user").distinct()
        _set(day, Name.ACTIVE, active.count(), at_least=True)  # who signs out has been here
        Figure.objects.filter(day__lt=day - KEPT_DAYS).delete()


def days(names: Iterable[Name], upto: int, how_many: int) -> dict[Name, list[int | None]]:
    """Of each so many days, the last of them `upto`; None: it was not counted."""
    first = upto - how_many + 1
    found = Figure.objects.filter(day__range=(first, upto), of="")
    by_day = {(name, day): n for name, day, n in found.values_list("name", "day", "n")}
    return {name: [by_day.get((name, first + at)) for at in range(how_many)] for name in names}


def day_of(now: int) -> int:
    return now // DAY_MS


def waiting(now: int) -> dict[str, int]:
    """What waits for staff, by what it is."""
    appeals = Appeal.objects.filter(kept=None, decision__undone=None)
    return {
        "reports": Report.objects.filter(state__in=WAITING).count(),
        "appeals": appeals.count(),
        "approvals": unapproved(now).count(),
    }


def unapproved(now: int) -> QuerySet[User]:
    """New accounts that nobody approved or turned down."""
    new = User.objects.filter(approved=False, is_active=True, head_k__gt=0)
    return new.exclude(suspending.suspended("pk", now))


async def every_minute() -> None:
    """Until it is cancelled, by each process."""
    tally = Tally()

    async def step() -> None:
        await threads.run(tally.write, now_ms())

    await tasks.forever("writing the figures of the day", step, WRITE_SECONDS)


async def every_few_minutes() -> None:
    """Until it is cancelled, by one process of the site."""

    async def work() -> None:
        await threads.run(count, now_ms())
        metrics.WAITING.show(await threads.run(waiting, now_ms()))

    async def step() -> None:
        metrics.WAITING.show({})  # another process may have the job by now
        await jobs.once_a_site("figures", work, COUNT_SECONDS)

    await tasks.forever("counting the figures of the day", step, COUNT_SECONDS)


def _happened(day: int) -> dict[Name, int]:
    """What has a time of its own, so it can be counted afterwards."""
    span = (day * DAY_MS, (day + 1) * DAY_MS - 1)
    return {
        Name.SIGN_UPS: User.objects.filter(head_k__gt=0, joined__range=span).count(),
        Name.REPORTS: Report.objects.filter(made__range=span).count(),
    }


def _add(day: int, name: Name, of: str, more: int) -> None:
    row, _new = Figure.objects.get_or_create(day=day, name=name, of=of)
    Figure.objects.filter(pk=row.pk).update(n=F("n") + more)


def _set(day: int, name: Name, n: int, *, at_least: bool = False) -> None:
    row, _new = Figure.objects.get_or_create(day=day, name=name, of="")
    if not at_least or n > row.n:
        Figure.objects.filter(pk=row.pk).update(n=n)
