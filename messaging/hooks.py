"""What accounts tells the message side and asks it: receivers of its signals (accounts/signals.py),
and the functions that settings name (accounts/hooks.py). Each may be repeated."""

from collections.abc import Iterable
from typing import Any

from accounts import profile
from chatsite.edge.wire import Id
from chatsite.running import threads
from messaging import fanout, invites, protocol
from messaging.backends import connection_store
from messaging.domain import ContactState, Uid

READABLE = {ContactState.ASKED, ContactState.ASKS, ContactState.CONNECTED}


async def session_ended(*, uid: Uid, session: bytes, **_: Any) -> None:
    """End its live sessions, and refuse its live tokens until they lapse."""
    await fanout.evict(uid, session=session, reason="session")


async def device_revoked(*, uid: Uid, device: bytes, **_: Any) -> None:
    """End the device's live sessions, and refuse its live tokens until they lapse."""
    await fanout.evict(uid, device=device, reason="device")


async def account_reset(*, uid: Uid, **_: Any) -> None:
    await fanout.evict(uid, reason="reset")


async def account_suspended(*, uid: Uid, until: int | None, **_: Any) -> None:
    """End all its live sessions and refuse its live tokens until then, or take that back."""
    if until is not None:
        await fanout.evict(uid, reason="suspended", until=until)
    else:
        await fanout.pardon(uid)


async def readable_lists(me: Uid, uids: Iterable[Uid]) -> set[Uid]:
    """Whose device lists I may read: connected, or a request is open between us, or their account
    is deleted, and what they wrote is to be verified still."""
    contacts = await connection_store().contacts(me)
    asked = set(uids)
    known = {row.peer for row in contacts if row.state in READABLE}
    rest = {row.peer for row in contacts if row.peer in asked} - known
    return known.intersection(asked) | await threads.run(profile.gone, rest)


def admits(invite: bytes, uid: Uid | None, now: int) -> bool:
    """Whether an invite lets somebody sign up; with `uid` it is theirs, if it is for one person."""
    return invites.admits(invite, uid, now)


async def list_changed(uid: Uid, k: int) -> None:
    """Say so to the user's devices and to those of connected people."""
    contacts = await connection_store().contacts(uid)
    peers = [contact.peer for contact in contacts if contact.state is ContactState.CONNECTED]
    await fanout.deliver([uid, *peers], protocol.List(user=Id(uid), k=k))


async def account_changed(uid: Uid) -> None:
    """To the person's devices: what their pages show of the account is to be read again."""
    await fanout.deliver([uid], protocol.Settings(version=0))


async def privacy_changed(uid: Uid, version: int) -> None:
    """To their devices; sessions of their contacts look again at what they show, in silence."""
    await fanout.deliver([uid], protocol.Settings(version=version))
    for contact in await connection_store().contacts(uid):
        if contact.state is ContactState.CONNECTED:
            await fanout.forget([contact.peer], contact.conv)


async def note_changed(uid: Uid, device: bytes, version: int) -> None:
    """To the devices that did not write it."""
    await fanout.deliver([uid], protocol.Settings(version=version), but=device)
