"""Sessions that ended where this node could not hear it: one query for all of them."""

from accounts import sessions
from accounts.sessions import Bound
from chatsite.running import threads
from messaging.hub import Hub

EVERY_SECONDS = 20


async def revalidate(hub: Hub, now: int) -> None:
    """End those that do not stand any more, each with its reason."""
    everyone = {Bound(one.session, one.uid, one.device): one for one in hub.everyone()}
    ended = await threads.run(sessions.ended, everyone, now)
    for bound, reason in ended.items():
        everyone[bound].evict(bound.device, bound.session, reason)
