"""What accounts tells the message side (accounts/signals.py). Each may be repeated."""

from typing import Any

from accounts.wire import Id
from messaging import fanout, protocol
from messaging.backends import connection_store
from messaging.domain import ContactState, Uid
from messaging.sessions.hello import revoked
from presence.registry import wall_clock


async def session_ended(*, uid: Uid, session: bytes, **_: Any) -> None:
    """End its live sessions, and refuse its live tokens until they lapse."""
    revoked.add(session, wall_clock())
    await fanout.evict(uid, session=session, reason="session")


async def device_revoked(*, uid: Uid, device: bytes, **_: Any) -> None:
    """End the device's live sessions, and refuse its live tokens until they lapse."""
    revoked.add(uid + device, wall_clock())
    await fanout.evict(uid, device=device, reason="device")


async def account_reset(*, uid: Uid, **_: Any) -> None:
    await fanout.evict(uid, reason="reset")


async def list_changed(uid: Uid, k: int) -> None:
    """Say so to the user's devices and to those who are connected with him."""
    contacts = await connection_store().contacts(uid)
    peers = [contact.peer for contact in contacts if contact.state is ContactState.CONNECTED]
    await fanout.deliver([uid, *peers], protocol.List(user=Id(uid), k=k))


async def privacy_changed(uid: Uid, version: int) -> None:
    """To his devices; what his contacts' sessions show of him is looked at again, in silence."""
    await fanout.deliver([uid], protocol.Settings(version=version))
    for contact in await connection_store().contacts(uid):
        if contact.state is ContactState.CONNECTED:
            await fanout.forget([contact.peer], contact.conv)


async def note_changed(uid: Uid, device: bytes, version: int) -> None:
    """To the devices that did not write it."""
    await fanout.deliver([uid], protocol.Settings(version=version), but=device)
