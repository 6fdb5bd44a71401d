"""What the browser may load and do: CSP, Trusted Types, COOP, CORP, on pages and static files.

A script that runs in this origin reads the texts, so these headers are part of the encryption
(docs/encryption.md 5). Policy: `_page` for pages, `_STATIC` for what pages load, `_WASM` for the
Argon2 worker alone, `_ADMIN` for the admin site, which holds no key; `_store` is the one other
place that may be called, by pages and the worker of files.
"""

import hashlib
import secrets
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse

MEDIA_WORKER = "js/workers/media.js"
ARGON2_WORKER = "js/workers/argon2.js"  # the one script that sees a password; it compiles WASM
STATIC_MAX_AGE = "public, max-age=0, must-revalidate"

_ADMIN = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; frame-src blob:; "  # a picture of a report
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_STATIC = (
    "default-src 'none'; script-src 'self'; connect-src 'self'{store}; base-uri 'none'; "
    "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
)
_WASM = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; frame-ancestors 'none'"
_PERMISSIONS = "camera=(), geolocation=(), microphone=(), payment=(), usb=(), interest-cohort=()"
_PERMISSIONS_CHATS = _PERMISSIONS.replace("microphone=()", "microphone=(self)")  # voice notes


class Headers:
    """Middleware: gives the request its nonce and every response its policy."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.csp_nonce = secrets.token_urlsafe(16)  # type: ignore[attr-defined]
        response = self.get_response(request)
        if response.status_code == HTTPStatus.NOT_MODIFIED:
            return response  # else a worker would get the CSP of a page
        admin = getattr(request, "is_admin", False)
        policy = _ADMIN if admin else _page(request.csp_nonce)  # type: ignore[attr-defined]
        response.headers.setdefault("Content-Security-Policy", policy)
        # Forms of the admin need an Origin, which no-referrer would turn into "null".
        response.headers.setdefault("Referrer-Policy", "same-origin" if admin else "no-referrer")
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        chats = request.path == "/chats" or request.path.startswith("/chats/")
        response.headers.setdefault(
            "Permissions-Policy", _PERMISSIONS_CHATS if chats else _PERMISSIONS
        )
        response.headers.setdefault("Cache-Control", "no-store")
        return response


def _page(nonce: str) -> str:
    socket = settings.SITE_URL.replace("http", "ws", 1)
    return (
        f"default-src 'none'; script-src 'self' 'nonce-{nonce}'; style-src 'self'; "
        f"img-src 'self' blob:; media-src blob:; connect-src 'self' {socket}{_store()}; "
        "worker-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types m1-worker"
    )


def _store() -> str:
    """Where pages and the worker of files call the store of files themselves: its bucket alone,
    since the same server may have those of others."""
    if settings.MEDIA_TRANSFER != "direct":
        return ""
    return f" {settings.S3['PUBLIC_ENDPOINT']}/{settings.S3['BUCKET']}/"


def static_headers(headers: Any, path: str, url: str) -> None:
    """WhiteNoise's hook. A worker takes its policy from its own response, not from the page."""
    media = url.endswith(f"/{MEDIA_WORKER}")
    policy = _STATIC.format(store=_store() if media else "")
    if media:  # else browsers that have the script keep its old policy
        named = hashlib.sha256(policy.encode() + Path(path).read_bytes())
        headers["ETag"] = f'"{named.hexdigest()[:32]}"'
    worker = url.endswith(f"/{ARGON2_WORKER}")
    headers["Content-Security-Policy"] = _WASM if worker else policy
    headers["Cross-Origin-Resource-Policy"] = "same-origin"
    headers["Cross-Origin-Opener-Policy"] = "same-origin"
    headers["Referrer-Policy"] = "no-referrer"
    headers["X-Content-Type-Options"] = "nosniff"
    if "/workers/" in url:
        headers["Cache-Control"] = STATIC_MAX_AGE
