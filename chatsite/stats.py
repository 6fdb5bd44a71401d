"""What a site holds, in numbers: nothing of it names a person."""

from collections import Counter
from collections.abc import Iterator
from functools import partial

from django.db.models import Q, Sum

from accounts import suspending, work
from accounts.models import Device, SessionRecord, User
from chatsite.copying.conversations import patiently
from chatsite.running import threads
from chatsite.running.progress import Say, unsaid
from media.models import Blob, State
from messaging.backends.tables import BROWSE_MAX, Head, Table, Tables
from messaging.domain import Pair, PairState
from messaging.models import Invite
from moderation.models import WAITING, Report
from moderation.models import State as ReportState

DAY_MS = 86_400_000
SPANS = {"a day": DAY_MS, "a week": 7 * DAY_MS, "30 days": 30 * DAY_MS}

Numbers = list[tuple[str, int]]


async def counted(tables: Tables, now: int, say: Say = unsaid) -> Numbers:
    """In the order in which they are read. Raises chatsite.copying.Interrupted where the message
    store stays away."""
    accounts = await threads.run(lambda: [*_accounts(now)])
    store = await _store(tables, say)
    return [*accounts, *store, *await threads.run(lambda: [*_files_and_reports()])]


def _accounts(now: int) -> Iterator[tuple[str, int]]:
    people = User.objects.filter(head_k__gt=0)
    yield "people", people.count()
    rest = Q(is_active=False) | suspending.suspended("pk", now)
    yield "of them suspended", people.filter(rest, deletion=None).count()
    yield "of them deleted", people.exclude(deletion=None).count()
    yield "of them waiting to be approved", people.filter(approved=False).count()
    for span, ms in SPANS.items():
        yield f"signed up within {span}", people.filter(joined__gt=now - ms).count()
    wanted = work.demand(now)
    yield "bits of work that a sign-up costs now", wanted.bits if wanted.asked else 0
    for span, ms in SPANS.items():
        seen = SessionRecord.objects.filter(seen__gt=now - ms)
        yield f"here within {span}", seen.values("user").distinct().count()
    yield "staff", User.objects.filter(is_staff=True).count()
    yield "browsers", Device.objects.filter(gone_at=None).count()
    yield "sessions", SessionRecord.objects.count()
    yield "open invites", Invite.objects.filter(used_by=None, expires__gt=now).count()


async def _store(tables: Tables, say: Say) -> Numbers:
    states: Counter[PairState] = Counter()
    messages = rows = 0
    for table in (Table.CONNECTION, Table.HEAD):
        cursor: bytes | None = None
        while True:
            page = await patiently(partial(tables.browse, table, cursor, BROWSE_MAX))
            for record in page.records:
                if isinstance(record, Pair):
                    states[record.state] += 1
                elif isinstance(record, Head):
                    messages += record.last_seq
            rows += len(page.records)
            say("rows read", rows)
            cursor = page.cursor
            if cursor is None:
                break
    return [
        ("connected pairs", states[PairState.CONNECTED]),
        ("requests that wait", states[PairState.REQUESTED]),
        ("messages, with those that were deleted", messages),
    ]


def _files_and_reports() -> Iterator[tuple[str, int]]:
    sent = Blob.objects.filter(state=State.LINKED)
    yield "files", sent.count()
    yield "bytes of files", sent.aggregate(size=Sum("size"))["size"] or 0
    waiting = Report.objects.filter(state__in=(*WAITING, ReportState.APPEALED))
    yield "reports that wait, or are appealed against", waiting.count()
