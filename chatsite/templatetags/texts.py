"""{% texts %}: the translations of the strings that scripts show (static/js/text.js).

Scripts call gettext("…") as Python does, `makemessages -d djangojs` finds the calls, and a page
carries the catalog of its language as data; the source language needs none.
"""

from functools import cache
from typing import Any

from django import template
from django.conf import settings
from django.utils.html import json_script
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation.trans_real import DjangoTranslation
from django.views.i18n import JavaScriptCatalog

register = template.Library()
SOURCE_LANGUAGE = "en"
# Plural rules look at n, n % 10 and n % 100; a table spares the page an eval, which CSP forbids.
PLURAL_TABLE = 200


@register.simple_tag
def texts() -> SafeString:
    return json_script(_catalog(get_language() or SOURCE_LANGUAGE), "texts")


@cache
def _catalog(language: str) -> dict[str, Any]:
    if language.split("-")[0] == SOURCE_LANGUAGE:
        return {}
    # Without localedirs it would bring the texts of Django's admin to every page.
    translation: Any = DjangoTranslation(
        language, domain="djangojs", localedirs=list(map(str, settings.LOCALE_PATHS))
    )
    view = JavaScriptCatalog()
    view.translation = translation
    plural = "".join(str(translation.plural(n)) for n in range(PLURAL_TABLE))
    return {"catalog": view.get_catalog(), "plural": plural}
