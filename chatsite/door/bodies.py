"""How large a body may be, and how much all bodies together may hold in memory."""

from chatsite.edge.endpoints import BODY_MAX as API_MAX
from messaging.polling import BODY_MAX as CALL_MAX

FORM_MAX = 16 * 1024  # of every other page
ADMIN_MAX = 256 * 1024
BUDGET = 64 * 1024 * 1024  # bytes of this process, of bodies that are not answered yet

_LIMITS = ((b"/api/", API_MAX), (b"/live", CALL_MAX), (b"/admin/", ADMIN_MAX))


def limit(target: bytes) -> int:
    for prefix, largest in _LIMITS:
        if target.startswith(prefix):
            return largest
    return FORM_MAX


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
