"""Events for live sessions, here and on other nodes. Call it after the commit, never inside a
transaction: it is a hint, which never raises and takes WAIT_SECONDS at most.

What a live session does goes through the hub of its own node; what requests and commands do,
through the hub of this process.
"""

from collections.abc import Iterable

from django.conf import settings
from django.utils.module_loading import import_string

from messaging import protocol
from messaging.domain import Uid
from messaging.events import Evict, Forget, Pardon
from messaging.hub import Hub
from messaging.internode import Patience


async def deliver(users: Iterable[Uid], frame: protocol.Frame, *, but: bytes | None = None) -> None:
    """Hand a frame to every live session of these users, except the device `but`."""
    await hub().deliver(users, frame, but=but)


async def forget(users: Iterable[Uid], conv: bytes) -> None:
    """What their sessions know of a conversation is out of date; nothing is shown to anyone."""
    await hub().tell(Forget(list(users), conv))


async def evict(
    user: Uid, *, device: bytes | None = None, session: bytes | None = None, reason: str,
    until: int | None = None,
) -> None:  # fmt: skip
    """End the user's live sessions: those of a device, of a session (its hash), or all. Live
    tokens of theirs open none any more, or none until then (ms)."""
    await hub().tell(Evict([user], device, session, reason, until))


async def pardon(user: Uid) -> None:
    """The user may come back after all their sessions were evicted."""
    await hub().tell(Pardon([user]))


_hub: Hub | None = None
_patience = Patience(patient=True)  # of a process that serves nobody, whichever its loop


def hub() -> Hub:
    """The one of this process, made on first use; a new one where the old one's loop is closed."""
    global _hub
    if _hub is None or _hub.loop.is_closed() or _hub.unused_elsewhere():
        relay = import_string(settings.RELAY) if settings.RELAY else None
        _hub = Hub(relay=relay, patience=_patience)
    return _hub


def serve(name: str) -> Hub:
    """This process serves live sessions, on this loop and under this name."""
    global _hub
    _hub = Hub(name)
    _hub.listen()
    return _hub
