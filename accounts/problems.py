"""Refusals of use cases, which the edge turns into an answer (accounts/api.py)."""

from typing import NoReturn

from accounts.wire import Body


class Refusal(Exception):
    """Answered as Problem{code, message, retry_ms?} with `status`."""

    def __init__(self, status: int, code: str, message: str, retry_ms: int | None = None) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.message = message
        self.retry_ms = retry_ms


class Conflict(Exception):
    """Answered with 409 and `body`, which holds what stands there instead."""

    def __init__(self, body: Body) -> None:
        super().__init__("conflict")
        self.body = body


def unknown() -> NoReturn:
    """The one answer for what is absent and for what belongs to somebody else."""
    raise Refusal(404, "unknown", "Not there, or not yours.")


def bad(code: str, message: str) -> NoReturn:
    raise Refusal(400, code, message)
