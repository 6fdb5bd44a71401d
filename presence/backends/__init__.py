"""The configured adapter of presence: the only way to it."""

from functools import cache

from django.conf import settings
from django.utils.module_loading import import_string

from presence.backends.base import PresenceRegistry


@cache
def registry() -> PresenceRegistry:
    """The PresenceRegistry that settings.PRESENCE names; one for the process."""
    adapter: PresenceRegistry = import_string(settings.PRESENCE)()
    return adapter
