"""News that may be lost, for the message side: settings name who takes it (see signals.py for
those that may not)."""

import inspect
from typing import Any

from asgiref.sync import async_to_sync
from django.conf import settings
from django.utils.module_loading import import_string


def privacy_changed(uid: bytes, version: int) -> None:
    """His live sessions and those that watch him must ask again."""
    _tell(settings.PRIVACY_CHANGED, uid, version)


def note_changed(uid: bytes, device: bytes, version: int) -> None:
    """`device` wrote one; the owner's others should fetch it."""
    _tell(settings.NOTE_CHANGED, uid, device, version)


def _tell(name: str, *news: Any) -> None:
    hook = import_string(name)
    if inspect.iscoroutinefunction(hook):
        async_to_sync(hook)(*news)
    else:
        hook(*news)
