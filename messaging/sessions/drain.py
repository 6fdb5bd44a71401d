"""The end of a process: everybody is asked to move.

A session leaves when the frame that it works on is answered. Where other nodes are there, they
leave a slice at a time: a node takes so many in a second and no more (admission.py).
"""

import asyncio

from messaging import protocol
from messaging.protocol import CLOSE_RESTART
from messaging.sessions.node import LiveNode

SLICE = 200  # sessions
SLICE_SECONDS = 0.5  # at most, between two slices; those of one come back within it
MOVE_SECONDS = 5.0  # for all slices together
RESTART_MS = 1000  # where all of them wait for the next process


async def drain(node: LiveNode, *, elsewhere: bool) -> None:
    """Send everybody away, and let nobody in. `elsewhere`: other nodes take them.

    Calls of the long poll are answered at once, since each of them finds its way alone, and so is
    everybody who has not said hello.
    """
    node.ends = True
    for poll in tuple(node.polls.values()):
        poll.finish(CLOSE_RESTART)
    for stranger in tuple(node.opening):
        stranger.finish(CLOSE_RESTART)
    everyone = node.hub.everyone()
    slices = [everyone[first : first + SLICE] for first in range(0, len(everyone), SLICE)]
    pause = min(SLICE_SECONDS, MOVE_SECONDS / max(1, len(slices))) if elsewhere else 0.0
    said = protocol.Drain(in_ms=int(1000 * pause) or RESTART_MS)
    for number, some in enumerate(slices):
        if number:
            await asyncio.sleep(pause)
        for session in some:
            session.show(said)
            session.finish(CLOSE_RESTART)
