"""How large a body may be, and how much all bodies together may hold in memory.

A part of a file is large: it is let in by its ticket alone, and has a budget of its own.
"""

from http import HTTPStatus
from typing import Any

from chatsite.door.refusals import Answer
from chatsite.edge.endpoints import BODY_MAX as API_MAX
from chatsite.edge.refusals import Refusal
from media import parts
from media.stores import PART_MAX
from messaging.polling import BODY_MAX as CALL_MAX

FORM_MAX = 16 * 1024  # of every other page
ADMIN_MAX = 256 * 1024
BUDGET = 64 * 1024 * 1024  # bytes of this process, of bodies that are not answered yet

PARTS = parts.PREFIX.encode()
_LIMITS = (
    (b"/api/", API_MAX),
    (b"/live", CALL_MAX),
    (b"/admin/", ADMIN_MAX),
)


def limit(method: bytes, target: bytes) -> int:
    if is_part(method, target):
        return PART_MAX
    for prefix, largest in _LIMITS:
        if target.startswith(prefix):
            return largest
    return FORM_MAX


def judge(method: bytes, target: bytes, headers: Any, length: int | None) -> Answer | None:
    """What is to be refused before its body. `headers` are Twisted's."""
    if not target.startswith(PARTS):
        return None
    (authorization,) = headers.getRawHeaders(b"Authorization", [b""])[:1]
    try:
        parts.admit(method.decode("latin1"), target.decode("ascii"), authorization, length)
    except Refusal as refusal:
        return Answer(HTTPStatus(refusal.status), refusal.code, refusal.message)
    return None


def is_part(method: bytes, target: bytes) -> bool:
    """On its way up."""
    return method == b"PUT" and target.startswith(PARTS)


class Budget:
    def __init__(self, size: int = BUDGET) -> None:
        self.left = size

    def take(self, size: int) -> bool:
        if size > self.left:
            return False
        self.left -= size
        return True

    def give(self, size: int) -> None:
        self.left += size
