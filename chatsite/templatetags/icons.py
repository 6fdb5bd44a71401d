"""{% icon "name" %}: one symbol of static/icons.svg. Decoration: words beside it say the same."""

from django import template
from django.contrib.staticfiles.storage import staticfiles_storage
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()
SPRITE = "icons.svg"


@register.simple_tag
def icon(name: str, extra: str = "", directed: bool = False) -> SafeString:
    """`extra` adds classes; `directed` mirrors the icon where the text runs from the right."""
    classes = " ".join(filter(None, ("icon", extra, "icon-directed" if directed else "")))
    return format_html(
        '<svg class="{}" aria-hidden="true"><use href="{}#{}"/></svg>',
        classes,
        staticfiles_storage.url(SPRITE),
        name,
    )
