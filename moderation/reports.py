"""Use cases of reports (docs/encryption.md 4.10): take one, open one.

What a report says is sealed: here it is plain only while somebody who may looks at it. Who reported
stands in the row and is told to staff alone.
"""

from dataclasses import dataclass
from typing import Any

from asgiref.sync import async_to_sync
from django.conf import settings
from django.db import IntegrityError
from django.db.models import F
from django.db.transaction import atomic, on_commit

from accounts.models import User
from chatsite.edge import limits
from chatsite.edge.limits import DAY, Limit
from chatsite.edge.refusals import Refusal, bad, unknown
from chatsite.running import metrics, threads
from e2ee.errors import M1Error
from e2ee.judging import Ground, Judged, judge
from e2ee.reports import Report as Plain
from e2ee.reports import open_report
from media import holding
from messaging.backends import connection_store, log
from moderation import grounds, keys
from moderation.models import WAITING, Report, State
from moderation.protocol import REPORTS_OPEN_MAX, REPORTS_PER_DAY, SendReport

A_DAY = Limit("reports", REPORTS_PER_DAY, DAY)  # by account


class NoReports(Refusal):
    status, code = 404, "no_reports"
    message = "This site takes no reports."


class OldKey(Refusal):
    status, code = 409, "moderation_key"
    message = "Reports are sealed to another key by now."


class Read(Refusal):
    status, code = 409, "report_read"
    message = "This report arrived before in other words, and staff have taken it up."


class ManyOpen(Refusal):
    status, code = 429, "reports_open"
    message = f"{REPORTS_OPEN_MAX} reports about this person wait to be looked at."


class Unreadable(Exception):
    """Nobody can open the report any more, or there is none in it; the text says which."""


@dataclass(frozen=True, slots=True)
class Opened:
    note: str
    items: list[Judged]


def take(reporter: User, body: SendReport, now: int) -> None:
    """Keep a report as it came. Repeatable by its id; other words take the place of the first ones
    until staff take it up.

    Raises NoReports, OldKey, Unknown (nobody has that uid, or the id is another's report), Read,
    ManyOpen and Refusal `rate`. Those that are kept count as the day's; tries have a limit of their
    own.
    """
    published = keys.published()
    if published is None:
        raise NoReports
    if bytes(body.peer) == reporter.uid:
        bad("own", "Nobody reports themselves.")
    known = _there(reporter, body)
    if known and bytes(known.sealed or b"") == body.sealed:
        return
    if body.kid != published.key().kid:
        raise OldKey
    if not User.objects.filter(uid=bytes(body.peer), head_k__gt=0).exists():
        unknown()
    if not known:
        _require_room(reporter, body)
        limits.take(A_DAY, reporter.uid, now)
    conv = _conv_of(reporter, body)
    with atomic():
        # Two at once are counted in turn.
        User.objects.select_for_update(no_key=True).get(pk=reporter.pk)
        known = _there(reporter, body)
        if known:
            _say_again(known, body)
        else:
            _keep(reporter, body, now)
        named = [bytes(mid) for mid in (*body.mids, *body.before)]
        holding.hold(bytes(body.report), conv, named, now)


def _conv_of(reporter: User, body: SendReport) -> bytes | None:
    """Of the two; None also where the report names no message."""
    if not body.mids and not body.before:
        return None
    pair = async_to_sync(connection_store().pair)(reporter.uid, bytes(body.peer))
    return pair.conv if pair else None


def _there(reporter: User, body: SendReport) -> Report | None:
    row = Report.objects.filter(report=bytes(body.report)).first()
    if row and (row.reporter, row.peer) != (reporter.uid, bytes(body.peer)):
        unknown()
    return row


def _said(body: SendReport) -> dict[str, Any]:
    mids = b"".join(map(bytes, body.mids))
    return {"reason": body.reason, "kid": body.kid, "mids": mids, "sealed": body.sealed}


def _say_again(row: Report, body: SendReport) -> None:
    """A decision about what was there before fails by the version: who takes it looks again."""
    same = Report.objects.filter(pk=row.pk, state=State.NEW, version=row.version)
    if not same.update(version=F("version") + 1, **_said(body)):
        raise Read


def _require_room(reporter: User, body: SendReport) -> None:
    about = Report.objects.filter(reporter=reporter.uid, peer=bytes(body.peer))
    if about.filter(state__in=WAITING).count() >= REPORTS_OPEN_MAX:
        raise ManyOpen


def _keep(reporter: User, body: SendReport, now: int) -> None:
    _require_room(reporter, body)
    try:
        Report.objects.create(
            report=bytes(body.report), reporter=reporter.uid, peer=bytes(body.peer), made=now,
            **_said(body),
        )  # fmt: skip
    except IntegrityError:  # somebody else took this id at the same moment
        unknown()
    on_commit(metrics.REPORTS.add)


async def open_sealed(row: Report, now: int) -> Opened:
    """What the report says and which of its messages are proved. The caller has asked for the
    permission and has written it down. Raises Unreadable."""
    plain = await threads.run(_unseal, row)
    found = await grounds.look_up(log(), connection_store(), plain, now)
    ground = Ground(
        conv=found.conv,
        rows=found.rows,
        keys=dict(settings.SECRETS["franking"]),
        announced=row.chosen,
        reported=await threads.run(reported_before, row),
        now_ms=row.made,  # what was young enough then does not grow old by waiting
        withheld=found.withheld,
    )
    return Opened(plain.note, judge(plain, ground))


def reported_before(row: Report) -> set[bytes]:
    """Ids of messages that this person chose in earlier reports about the same one."""
    earlier = Report.objects.filter(reporter=row.reporter, peer=row.peer, pk__lt=row.pk)
    return {mid for one in earlier.defer("sealed") for mid in one.chosen}


def _unseal(row: Report) -> Plain:
    if row.sealed is None:
        raise Unreadable("erased")
    seed = keys.seed(row.kid)
    if seed is None:
        raise Unreadable("key")
    try:
        return open_report(
            seed, bytes(row.sealed), kid=row.kid, report_id=row.report, reporter=row.reporter,
            peer=row.peer,
        )  # fmt: skip
    except M1Error:
        raise Unreadable("form") from None
