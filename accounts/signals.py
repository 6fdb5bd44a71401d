"""Our only four signals: what the message side must hear (docs/encryption.md 4.18).

They are sent after the commit (`hooks.after_commit`): the message side is told what is so,
holds no lock while it is told, and cannot undo it. Where the news is lost, because a process dies
in between, the nodes find it by themselves (messaging/sessions/revalidation.py). Receivers are
repeatable. They run in the request's thread, without a running event loop: `async def` receivers
are fine (Django awaits them), plain ones may `async_to_sync`.

- session_ended: uid: bytes, session: bytes (16 bytes, as in the live token)
- device_revoked: uid: bytes, device: bytes, k: int (the link that no longer lists it). A device
  that signed out has no signal of its own: its session ended.
- account_reset: uid: bytes, k: int
- account_suspended: uid: bytes, until: int | None (ms of its end; None: it was taken back)

A new device list is no signal: it may be lost, and `hooks.list_changed` tells of it.
"""

from django.dispatch import Signal

session_ended = Signal()
device_revoked = Signal()
account_reset = Signal()
account_suspended = Signal()
