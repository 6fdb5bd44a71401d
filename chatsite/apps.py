from django.apps import AppConfig
from django.conf import settings
from django.http import HttpRequest


class ChatsiteConfig(AppConfig):
    name = "chatsite"


def site(request: HttpRequest) -> dict[str, str]:
    """Context of every template."""
    return {
        "site_name": settings.SITE_NAME,
        "site_url": settings.SITE_URL,
        "media_transfer": settings.MEDIA_TRANSFER,
    }
