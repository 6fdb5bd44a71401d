"""Scripts and styles by their hashed names, each with its SHA-384 (docs/encryption.md 5, step 2).

Modules import each other relatively; the import map, the page's only inline script, turns those
addresses into the hashed ones and pins their content. It does not reach into workers.
"""

import base64
import hashlib
import json
from functools import cache

from django import template
from django.contrib.staticfiles.storage import staticfiles_storage
from django.template.context import Context
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from chatsite import modules

register = template.Library()


@register.simple_tag(takes_context=True)
def module(context: Context, path: str) -> SafeString:
    """The page's one entry module: import map, early requests for what it needs, script tag."""
    nonce = context["request"].csp_nonce
    return format_html(
        '<script type="importmap" nonce="{}">{}</script>{}'
        '<script type="module" src="{}" integrity="{}" nonce="{}"></script>',
        nonce, _map(path), _preloads(path), staticfiles_storage.url(path), integrity(path), nonce,
    )  # fmt: skip


@register.simple_tag
def script(path: str) -> SafeString:
    """A classic script, which runs before the entry module that follows it."""
    return format_html(
        '<script defer src="{}" integrity="{}"></script>',
        staticfiles_storage.url(path),
        integrity(path),
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
    with staticfiles_storage.open(staticfiles_storage.stored_name(path)) as file:  # type: ignore[attr-defined]
        digest = hashlib.sha384(file.read()).digest()
    return "sha384-" + base64.b64encode(digest).decode()


@cache
def _map(entry: str) -> SafeString:
    base, url = staticfiles_storage.base_url, staticfiles_storage.url  # type: ignore[attr-defined]
    paths = modules.reachable(entry)
    body = {
        "imports": {f"{base}{path}": url(path) for path in paths},
        "integrity": {url(path): integrity(path) for path in paths},
    }
    text = json.dumps(body, separators=(",", ":")).replace("<", "\\u003c")
    return mark_safe(text)  # noqa: S308 — our own paths and hashes, "<" escaped


@cache
def _preloads(entry: str) -> SafeString:
    return format_html_join(
        "",
        '<link rel="modulepreload" href="{}" integrity="{}">',
        ((staticfiles_storage.url(path), integrity(path)) for path in modules.needed(entry)),
    )
