"""The only three signals of ours: news that must reach the message side (encryption.md 4.18).

They are sent inside the transaction of accounts, after every check and as its last step: messages
first, accounts second. A receiver that raises rolls the account's step back, and the caller
repeats it; so receivers must be repeatable. They run in the request's thread, without a running
event loop: `async def` receivers are fine (Django awaits them), plain ones may `async_to_sync`.

- session_ended: uid: bytes, session: bytes (16 bytes, as in the live token)
- device_revoked: uid: bytes, device: bytes, k: int (the link that no longer lists it). A device
  that signed out is no news of its own: its session ended.
- account_reset: uid: bytes, k: int

A new device list is no signal but an announcement that may be lost, told after the commit:
`settings.DIRECTORY_CHANGED` names a function `(uid: bytes, k: int) -> None`, plain or async, which
sends the `list` frames and renews the heads that live sessions keep (`devices.newest_links`).
"""

from django.dispatch import Signal

session_ended = Signal()
device_revoked = Signal()
account_reset = Signal()
