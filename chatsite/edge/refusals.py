"""The one family of refusals: what a use case or a store answers in place of what was asked.

Each edge answers by the refusal's own words: HTTP with `status`, `code` and `message`, a live
session with `code`. A refusal is definite: nothing was changed, and repeating changes nothing.
A class of its own has whatever a caller tells apart; everything else is a plain Refusal. Pure.
"""

from math import ceil
from typing import Any, NoReturn


class Refusal(Exception):
    """Answered as Problem{code, message, retry_ms?, limit?, used?, until?, reason?, decision?} with
    `status`. Subclasses bring their words; `limit` and `used` are bytes."""

    status = 400
    code = "refused"
    message = "Refused."
    retry_ms: int | None = None
    # Of a decision about the account: its end in ms, a number of accounts/suspending.py, its id.
    until: int | None = None
    reason: int | None = None
    decision: bytes | None = None

    def __init__(
        self,
        status: int | None = None,
        code: str | None = None,
        message: str | None = None,
        retry_ms: int | None = None,
        *,
        limit: int | None = None,
        used: int | None = None,
    ) -> None:
        self.status = status or self.status
        self.code = code or self.code
        self.message = message or self.message
        self.retry_ms = retry_ms
        self.limit, self.used = limit, used
        super().__init__(self.code)

    @property
    def headers(self) -> dict[str, str]:
        """For programs that do not read the body; whole seconds, and never too early."""
        return {} if self.retry_ms is None else {"Retry-After": str(ceil(self.retry_ms / 1000))}


class Unknown(Refusal):
    """The one answer for what is absent and for what belongs to somebody else."""

    status, code, message = 404, "unknown", "Not there, or not yours."


class Conflict(Exception):
    """Answered with 409 and `body` (a wire.Body), which holds what stands there instead."""

    def __init__(self, body: Any) -> None:
        super().__init__("conflict")
        self.body = body


def unknown() -> NoReturn:
    raise Unknown


def bad(code: str, message: str) -> NoReturn:
    raise Refusal(400, code, message)
