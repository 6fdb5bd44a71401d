"""Django for HTTP with one hop: a request runs whole in one thread, and the loop writes the answer.

Django's own ASGI handler gives each request an executor of its own and adapts each synchronous
middleware apart, so that a request goes back and forth a dozen times. Nearly all that a request
does here is synchronous (docs/adr/0024-one-hop-a-request.md).
"""

import re
from collections.abc import Awaitable, Callable
from typing import Any

from django.conf import settings
from django.core import signals
from django.core.exceptions import RequestAborted
from django.core.handlers.asgi import ASGIHandler, get_script_prefix
from django.http import HttpResponse, HttpResponseBadRequest, StreamingHttpResponse
from django.urls import set_script_prefix

from chatsite.running.threads import Threads
from chatsite.running.turns import short_turns
from chatsite.shares import Shares

THREADS = 8  # requests at a time; each thread keeps a connection to each database
OF_ADDRESS = 4  # of them, for what one address asks
LENGTH = re.compile(r"[0-9]{0,18}")  # of a body, or none; Python reads no number of 5,000 digits

Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]


class OneHopHandler(ASGIHandler):
    def __init__(self) -> None:
        super(ASGIHandler, self).__init__()  # ASGIHandler's own method loads the middleware adapted
        self.load_middleware()
        self._threads = Threads("http", THREADS)
        self._shares = Shares(OF_ADDRESS)

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        try:
            body = await self.read_body(receive)
        except RequestAborted:
            return
        async with self._shares.share(scope):
            with short_turns():
                response = await self._threads.run(self._respond, scope, body)
        await self.send_response(response, send)

    def create_request(self, scope: Any, body_file: Any) -> Any:
        """A Content-Type or a Content-Length that Django cannot read is refused. Forms are UTF-8
        whatever they say: some codecs refuse, and some make what no database takes."""
        try:
            request, refused = super().create_request(scope, body_file)
        except ValueError:
            return None, HttpResponseBadRequest()
        if request is not None and not LENGTH.fullmatch(request.META.get("CONTENT_LENGTH", "")):
            return None, HttpResponseBadRequest()
        if request is not None and request.encoding is not None:
            request.encoding = settings.DEFAULT_CHARSET
        return request, refused

    def _respond(self, scope: Any, body: Any) -> HttpResponse | StreamingHttpResponse:
        set_script_prefix(get_script_prefix(scope))
        signals.request_started.send(sender=type(self), scope=scope)
        with body:
            request, refused = self.create_request(scope, body)
            response: Any = refused if request is None else self.get_response(request)
            response._handler_class = type(self)
            whole = _whole(response)
        response.close()  # tells that the request is finished
        return whole


def _whole(
    response: HttpResponse | StreamingHttpResponse,
) -> HttpResponse | StreamingHttpResponse:
    """Reads files here, where waiting for the disk delays nobody else. What is made on the loop
    while it is sent stays as it is."""
    if isinstance(response, HttpResponse) or response.is_async:
        return response
    whole = HttpResponse(response.getvalue(), status=response.status_code)
    whole.headers, whole.cookies = response.headers, response.cookies
    return whole
