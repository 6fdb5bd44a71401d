"""The edge of every HTTP endpoint, of this app and of messaging: who asks, with what proof.

    @api("POST", need=Need.PROOF, body=protocol.NewLink)
    def store(request, who: Caller, body: protocol.NewLink) -> Body: ...

    @api("GET", need=Need.PROOF, limit=limits.DIRECTORY)
    async def epochs(request, who: Caller, conv: str) -> Body: ...

    @public("POST", body=protocol.Start, limit=limits.START)
    def start(request, body: protocol.Start) -> Body: ...

    urlpatterns = [path("notes", by_method(GET=notes, PUT=put_note)), ...]

Views are plain or `async def`, take the URL's arguments after `body`, and return a Body (200).
They refuse by raising `problems.Refusal` or `problems.Conflict` (409 with the winner); a refusal
of `e2ee` (malformed or forged records) becomes 400 `refused`.

Policy lives in `_admit` (needs of encryption.md 4.18), `_read` (Origin, size, shape) and
`_problem` (which error becomes which answer). CSRF is the middleware's.
"""

import inspect
from collections.abc import Awaitable, Callable
from enum import Enum
from functools import wraps
from typing import Any, TypeVar

import msgspec
from asgiref.sync import sync_to_async
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.views.decorators.http import require_http_methods

from accounts import limits, proof, sessions
from accounts.clock import now_ms
from accounts.limits import Limit
from accounts.problems import Conflict, Refusal
from accounts.protocol import BODY_MAX
from accounts.sessions import Caller
from accounts.wire import Body, Problem, decoder, encoder
from e2ee.errors import Refused

__all__ = ["Caller", "Need", "api", "by_method", "public"]

WRITES = frozenset({"POST", "PUT", "DELETE"})
View = Callable[..., Any]  # plain or async; answers an HttpResponse
Prepare = Callable[[HttpRequest], tuple[Any, ...]]
Decoder = msgspec.json.Decoder[Any]
F = TypeVar("F", bound=Callable[..., Any])


class Need(Enum):
    """What a caller must show (encryption.md 4.18)."""

    SESSION = "S"  # signed in
    PROOF = "P"  # and the device of the session signs the request
    UNLOCKED = "U"  # and a factor was proved in the last ten minutes
    PROOF_OR_GRANT = "P|G"  # or the enrolment grant of this session, while it has no device
    UNLOCKED_OR_GRANT = "U|G"
    GRANT = "G"


def public(
    method: str, *, body: type[Body] | None = None, limit: Limit | None = None
) -> Callable[[F], View]:
    """An endpoint for anybody; `limit` counts by network address."""

    def prepare(request: HttpRequest) -> tuple[Any, ...]:
        if limit is not None:
            limits.take(limit, limits.address(request), now_ms())
        return _read(request, parse)

    parse: Decoder | None = decoder(body) if body else None
    return _endpoint(method, prepare)


def api(
    method: str, *, need: Need, body: type[Body] | None = None, limit: Limit | None = None
) -> Callable[[F], View]:
    """An endpoint for those who meet `need`; `limit` counts by account."""

    def prepare(request: HttpRequest) -> tuple[Any, ...]:
        read = _read(request, parse)
        who = _admit(request, need, now_ms())
        if limit is not None:
            limits.take(limit, who.uid, now_ms())
        return (who, *read)

    parse: Decoder | None = decoder(body) if body else None
    return _endpoint(method, prepare)


def by_method(**views: View) -> View:
    """One URL, a view for each method."""

    def dispatch(request: HttpRequest, **arguments: Any) -> Any:
        view = views.get(request.method or "")
        return view(request, **arguments) if view else HttpResponseNotAllowed(list(views))

    if not any(map(inspect.iscoroutinefunction, views.values())):
        return dispatch

    async def dispatch_async(request: HttpRequest, **arguments: Any) -> HttpResponse:
        view = views.get(request.method or "")
        if view is None:
            return HttpResponseNotAllowed(list(views))
        if inspect.iscoroutinefunction(view):
            return await view(request, **arguments)  # type: ignore[no-any-return]
        return await sync_to_async(view)(request, **arguments)  # type: ignore[no-any-return]

    return dispatch_async


def _endpoint(method: str, prepare: Prepare) -> Callable[[F], View]:
    def decorate(view: F) -> View:
        serve = _asynchronous if inspect.iscoroutinefunction(view) else _plain
        return require_http_methods([method])(serve(view, prepare))

    return decorate


def _plain(view: Callable[..., Body], prepare: Prepare) -> View:
    @wraps(view)
    def serve(request: HttpRequest, **arguments: Any) -> HttpResponse:
        try:
            return _answer(view(request, *prepare(request), **arguments))
        except (Refusal, Conflict, Refused) as error:
            return _problem(error)

    return serve


def _asynchronous(view: Callable[..., Awaitable[Body]], prepare: Prepare) -> Any:
    @wraps(view)
    async def serve(request: HttpRequest, **arguments: Any) -> HttpResponse:
        try:
            read = await sync_to_async(prepare)(request)
            return _answer(await view(request, *read, **arguments))
        except (Refusal, Conflict, Refused) as error:
            return _problem(error)

    return serve


def _read(request: HttpRequest, parse: Decoder | None) -> tuple[Any, ...]:
    """The decoded body, or nothing where none is expected."""
    if request.method in WRITES and request.headers.get("Origin") not in _origins():
        raise Refusal(403, "origin", "This request did not come from the site itself.")
    if int(request.headers.get("Content-Length") or 0) > BODY_MAX or len(request.body) > BODY_MAX:
        raise Refusal(413, "too_big", f"A request holds at most {BODY_MAX} bytes.")
    if parse is None:
        return ()
    try:
        return (parse.decode(request.body),)
    except msgspec.DecodeError:
        # Its text may quote what was sent, so it goes nowhere.
        raise Refusal(400, "bad_body", "The request does not have the expected form.") from None


def _origins() -> list[str]:
    return settings.CSRF_TRUSTED_ORIGINS


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
    if need in (Need.UNLOCKED, Need.UNLOCKED_OR_GRANT) and not who.unlocked(now):
        raise Refusal(403, "unlock", "Enter your password again.")
    return who


def _answer(body: Body) -> HttpResponse:
    return HttpResponse(encoder.encode(body), content_type="application/json")


def _problem(error: Refusal | Conflict | Refused) -> HttpResponse:
    if isinstance(error, Conflict):
        return HttpResponse(encoder.encode(error.body), "application/json", 409)
    if isinstance(error, Refused):
        error = Refusal(400, "refused", f"Refused: {error}.")
    problem = Problem(error.code, error.message, error.retry_ms)
    return HttpResponse(encoder.encode(problem), "application/json", error.status)
