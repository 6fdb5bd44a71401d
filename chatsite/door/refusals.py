"""What the door refuses, before the rest of the site has seen the request."""

from dataclasses import dataclass
from http import HTTPStatus

from chatsite.door import answers
from chatsite.edge.wire import Problem, encoder

LATER_SECONDS = 5  # until a client that found no room may ask again


@dataclass(frozen=True, slots=True)
class Answer:
    status: HTTPStatus
    code: str  # of the Problem, as the API gives it
    message: str
    retry: bool = False

    def answer(self) -> bytes:
        """The whole response; the connection ends after it."""
        body = encoder.encode(Problem(self.code, self.message))
        later = [f"Retry-After: {LATER_SECONDS}"] if self.retry else []
        return answers.whole(self.status, "application/json", body, *later)


MALFORMED = Answer(HTTPStatus.BAD_REQUEST, "bad_request", "This is not a request of HTTP.")
NO_SOCKET = Answer(HTTPStatus.NOT_FOUND, "unknown", "No WebSocket is here.")
TOO_SLOW = Answer(HTTPStatus.REQUEST_TIMEOUT, "busy", "The request took too long to arrive.")
TOO_BIG = Answer(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_big", "This is more than is taken here.")
TOO_MANY = Answer(HTTPStatus.TOO_MANY_REQUESTS, "busy", "Too many connections.", retry=True)
NO_ROOM = Answer(HTTPStatus.SERVICE_UNAVAILABLE, "busy", "No room just now.", retry=True)
