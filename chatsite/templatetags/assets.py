"""Scripts and styles by their hashed names, each with its SHA-384 (encryption.md 5, step 2).

Modules import each other relatively; the import map, the page's only inline script, turns those
addresses into the hashed ones and pins their content. It does not reach into workers.
"""

import base64
import hashlib
import json
from functools import cache
from typing import Any

from django import template
from django.contrib.staticfiles.storage import staticfiles_storage
from django.template.context import Context
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

register = template.Library()
MODULES = ("js/", "vendor/")  # folders whose .js files pages import


@register.simple_tag(takes_context=True)
def importmap(context: Context) -> SafeString:
    """<script type="importmap">: every module of ours, remapped and pinned."""
    nonce = context["request"].csp_nonce
    return format_html('<script type="importmap" nonce="{}">{}</script>', nonce, _map())


@register.simple_tag(takes_context=True)
def module(context: Context, path: str) -> SafeString:
    """The script tag of a page's entry module."""
    return format_html(
        '<script type="module" src="{}" integrity="{}" nonce="{}"></script>',
        staticfiles_storage.url(path),
        integrity(path),
        context["request"].csp_nonce,
    )


@register.simple_tag
def style(path: str) -> SafeString:
    return format_html(
        '<link rel="stylesheet" href="{}" integrity="{}">',
        staticfiles_storage.url(path),
        integrity(path),
    )


@cache
def integrity(path: str) -> str:
    """`sha384-…` of a collected file. Raises ValueError for one that was not collected."""
    with staticfiles_storage.open(_stored(path)) as file:
        digest = hashlib.sha384(file.read()).digest()
    return "sha384-" + base64.b64encode(digest).decode()


@cache
def _map() -> SafeString:
    paths = sorted(
        path
        for path in _hashed_files()
        if path.endswith(".js") and path.startswith(MODULES) and "/workers/" not in path
    )
    base, url = staticfiles_storage.base_url, staticfiles_storage.url
    body = {
        "imports": {f"{base}{path}": url(path) for path in paths},
        "integrity": {url(path): integrity(path) for path in paths},
    }
    text = json.dumps(body, separators=(",", ":")).replace("<", "\\u003c")
    return mark_safe(text)  # noqa: S308 — our own paths and hashes, "<" escaped


def _hashed_files() -> dict[str, str]:
    storage: Any = staticfiles_storage
    return storage.hashed_files  # type: ignore[no-any-return]


def _stored(path: str) -> str:
    storage: Any = staticfiles_storage
    return str(storage.stored_name(path))
