from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.http import HttpRequest


class ChatsiteConfig(AppConfig):
    name = "chatsite"


def site(request: HttpRequest) -> dict[str, Any]:
    """Context of every template. A function is called by those that ask for it alone."""
    from moderation import keys

    return {
        "site_name": settings.SITE_NAME,
        "site_url": settings.SITE_URL,
        "registration": settings.REGISTRATION,
        "message_days": settings.MESSAGE_RETENTION_DAYS,
        "media_transfer": settings.MEDIA_TRANSFER,
        "takes_reports": lambda: keys.published() is not None,
    }
