"""What the door refuses, before the rest of the site has seen the request."""

from dataclasses import dataclass
from http import HTTPStatus

from chatsite.door import answers
from chatsite.edge.wire import Problem, encoder

LATER_SECONDS = 5  # until a client that found no room may ask again
SOON_SECONDS = 1  # the same, of a part: those before it are small, and their clients known


@dataclass(frozen=True, slots=True)
class Answer:
    status: HTTPStatus
    code: str  # of the Problem, as the API gives it
    message: str
    retry: int = 0  # seconds until it may be asked again; 0 = it is a definite no

    def answer(self) -> bytes:
        """The whole response; the connection ends after it."""
        body = encoder.encode(Problem(self.code, self.message))
        later = [f"Retry-After: {self.retry}"] if self.retry else []
        return answers.whole(self.status, "application/json", body, *later)


MALFORMED = Answer(HTTPStatus.BAD_REQUEST, "bad_request", "This is not a request of HTTP.")
NO_SOCKET = Answer(HTTPStatus.NOT_FOUND, "unknown", "No WebSocket is here.")
TOO_SLOW = Answer(HTTPStatus.REQUEST_TIMEOUT, "busy", "The request took too long to arrive.")
TOO_BIG = Answer(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_big", "This is more than is taken here.")
TOO_MANY = Answer(HTTPStatus.TOO_MANY_REQUESTS, "busy", "Too many connections.", LATER_SECONDS)
NO_ROOM = Answer(HTTPStatus.SERVICE_UNAVAILABLE, "busy", "No room just now.", LATER_SECONDS)
NO_ROOM_FOR_PART = Answer(HTTPStatus.SERVICE_UNAVAILABLE, "busy", "No room just now.", SOON_SECONDS)
SHARE_TAKEN = Answer(
    HTTPStatus.SERVICE_UNAVAILABLE, "share", "Too many parts of yours at once.", SOON_SECONDS
)
DRAINING = Answer(HTTPStatus.SERVICE_UNAVAILABLE, "busy", "This node restarts.", SOON_SECONDS)
