"""What every HTTP endpoint does: read a body, call a view, answer with a body or a problem.

    @public("POST", body=protocol.Start, limit=rates.START)
    def start(request, body: protocol.Start) -> Body: ...

    urlpatterns = [path("notes", by_method(GET=notes, PUT=put_note)), ...]

Views are plain or `async def`, take the URL's arguments after `body`, and return a Body (200), or a
response that is made while it is sent. They refuse by raising `refusals.Refusal` or
`refusals.Conflict` (409 with the winner); a refusal of `e2ee` (malformed or forged records) becomes
400 `refused`. Endpoints that ask who calls are made by accounts/api.py.

Policy lives in `read` (Origin, size, shape) and `_problem` (which error becomes which answer).
CSRF is the middleware's.
"""

import inspect
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from asgiref.sync import async_to_sync
from django.core.exceptions import RequestDataTooBig
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseNotAllowed,
    RawPostDataException,
    StreamingHttpResponse,
    UnreadablePostError,
)
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_http_methods

from chatsite.edge import limits, origins
from chatsite.edge.limits import Limit
from chatsite.edge.refusals import Conflict, Refusal
from chatsite.edge.wire import Body, Decoder, Id, Malformed, Problem, decoder, encoder
from chatsite.running import metrics
from chatsite.running.clock import now_ms
from e2ee.errors import M1Error

BODY_MAX = 128 * 1024  # bytes of an HTTP body, unless its endpoint says more
_DIGITS = 9  # of a length that is read; more of them are no smaller number
_WRITES = frozenset({"POST", "PUT", "DELETE"})
# What refusals of these are counted as (metrics.REFUSED); of all others: api.
_COUNTED = {
    "/api/sign-up": "sign_up", "/api/sign-in": "sign_in", "/api/unlock": "sign_in",
    "/api/blobs": "upload", "/api/reports": "report",
}  # fmt: skip
View = Callable[..., Any]  # plain or async; answers an HttpResponse
Prepare = Callable[[HttpRequest], tuple[Any, ...]]
Finish = Callable[[HttpRequest, HttpResponseBase], HttpResponseBase]
F = TypeVar("F", bound=Callable[..., Any])


def public(
    method: str, *, body: type[Body] | None = None, limit: Limit | None = None
) -> Callable[[F], View]:
    """An endpoint for anybody; `limit` counts by network address."""

    def prepare(request: HttpRequest) -> tuple[Any, ...]:
        if limit is not None:
            limits.take(limit, limits.address(request), now_ms())
        return read(request, parse)

    parse: Decoder[Any] | None = decoder(body) if body else None
    return endpoint(method, prepare)


def endpoint(method: str, prepare: Prepare, finish: Finish | None = None) -> Callable[[F], View]:
    """`prepare` gives the view its arguments, or refuses; `finish` has the last word on the
    answer, also on a refusal."""

    def decorate(view: F) -> View:
        use: Callable[..., Body | StreamingHttpResponse] = (
            async_to_sync(view) if inspect.iscoroutinefunction(view) else view
        )

        @wraps(view)
        def serve(request: HttpRequest, **arguments: Any) -> HttpResponseBase:
            try:
                answer: HttpResponseBase = _answer(use(request, *prepare(request), **arguments))
            except (Refusal, Conflict, M1Error) as error:
                answer = _problem(error)
                metrics.refused(_of(request.path), getattr(error, "code", "refused"))
            return finish(request, answer) if finish else answer

        return require_http_methods([method])(serve)

    return decorate


def by_method(**views: View) -> View:
    """One URL, a view for each method."""

    def dispatch(request: HttpRequest, **arguments: Any) -> Any:
        view = views.get(request.method or "")
        return view(request, **arguments) if view else HttpResponseNotAllowed(list(views))

    return dispatch


def read(
    request: HttpRequest, parse: Decoder[Any] | None, largest: int = BODY_MAX
) -> tuple[Any, ...]:
    """The decoded body of at most `largest` bytes, or nothing where none is expected."""
    if request.method in _WRITES and not origins.is_ours(request.headers.get("Origin")):
        raise Refusal(403, "origin", "This request did not come from the site itself.")
    body = _body(request, largest)
    if parse is None:
        return ()
    try:
        return (parse.decode(body),)
    except Malformed:
        raise _bad_body() from None


def _body(request: HttpRequest, largest: int) -> bytes:
    announced = request.headers.get("Content-Length", "")
    if announced and not announced.isdecimal():
        raise _bad_body()
    if announced and int(announced[:_DIGITS]) > largest:
        raise _too_big(largest)
    try:
        body = request.body
    except RequestDataTooBig:
        raise _too_big(largest) from None
    except (RawPostDataException, UnreadablePostError):  # a form, or a client that went away
        raise _bad_body() from None
    if len(body) > largest:
        raise _too_big(largest)
    return body


def _too_big(largest: int) -> Refusal:
    return Refusal(413, "too_big", f"This request holds at most {largest} bytes.")


def _bad_body() -> Refusal:
    return Refusal(400, "bad_body", "The request does not have the expected form.")


def _of(path: str) -> str:
    found = (of for begin, of in _COUNTED.items() if path.startswith(begin))
    return next(found, "api")


def _answer(body: Body | StreamingHttpResponse) -> HttpResponseBase:
    if isinstance(body, StreamingHttpResponse):
        return body
    return HttpResponse(encoder.encode(body), content_type="application/json")


def _problem(error: Refusal | Conflict | M1Error) -> HttpResponse:
    if isinstance(error, Conflict):
        return HttpResponse(encoder.encode(error.body), "application/json", 409)
    if isinstance(error, M1Error):
        error = Refusal(400, "refused", f"Refused: {error}.")
    body = encoder.encode(problem_of(error))
    return HttpResponse(body, "application/json", error.status, headers=error.headers)


def problem_of(error: Refusal) -> Problem:
    return Problem(
        error.code, error.message, error.retry_ms, error.limit, error.used, error.until,
        error.reason, None if error.decision is None else Id(error.decision),
    )  # fmt: skip
