"""Self-service in Settings: take one's data along."""

from django.http import HttpRequest, StreamingHttpResponse

from accounts.api import Caller, Need, api
from chatsite.edge.limits import DAY, Limit
from chatsite.leaving import export
from chatsite.leaving.archive import zipped
from chatsite.running.clock import now_ms

EXPORTS = Limit("exports", 5, DAY)  # by account; each reads all that there is


@api("POST", need=Need.UNLOCKED, limit=EXPORTS, suspended=True)
def take_along(_request: HttpRequest, who: Caller) -> StreamingHttpResponse:
    """It is made while it is sent: where the store is away meanwhile, the connection ends."""
    made = zipped(export.files(who.record.user, now_ms()))
    answer = StreamingHttpResponse(made, content_type="application/zip")
    answer.headers["Content-Disposition"] = 'attachment; filename="export.zip"'
    return answer
