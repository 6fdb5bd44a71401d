"""What accounts tells the message side and asks it, without importing it: signals (signals.py),
and functions that settings name. The message side has all of them in messaging/hooks.py (ADR 6).

What is told may be lost, and may be told twice. Hooks are plain or `async def`.
"""

import inspect
from collections.abc import Iterable
from typing import Any

from asgiref.sync import async_to_sync
from django.conf import settings
from django.db.transaction import on_commit
from django.dispatch import Signal
from django.utils.module_loading import import_string


def after_commit(signal: Signal, **told: Any) -> None:
    """Send it once the rows are there for everybody; what a receiver raises is logged."""
    on_commit(lambda: signal.send_robust(sender=None, **told), robust=True)


def readable_lists(me: bytes, uids: Iterable[bytes]) -> set[bytes]:
    """Whose device lists `me` may read: connected, or a request is open between the two."""
    return set(_call(settings.DIRECTORY_READABLE, me, uids))


def admits(invite: bytes, uid: bytes | None, now_ms: int) -> bool:
    """Whether the invite with this hash lets somebody sign up. With `uid`, one that is for one
    person is theirs from now on; call it in the transaction that makes the account."""
    return bool(_call(settings.INVITE_ADMITS, invite, uid, now_ms))


def list_changed(uid: bytes, k: int) -> None:
    """Link k is stored: live sessions learn of it, and renew the heads that they keep."""
    _call(settings.DIRECTORY_CHANGED, uid, k)


def account_changed(uid: bytes) -> None:
    """Their name, their address or where they are signed in changed: their pages ask again."""
    _call(settings.ACCOUNT_CHANGED, uid)


def privacy_changed(uid: bytes, version: int) -> None:
    """Their live sessions and those that watch them must ask again."""
    _call(settings.PRIVACY_CHANGED, uid, version)


def note_changed(uid: bytes, device: bytes, version: int) -> None:
    """`device` wrote one; the owner's others should fetch it."""
    _call(settings.NOTE_CHANGED, uid, device, version)


def _call(name: str, *arguments: Any) -> Any:
    hook = import_string(name)
    if inspect.iscoroutinefunction(hook):
        return async_to_sync(hook)(*arguments)
    return hook(*arguments)
