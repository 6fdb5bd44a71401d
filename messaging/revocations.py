"""What presence keeps of those whose sessions were ended: live tokens from before open none."""

from accounts.tokens import LIVE_MS
from messaging.domain import Uid
from messaging.events import Evict, Pardon
from presence.registry import Node

SUSPENDED = "suspended"
RESET = "reset"  # the account lives on: its new device must not be kept out by its old ones' end


async def write(node: Node, event: Evict | Pardon) -> None:
    """Repeatable. Raises what presence raises."""
    for user in event.users:
        if isinstance(event, Pardon):
            await node.presence.pardon(_subject(user))
        elif event.reason != RESET:
            subject = _subject(user, event.device, event.session)
            expires = node.clock() + LIVE_MS  # no token from before lives longer
            expires = min(expires, event.until or expires)
            await node.presence.revoke(subject, event.reason, expires)


def subjects(user: Uid, device: bytes, session: bytes) -> list[bytes]:
    """All that may be revoked of a device that opens a live session, by the names in presence."""
    return [_subject(user), _subject(user, device), _subject(user, session=session)]


def _subject(user: Uid, device: bytes | None = None, session: bytes | None = None) -> bytes:
    if session is not None:
        return b"s" + session
    return b"u" + user if device is None else b"d" + user + device
