"""How large a body may be, and how much all bodies together may hold in memory.

A part of a file is large: it is let in by its ticket alone, and has a budget of its own, of which
each person has a share. A report is large, too, and anybody may begin one: what reports hold is
taken from no other body, and each address has a share of it. All others that one address may send
at once leave half of their budget.
"""

from http import HTTPStatus
from typing import Any
from weakref import WeakValueDictionary

from chatsite.door.refusals import Answer
from chatsite.edge.endpoints import BODY_MAX as API_MAX
from chatsite.edge.refusals import Refusal
from chatsite.running import metrics
from media import parts
from media.stores import PART_MAX
from media.tickets import Upload
from messaging.polling import BODY_MAX as CALL_MAX
from moderation.protocol import REPORT_BODY_MAX

FORM_MAX = 16 * 1024  # of every other page
BUDGET = 64 * 1024 * 1024  # bytes of this process, of bodies that are not answered yet
BUDGET_OF_REPORTS = 16 * 1024 * 1024  # the same, of reports alone
SHARE = 24 * 1024 * 1024  # of the budget of parts: what those of one person may take
KEPT = BUDGET // 2  # of the budget of parts: for those who have none under way
SHARE_OF_REPORTS = 4 * 1024 * 1024  # of the budget of reports: what those of one address may take

PARTS, REPORTS = parts.PREFIX.encode(), b"/api/reports"
_LIMITS = (  # the first that fits
    (REPORTS, REPORT_BODY_MAX),
    (b"/api/", API_MAX),
    (b"/live", CALL_MAX),
)


def limit(method: bytes, target: bytes) -> int:
    if is_part(method, target):
        return PART_MAX
    for prefix, largest in _LIMITS:
        if target.startswith(prefix):
            return largest
    return FORM_MAX


def judge(target: bytes, headers: Any, length: int | None) -> Upload | Answer:
    """What a part belongs to, or why it is refused before its body. `headers` are Twisted's."""
    (authorization,) = headers.getRawHeaders(b"Authorization", [b""])[:1]
    try:
        return parts.admit(target.decode("ascii"), authorization, length)
    except Refusal as refusal:
        metrics.refused("part", refusal.code)
        return Answer(HTTPStatus(refusal.status), refusal.code, refusal.message)


def is_part(method: bytes, target: bytes) -> bool:
    """On its way up."""
    return method == b"PUT" and target.startswith(PARTS)


class Budget:
    late: Any = None  # the one request of it that may take longer than others

    def __init__(self, size: int = BUDGET) -> None:
        self.left = size

    def take(self, size: int) -> bool:
        if size > self.left:
            return False
        self.left -= size
        return True

    def give(self, size: int) -> None:
        self.left += size


class Share(Budget):
    """What one person, or one address, may take of the budget of all."""

    def __init__(self, whole: Budget, size: int, kept: int) -> None:
        super().__init__(size)
        self._whole, self._size, self._kept = whole, size, kept

    def take(self, size: int) -> bool:
        kept = self._kept if self.left < self._size else 0
        if size > self.left or size > self._whole.left - kept or not self._whole.take(size):
            return False
        return super().take(size)

    def give(self, size: int) -> None:
        super().give(size)
        self._whole.give(size)


class Shares:
    """A budget of which each owner, a person or an address, has a share. `kept` of it is for owners
    who hold nothing yet, so that a few who take all they may do not shut out the others."""

    def __init__(self, size: int, share: int, kept: int = 0) -> None:
        self._whole, self._share, self._kept = Budget(size), share, kept
        # Each lives as long as a request that took of it.
        self._shares: WeakValueDictionary[bytes | str, Share] = WeakValueDictionary()

    def of(self, owner: bytes | str) -> Share:
        return self._shares.setdefault(owner, Share(self._whole, self._share, self._kept))
