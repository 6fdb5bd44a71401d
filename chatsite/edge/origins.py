"""Which pages may call: those of this site, by scheme, host and port. One list for all."""

from django.conf import settings


def is_ours(origin: str | None) -> bool:
    """The header exactly as a browser writes it: nothing of it is parsed, so nothing can fail."""
    return origin in settings.CSRF_TRUSTED_ORIGINS
