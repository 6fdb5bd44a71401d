"""An account is deleted: what follows once nobody can sign in to it (accounts/closing.py).

Conversation after conversation: the pair is closed, the boxes of the person go, and where they
wish so the content of all that they sent. Then their invites and what they uploaded for no
message. Each step is repeatable and written down, so that it goes on after an interruption; what
runs at the same time elsewhere does no harm.
"""

import time
from collections.abc import Callable
from functools import partial

from accounts import closing
from accounts.closing import Deletion
from chatsite.copying import Interrupted
from chatsite.copying.conversations import patiently
from chatsite.running import jobs, tasks, threads
from chatsite.running.clock import now_ms
from media import rows as blob_rows
from messaging import connections, invites
from messaging.backends import connection_store, log, tables
from messaging.blobs import blobs
from messaging.domain import PAGE_MAX, Contact, ContactState, Gone
from presence import registry

EVERY_SECONDS = 60
SLICE_SECONDS = 2.0  # of work, for a request or a look of the job at one account
LATE_MS = 3_600_000  # what is written of a person after the end
AT_A_TIME = 20  # accounts that the job looks at
SHUT = {ContactState.CLOSED, ContactState.BLOCKED}


async def go_on(
    deletion: Deletion, seconds: float, told: Callable[[], object] = lambda: None
) -> Deletion:
    """Some of the work, and how it stands then. `told` is called after each conversation. Raises
    chatsite.copying.Interrupted where the message store stays away."""
    until = time.monotonic() + seconds
    while deletion.ended is None:
        waiting = await left(deletion)
        if not waiting:
            await _close_late(deletion)
            await threads.run(_finish, deletion, now_ms())
            return await _again(deletion)
        for contact in waiting:
            done = await _conversation(deletion, contact, until)
            if not done or time.monotonic() >= until:
                return await _again(deletion)
            told()
    return deletion


async def every_minute() -> None:
    """Until it is cancelled, by one process of the site: what nobody waits for is done, too."""
    await jobs.repeat("deletions", "deleting accounts", look, EVERY_SECONDS, (Interrupted,))


async def look() -> None:
    """Go on with those that have not ended; one that fails holds up no other. A node writes down
    when somebody was last here after they left: that goes, too. Raises Interrupted."""
    interrupted: Interrupted | None = None
    for deletion in await threads.run(closing.open_ones, AT_A_TIME):
        with tasks.survived("deleting an account"):
            try:
                await go_on(deletion, SLICE_SECONDS)
            except Interrupted as error:
                interrupted = error
    await threads.run(_forget_seen, now_ms() - LATE_MS)
    if interrupted is not None:
        raise interrupted


async def left(deletion: Deletion) -> list[Contact]:
    """Conversations that are to be gone through."""
    every = await patiently(partial(connection_store().contacts, deletion.user.uid))
    above = [contact for contact in every if contact.conv > deletion.conv]
    return sorted(above, key=lambda contact: contact.conv)


async def _close_late(deletion: Deletion) -> None:
    """Those of requests that were under way when it began."""
    for contact in await patiently(partial(connection_store().contacts, deletion.user.uid)):
        if contact.state not in SHUT:
            await patiently(partial(connections.leave, contact.owner, contact.peer, now_ms()))


async def _conversation(deletion: Deletion, contact: Contact, until: float) -> bool:
    """False where time is over, or somebody else goes on with it."""
    await patiently(partial(connections.leave, contact.owner, contact.peer, now_ms()))
    await patiently(partial(connection_store().drop_boxes, contact.owner, contact.conv))
    if deletion.erase and not await _messages(deletion, contact, until):
        return False
    return await threads.run(closing.advance, deletion, contact.conv, 0, conversations=1)


async def _messages(deletion: Deletion, contact: Contact, until: float) -> bool:
    """What they sent there loses its content; what the other sent stays. Where the store has lost a
    row, those after it go all the same."""
    while True:
        rows = await patiently(partial(tables().rows, contact.conv, deletion.seq, PAGE_MAX))
        if not rows:
            return True
        mine = [row for row in rows if row.sender == contact.owner and row.gone is not Gone.ERASED]
        for row in mine:
            # Before the row, which says of which.
            await blobs().release(contact.conv, row.sender, row.client_id, now_ms())
            await patiently(
                partial(log().erase, contact.conv, contact.owner, row.seq, row.client_id)
            )
        mark = rows[-1].seq
        if not await threads.run(
            closing.advance, deletion, deletion.conv, mark, messages=len(mine)
        ):
            return False
        if time.monotonic() >= until:
            return False


def _forget_seen(after: int) -> None:
    registry.forget_seen(closing.ended_after(after))


def _finish(deletion: Deletion, now: int) -> None:
    links = invites.drop_all(deletion.user)
    files = blob_rows.give_up_of(deletion.user.uid, now)
    registry.forget_seen([deletion.user.uid])
    closing.end(deletion, invites=links, files=files, now_ms=now)


async def _again(deletion: Deletion) -> Deletion:
    found = await threads.run(closing.of_receipt, deletion.receipt)
    return found or deletion
