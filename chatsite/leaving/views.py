"""Self-service in Settings: take one's data along, delete one's account."""

import threading

from django.db.transaction import atomic
from django.http import HttpRequest, StreamingHttpResponse

from accounts import closing, proof
from accounts.api import Caller, Need, api
from accounts.views import clearing
from chatsite.copying import Interrupted
from chatsite.edge import limits
from chatsite.edge.endpoints import public
from chatsite.edge.limits import DAY, HOUR, Limit
from chatsite.edge.refusals import Refusal, unknown
from chatsite.edge.wire import Id
from chatsite.leaving import deletion, export, protocol
from chatsite.leaving.archive import zipped
from chatsite.running import threads
from chatsite.running.clock import now_ms

EXPORTS = Limit("exports", 5, DAY)  # by account; each reads all that there is
STEPS = Limit("deletion-steps", 3_600, HOUR)  # by address; each does some seconds of work
BUSY_MS = 5_000
_stepping = threading.BoundedSemaphore(1)  # of the threads that answer pages, a step holds one


@api("POST", need=Need.UNLOCKED, limit=EXPORTS, suspended=True)
def take_along(_request: HttpRequest, who: Caller) -> StreamingHttpResponse:
    """It is made while it is sent: where the store is away meanwhile, the connection ends."""
    made = zipped(export.files(who.record.user, now_ms()))
    answer = StreamingHttpResponse(made, content_type="application/zip")
    answer.headers["Content-Disposition"] = 'attachment; filename="export.zip"'
    return answer


@clearing
@api(
    "POST", need=Need.UNLOCKED, body=protocol.DeleteAccount, limit=limits.WRITES, suspended=True
)  # fmt: skip
def delete(request: HttpRequest, who: Caller, body: protocol.DeleteAccount) -> protocol.Receipt:
    now = now_ms()
    with atomic():
        user = proof.hold_account(who, now)
        begun = closing.begin(user, erase=body.erase, now_ms=now)
    request.session.flush()
    return _receipt(begun, 0)


@public("POST", body=protocol.AskReceipt, limit=STEPS)
async def go_on(_request: HttpRequest, body: protocol.AskReceipt) -> protocol.Receipt:
    """The page that began it asks again and again, and the work goes on with that. Where nobody
    asks, a job of the server does it. Others wait meanwhile, and hold no thread for it."""
    found = await threads.run(closing.of_receipt, bytes(body.receipt))
    if found is None:
        unknown()
    if not _stepping.acquire(blocking=False):
        raise Refusal(503, "busy", "Another account is being deleted. Try again.", BUSY_MS)
    try:
        found = await deletion.go_on(found, deletion.SLICE_SECONDS)
        left = 0 if found.ended else len(await deletion.left(found))
    except Interrupted as error:
        raise Refusal(503, "busy", "The store is busy. Try again.", BUSY_MS) from error
    finally:
        _stepping.release()
    return _receipt(found, left)


def _receipt(row: closing.Deletion, left: int) -> protocol.Receipt:
    return protocol.Receipt(
        receipt=Id(row.receipt), name=row.user.username, began=row.began, ended=row.ended,
        erase=row.erase, left=left, sessions=row.sessions, devices=row.devices, keys=row.keys,
        notes=row.notes, invites=row.invites, files=row.files, conversations=row.conversations,
        messages=row.messages,
    )  # fmt: skip
