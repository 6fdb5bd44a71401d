"""HTTP of reports for everybody (docs/encryption.md 4.18). Each view calls one use case."""

from django.http import HttpRequest

from accounts import proof
from accounts.api import Caller, Need, api
from accounts.protocol import Done
from chatsite.edge.limits import HOUR, Limit
from chatsite.edge.wire import B32, B64
from chatsite.running.clock import now_ms
from moderation import appeals, keys, protocol, reports

TRIES = Limit("report-tries", 120, HOUR)  # by account; repeats of a report count here alone
APPEALS = Limit("appeals", 30, HOUR)  # by account


@api("GET", need=Need.PROOF)
def sealing_key(_request: HttpRequest, _who: Caller) -> protocol.SealingKey:
    found = keys.published()
    if found is None:
        raise reports.NoReports
    return protocol.SealingKey(B32(found.identity), found.record, B64(found.signature))


@api(
    "POST", need=Need.PROOF, body=protocol.SendReport, limit=TRIES,
    body_max=protocol.REPORT_BODY_MAX,
)  # fmt: skip
def send(_request: HttpRequest, who: Caller, body: protocol.SendReport) -> Done:
    reports.take(who.record.user, body, now_ms())
    return Done()


@api("GET", need=Need.PROOF)
def news(_request: HttpRequest, who: Caller) -> protocol.News:
    return protocol.News(unseen=appeals.news(who.record.user))


@api("POST", need=Need.SESSION, body=protocol.SendAppeal, limit=APPEALS, suspended=True)
def appeal(request: HttpRequest, who: Caller, body: protocol.SendAppeal) -> Done:
    """A session that has a device proves it. Who signed in while suspended has none, and has just
    typed the password."""
    now = now_ms()
    if who.record.device is not None:
        proof.check_device(request, who, now)
    appeals.send(who.record.user, bytes(body.decision), body.text, now)
    return Done()
