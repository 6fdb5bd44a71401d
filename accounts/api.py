"""HTTP endpoints that ask who calls, of this app and of messaging: with what proof.

    @api("POST", need=Need.PROOF, body=protocol.NewLink)
    def store(request, who: Caller, body: protocol.NewLink) -> Body: ...

    @api("GET", need=Need.PROOF, limit=rates.DIRECTORY)
    async def epochs(request, who: Caller, conv: str) -> Body: ...

What such an endpoint does beside is in chatsite/edge/endpoints.py. Policy lives in `_admit` (needs
of docs/encryption.md 4.18).
"""

from collections.abc import Callable
from enum import Enum
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from accounts import proof, sessions, suspending
from accounts.sessions import Caller
from chatsite.edge import limits
from chatsite.edge.endpoints import BODY_MAX, F, View, endpoint, read
from chatsite.edge.limits import Limit
from chatsite.edge.refusals import Refusal
from chatsite.edge.wire import Body, Decoder, decoder
from chatsite.running.clock import now_ms

__all__ = ["Caller", "Need", "api"]


class Need(Enum):
    """What a caller must show (docs/encryption.md 4.18)."""

    SESSION = "S"  # signed in
    PROOF = "P"  # and the device of the session signs the request
    UNLOCKED = "U"  # and a factor was proved in the last ten minutes
    PROOF_OR_GRANT = "P|G"  # or the enrolment grant of this session, while it has no device
    UNLOCKED_OR_GRANT = "U|G"
    GRANT = "G"


def api(
    method: str, *, need: Need, body: type[Body] | None = None, limit: Limit = limits.READS,
    body_max: int = BODY_MAX, suspended: bool = False,
) -> Callable[[F], View]:  # fmt: skip
    """An endpoint for those who meet `need`; `limit` counts by account. More than BODY_MAX bytes
    need a line in chatsite/door/bodies.py, too. `suspended`: also for those who are."""

    def prepare(request: HttpRequest) -> tuple[Any, ...]:
        read(request, None, body_max)  # of strangers nothing is parsed
        who = _admit(request, need, now_ms())
        if who.suspended and not suspended:
            suspending.check(who.record.user, suspending.Kind.ALL, now_ms())
        arguments = read(request, parse, body_max)
        limits.take(limit, who.uid, now_ms())
        return (who, *arguments)

    parse: Decoder[Any] | None = decoder(body) if body else None
    return endpoint(method, prepare, _with_next_nonce)


def _with_next_nonce(request: HttpRequest, answer: HttpResponseBase) -> HttpResponseBase:
    return proof.with_next_nonce(request, answer, now_ms())


def _admit(request: HttpRequest, need: Need, now: int) -> Caller:
    who = sessions.require(request, now)
    if need is Need.SESSION:
        return who
    with_grant = need in (Need.GRANT, Need.PROOF_OR_GRANT, Need.UNLOCKED_OR_GRANT)
    if with_grant and proof.GRANT_HEADER in request.headers:
        return proof.check_grant(request, who, now)
    if need is Need.GRANT:
        raise Refusal(403, "grant", "Sign in again to enrol this browser.")
    proof.check_device(request, who, now)
    if need in (Need.UNLOCKED, Need.UNLOCKED_OR_GRANT):
        proof.check_unlocked(who, now)
    return who
