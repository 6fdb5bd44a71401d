"""Whole answers that the door writes itself, before the rest of the site has seen the request."""

from http import HTTPStatus


def whole(status: HTTPStatus, kind: str, body: bytes, *more: str) -> bytes:
    """The whole response; the connection ends after it. `kind`: its Content-Type."""
    lines = [
        f"HTTP/1.1 {status.value} {status.phrase}",
        f"Content-Type: {kind}",
        f"Content-Length: {len(body)}",
        "Cache-Control: no-store",
        "X-Content-Type-Options: nosniff",
        *more,
        "Connection: close",
    ]
    return "\r\n".join([*lines, "", ""]).encode() + body
